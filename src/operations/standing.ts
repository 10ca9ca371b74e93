import type { DirectorySnapshot } from '../core/directory.ts';
import { isOver } from '../core/grant.ts';
import type { PersonId } from '../core/ids.ts';
import type { RevocationScope } from '../core/revocation.ts';
import { definedOn } from '../core/role.ts';
import type { Instant } from '../core/time.ts';
import { mayDecide } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import { directoryIndex } from '../policy/directory-index.ts';
import { selectPolicies } from '../policy/scope.ts';
import { matchesTarget } from '../policy/selectors.ts';
import { sensitiveApprovers } from '../policy/sensitive-approvers.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { RecoveryRecord } from '../store/passkey-recoveries.ts';
import { areOneHuman, humansAmong, humanOf } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import { approvalsOf, type ApprovalRecord } from '../store/approvals.ts';
import { requestsOfGrant, type RequestRecord } from '../store/requests.ts';
import { holdsOrWantsWithin } from '../store/revocation-sweeps.ts';
import type { RevocationRecord } from '../store/revocations.ts';
import type { Db, Trx } from '../store/schema.ts';
import type { Standing } from './authorisation.ts';
import { findReleasable } from './release-account.ts';
import { storedDecision, storedQuestion } from './stored-decision.ts';
import type { Actor, World } from './world.ts';

/* How an actor stands to a thing: the only place that finds it out. What follows from it is said in `authorisation.ts`. */

type Who = Pick<Actor, 'person' | 'key'>;

const OWN: Standing = { relation: 'own', named: false };
const OTHER: Standing = { relation: 'other', named: false };
const APPROVER: Standing = { relation: 'addressed', named: true };

/**
 * To a request: own to its requester. It addresses whom the rules name for a step, now while it is pending or at its submission, and
 * whoever has decided it. Named is whom the rules name now; once it is decided, or where the rules refuse it now, whom they named then.
 */
export async function standingToRequest(
  world: World,
  db: Db | Trx,
  actor: Who,
  request: RequestRecord,
  known?: readonly Pick<ApprovalRecord, 'person'>[],
): Promise<Standing> {
  if (request.person === actor.person) return OWN;
  const now = world.clock.now();
  const then = mayDecide(storedDecision(request), actor.key, now);
  const inForce = request.state.kind === 'pending' ? namedNow(world, actor.key, request, now) : null;
  if (inForce === true || (then && inForce === null)) return APPROVER;
  if (then) return { relation: 'addressed', named: false };
  const said = known ?? (await approvalsOf(db, [request.id])).get(request.id) ?? [];
  if (!said.some((approval) => approval.person === actor.person)) return OTHER;
  return { relation: 'addressed', named: request.state.kind !== 'pending' };
}

/** Whether the rules in force name somebody; `null` where they refuse the request as a whole, and so name nobody. */
function namedNow(world: World, key: string, request: RequestRecord, now: Instant): boolean | null {
  const rules = world.rules.current();
  const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
  return decision.effect === 'deny' ? null : mayDecide(decision, key, now);
}

/**
 * To a grant: own to its holder; it addresses whoever could decide its request, and whoever answers for its role or target. It addresses
 * them as well, without naming them, who had a say in it: who could decide or has decided it, or an extension of it.
 */
export async function standingToGrant(world: World, db: Db | Trx, actor: Who, grant: GrantRecord): Promise<Standing> {
  if (grant.person === actor.person) return { ...OWN, over: isOver(grant.state) };
  return (await standingsToGrant(world, db, grant))(actor);
}

/** The same for any number of actors: what is needed for all of them is read once. */
export async function standingsToGrant(
  world: World,
  db: Db | Trx,
  grant: GrantRecord,
): Promise<(actor: Who) => Standing> {
  const requests = await requestsOfGrant(db, grant);
  const said = await approvalsOf(
    db,
    requests.map(({ id }) => id),
  );
  const deciders = new Set([...said.values()].flat().map(({ person }) => person));
  const { role, target } = grant.definition;
  const over = isOver(grant.state);
  return (actor) => {
    if (grant.person === actor.person) return { ...OWN, over };
    for (const request of requests) {
      if (request.id !== grant.request) continue;
      const standing = standingToAccess(world, actor, request, [role.owner, ...target.owners]);
      if (standing.relation !== 'other') return { ...standing, over };
    }
    const now = world.clock.now();
    const hadSay =
      deciders.has(actor.person) || requests.some((request) => mayDecide(storedDecision(request), actor.key, now));
    return { relation: hadSay ? 'addressed' : 'other', named: false, over };
  };
}

/** The same for the access that comes, or is to come, out of a request, to which `owners` answer. */
export function standingToAccess(
  world: World,
  actor: Who,
  request: Pick<RequestRecord, 'person' | 'decision'>,
  owners: readonly string[],
): Standing {
  if (request.person === actor.person) return OWN;
  if (mayDecide(storedDecision(request), actor.key, world.clock.now())) return APPROVER;
  return answersFor(world.rules.current().directory, actor, owners) ? APPROVER : OTHER;
}

/**
 * To an order of the kill switch: own to who gave it; it addresses who confirmed it, and everybody who answers for a role or a target. It
 * is against the human whom it is about (`isAbout`), who may have turned against us: also if they gave it, of another id of theirs, and
 * somebody confirmed it before it was known that they are one.
 */
export function standingToOrder(world: World, actor: Who, order: RevocationRecord, isAbout: boolean): Standing {
  if (order.orderedBy === actor.person && !(isAbout && order.confirmedBy !== null)) return OWN;
  if (isAbout) return { ...OTHER, against: true };
  if (answersForAnything(world, actor)) return APPROVER;
  return order.confirmedBy === actor.person ? { relation: 'addressed', named: false } : OTHER;
}

/**
 * To what an order stops: own to everybody of whose access it keeps some from starting, or did: the human whom it is about, all where it is
 * about all, and where it is about a target whomever the rules offer something there, or who has or wants some.
 */
export async function standingToStop(
  world: World,
  actor: Who,
  { scope, reach }: Pick<RevocationRecord, 'scope' | 'reach'>,
  isAbout: boolean,
): Promise<Standing> {
  if (reach === 'none') return OTHER;
  if (scope.kind === 'all' || isAbout) return OWN;
  if (scope.kind === 'person') return OTHER;
  const concerns =
    isOfferedOn(world, actor.key, scope.target) || (await holdsOrWantsWithin(world.db, scope, actor.person));
  return concerns ? OWN : OTHER;
}

/** Whether some policy offers somebody a role on a target. */
function isOfferedOn({ rules }: Pick<World, 'rules'>, key: string, target: string): boolean {
  const { policy, directory } = rules.current();
  const found = policy.vocabulary.targets.get(target);
  if (found === undefined) return false;
  const groups = directoryIndex(directory).groupsOf(key);
  return [...policy.roles.values()].some(
    (role) =>
      definedOn(role, found.provider) &&
      selectPolicies(policy, role.name, key, groups).some((rule) =>
        matchesTarget(rule.targets, found, policy.vocabulary.targets),
      ),
  );
}

/** Whether an order is about somebody, of whom these are all ids (`allOfHuman`). */
export function isAbout({ scope }: RevocationRecord, human: readonly PersonId[]): boolean {
  return scope.kind === 'person' && human.includes(scope.person);
}

/** To what an order would be about: own to the human; it addresses who answers for anything, or could end alone some of what is in it. */
export async function standingToScope(
  world: World,
  actor: Who,
  about: { readonly own: boolean; readonly scope: RevocationScope | null },
  reachesAnything: (scope: RevocationScope) => Promise<boolean>,
): Promise<Standing> {
  if (about.own) return OWN;
  if (answersForAnything(world, actor)) return APPROVER;
  if (about.scope === null || about.scope.kind === 'all') return OTHER;
  return (await reachesAnything(about.scope)) ? APPROVER : OTHER;
}

/** To a target: it addresses who answers for it. */
export function standingToTarget(
  directory: DirectorySnapshot,
  actor: Pick<Actor, 'key'>,
  owners: readonly string[],
): Standing {
  return answersFor(directory, actor, owners) ? APPROVER : OTHER;
}

/** The humans who have to do with a proposal: each under the name that all of the same human are counted as. */
export interface Parties {
  readonly proposer: PersonId;
  /** Whom it is about. Of an account: who has it, had it or claims it. */
  readonly about: ReadonlySet<PersonId>;
}

export async function partiesOf(world: World, db: Db | Trx, proposal: Proposal): Promise<Parties> {
  const about = [proposal.person];
  if (proposal.action === 'merge') about.push(proposal.other);
  if (proposal.action === 'release')
    about.push(...((await findReleasable(world, db, proposal.account))?.concerned ?? []));
  return { proposer: await humanOf(db, proposal.proposedBy), about: await humansAmong(db, about) };
}

/** To a proposal: own to the human who made it; it addresses those whom it is about. */
export function standingToProposal(human: PersonId, { proposer, about }: Parties): Standing {
  if (proposer === human) return OWN;
  return about.has(human) ? { relation: 'addressed', named: false } : OTHER;
}

/** To a recovery of passkeys: own to the human who lost them, under whichever id; it addresses whom the rules name for approvals of tier 0 and 1. */
export async function standingToRecovery(
  world: World,
  db: Db | Trx,
  actor: Who,
  recovery: Pick<RecoveryRecord, 'person'>,
  now: Instant,
): Promise<Standing> {
  if (await areOneHuman(db, recovery.person, actor.person)) return OWN;
  const { policy, directory } = world.rules.current();
  return sensitiveApprovers(policy, directory, now).includes(actor.key) ? APPROVER : OTHER;
}

/** Whether somebody is among the owners of something: as a person, or as a member of a group. */
function answersFor(directory: DirectorySnapshot, actor: Pick<Actor, 'key'>, owners: readonly string[]): boolean {
  return owners.some((owner) => {
    if (owner === `person:${actor.key}`) return true;
    return owner.startsWith('group:') && directory.groups.get(owner.slice(6))?.members.has(actor.key) === true;
  });
}

/** Directory keys of everybody who answers for any role or target. */
export function answerers({ rules }: Pick<World, 'rules'>): readonly string[] {
  const { directory } = rules.current();
  const keys = ownersOfAnything(rules).flatMap((owner) => {
    if (owner.startsWith('person:')) return [owner.slice(7)];
    return owner.startsWith('group:') ? [...(directory.groups.get(owner.slice(6))?.members ?? [])] : [];
  });
  return [...new Set(keys)].filter((key) => directory.people.get(key)?.active === true);
}

function ownersOfAnything(rules: World['rules']): readonly string[] {
  const { policy } = rules.current();
  const roles = [...policy.roles.values()].map((role) => role.owner);
  return [...new Set([...roles, ...[...policy.vocabulary.targets.values()].flatMap((target) => target.owners)])];
}

/** Whether somebody answers for any role or target: two such people together may stop what neither may stop alone. */
export function answersForAnything(world: World, actor: Pick<Actor, 'key'>): boolean {
  const { directory } = world.rules.current();
  return (
    directory.people.get(actor.key)?.active === true && answersFor(directory, actor, ownersOfAnything(world.rules))
  );
}
