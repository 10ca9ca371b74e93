import { lapsesAfterADay, type CurfewRole, type RoleAction } from '../core/administration.ts';
import type { PersonId, ProposalId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { EventKind, NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { areOneHuman, findPersonId, personIdFor, personKeys } from '../store/people.ts';
import { beginRole, endRole, lockAdmins, roleHolders, rolesOf, type RoleHolder } from '../store/role-assignments.ts';
import {
  insertProposal,
  lockProposal,
  openProposals,
  saveOutcome,
  type RoleProposal,
} from '../store/role-proposals.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { activeAdmins, leavesToOthers, proposalView, type ProposalView } from './list-administration.ts';
import { freshSignIn } from './passkeys.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToProposal } from './standing.ts';
import { personView } from './views.ts';
import type { Actor, World } from './world.ts';

/** Whom to appoint or dismiss, by their key in the directory, and as what. */
export interface RoleInput {
  readonly action: RoleAction;
  readonly person: string;
  readonly role: CurfewRole;
}

type Outcome = Result<ProposalView, OperationRefusal>;

/** Proposes that somebody gets a role of Curfew itself, or loses it. Nothing changes before a second person confirms it. */
export async function proposeRole(world: World, actor: Actor, input: RoleInput): Promise<Outcome> {
  // Keys are ASCII. Saying so, instead of that there is nobody, is the warning that a name was made to look like another.
  if (!/^[\x21-\x7e]{1,200}$/.test(input.person)) return refused(NO_KEY);
  return world.db.transaction().execute(async (trx): Promise<Outcome> => {
    const { acting, holders, now } = await locked(world, trx, actor);
    const no = judge('proposeRole', acting);
    if (no !== null) return refused(no);
    const known = await findPersonId(trx, input.person);
    const isHere = world.rules.current().directory.people.get(input.person)?.active === true;
    if (!isHere && (input.action === 'appoint' || known === null)) return refused(NOBODY);
    const person = known ?? (await personIdFor(trx, input.person, newId(world.random, 'per'), now));
    const proposal: RoleProposal = {
      id: newId(world.random, 'prp'),
      action: input.action,
      role: input.role,
      person,
      proposedBy: actor.person,
      proposedAt: now,
      lapsesAt: lapsesAfterADay(now),
      outcome: null,
    };
    const open = await openProposals(trx);
    const wrong = unfit(world, holders, proposal) ?? unanswerable(world, holders, open, proposal);
    if (wrong !== null) return refused(wrong);
    await insertProposal(trx, proposal);
    const facts = { ...factsOf(proposal), lapsesAt: toIso(proposal.lapsesAt) };
    await world.append(trx, entryOf('administration.proposed', actor, proposal, now, facts));
    return ok(await shown(world, trx, acting, holders, proposal));
  });
}

/** Carries a proposal out, as its second person, who has just signed in: another admin, or whom it is about where there is no other. */
export function confirmRole(world: World, actor: Actor, id: ProposalId): Promise<Outcome> {
  return decide(world, actor, id, 'confirmRole', async (trx, { proposal, holders, now }) => {
    const { action, role, person, proposedBy } = proposal;
    // A stolen session must not be the second person.
    const fresh = freshSignIn(actor, now);
    if (!fresh.ok) return fresh;
    const isStillAdmin = activeAdmins(world, holders).some((admin) => admin.person === proposedBy);
    if (!isStillAdmin) return refused(PROPOSER_IS_GONE);
    // The table knows ids; whoever was merged with the proposer is the proposer, also where they are whom it is about.
    if (await areOneHuman(trx, proposedBy, actor.person)) return refused(NEEDS_ANOTHER_ADMIN);
    const wrong = unfit(world, holders, proposal) ?? (await goneSince(world, trx, proposal));
    if (wrong !== null) return refused(wrong);
    await saveOutcome(trx, id, 'confirmed', actor.person, now);
    if (action === 'dismiss') await endRole(trx, person, role, now);
    else await beginRole(trx, { person, role, since: now, appointedBy: proposedBy, confirmedBy: actor.person });
    return ok('administration.confirmed');
  });
}

/** Ends a proposal without a change: whoever made it withdraws it, everybody else who may refuses it. */
export function refuseRole(world: World, actor: Actor, id: ProposalId): Promise<Outcome> {
  return decide(world, actor, id, 'refuseRole', async (trx, { proposal, now }) => {
    const withdrawn = proposal.proposedBy === actor.person;
    await saveOutcome(trx, id, withdrawn ? 'withdrawn' : 'refused', actor.person, now);
    return ok(withdrawn ? 'administration.withdrawn' : 'administration.refused');
  });
}

interface Deciding {
  readonly proposal: RoleProposal;
  readonly holders: readonly RoleHolder[];
  readonly now: Instant;
}

async function decide(
  world: World,
  actor: Actor,
  id: ProposalId,
  operation: 'confirmRole' | 'refuseRole',
  work: (trx: Trx, deciding: Deciding) => Promise<Result<EventKind, OperationRefusal>>,
): Promise<Outcome> {
  return world.db.transaction().execute(async (trx): Promise<Outcome> => {
    const { acting, holders, now } = await locked(world, trx, actor);
    const proposal = await lockProposal(trx, id);
    if (proposal === null) return refused(NOT_FOUND);
    const no = judge(operation, acting, standingToProposal(acting, proposal));
    if (no !== null) return refused(no);
    if (proposal.outcome !== null)
      return refused({ code: 'already-decided', detail: `This proposal was ${proposal.outcome}.` });
    if (now >= proposal.lapsesAt) return refused(LAPSED);
    if (leavesToOthers(world, operation, acting, holders, proposal)) return refused(LEAVE_IT_TO_OTHERS);
    const done = await work(trx, { proposal, holders, now });
    if (!done.ok) return done;
    await world.append(trx, entryOf(done.value, actor, proposal, now, factsOf(proposal)));
    return ok(await shown(world, trx, acting, await roleHolders(trx), proposal));
  });
}

/** Who is what, read behind the lock: the roles that somebody came with may have been taken from them meanwhile. */
async function locked(world: World, trx: Trx, actor: Actor) {
  await lockAdmins(trx);
  const [holders, roles, now] = [await roleHolders(trx), await rolesOf(trx, actor.person), await appNow(trx)];
  return { acting: { ...actor, roles }, holders, now };
}

/** Why a proposal would change nothing, or too much. */
function unfit(
  world: World,
  holders: readonly RoleHolder[],
  { action, role, person }: RoleProposal,
): OperationRefusal | null {
  const holds = holders.some((holder) => holder.person === person && holder.role === role);
  if (holds === (action === 'appoint')) return holds ? HOLDS_IT : HOLDS_IT_NOT;
  const remaining = activeAdmins(world, holders).filter((admin) => admin.person !== person);
  return action === 'dismiss' && role === 'admin' && remaining.length === 0 ? LAST_ADMIN : null;
}

/** Why nobody could decide it, or somebody can already. */
function unanswerable(
  world: World,
  holders: readonly RoleHolder[],
  open: readonly RoleProposal[],
  { role, person, proposedBy }: RoleProposal,
): OperationRefusal | null {
  if (open.some((other) => other.person === person && other.role === role)) return ALREADY_PROPOSED;
  const others = activeAdmins(world, holders).filter((admin) => admin.person !== proposedBy);
  return person === proposedBy && others.length === 0 ? NEEDS_ANOTHER_ADMIN : null;
}

/** Nobody is appointed who has left since it was proposed. */
async function goneSince(world: World, trx: Trx, { action, person }: RoleProposal): Promise<OperationRefusal | null> {
  if (action === 'dismiss') return null;
  const key = (await personKeys(trx, [person])).get(person) ?? '';
  return world.rules.current().directory.people.get(key)?.active === true ? null : NOBODY;
}

function entryOf(
  kind: EventKind,
  actor: Actor,
  { person }: RoleProposal,
  at: Instant,
  facts: NewEntry['facts'],
): NewEntry {
  return { kind, at, actor: { kind: 'person', id: actor.person }, subjects: { person }, facts };
}

function factsOf({ id, action, role }: RoleProposal) {
  return { proposal: id, action, role };
}

async function shown(
  world: World,
  trx: Trx,
  actor: Actor,
  holders: readonly RoleHolder[],
  proposal: RoleProposal,
): Promise<ProposalView> {
  const keys = await personKeys(trx, [proposal.person, proposal.proposedBy]);
  return proposalView(world, actor, holders, proposal, (id: PersonId) => {
    const key = keys.get(id);
    invariant(key !== undefined, `nobody is ${id}`);
    return personView(world, key);
  });
}

const NO_KEY: OperationRefusal = {
  code: 'invalid-input',
  detail: 'That is no key of the directory: keys have ASCII characters alone, so one of these may look like another.',
  hint: 'Copy the key from the directory.',
};
const NOBODY: OperationRefusal = {
  code: 'not-found',
  detail: 'The directory has nobody of that key, or they have left.',
};
const HOLDS_IT: OperationRefusal = { code: 'role-unchanged', detail: 'They hold that role already.' };
const HOLDS_IT_NOT: OperationRefusal = { code: 'role-unchanged', detail: 'They do not hold that role.' };
const LAST_ADMIN: OperationRefusal = {
  code: 'last-admin',
  detail: 'Nobody else who can act is an admin; the last one stays.',
  hint: 'Appoint another admin first.',
};
const ALREADY_PROPOSED: OperationRefusal = {
  code: 'already-proposed',
  detail: 'A proposal about this role of theirs waits already.',
  hint: '"curfew admin list" shows it.',
};
const NEEDS_ANOTHER_ADMIN: OperationRefusal = {
  code: 'needs-another-admin',
  detail: 'You are the only admin, and nobody confirms their own proposal.',
  hint: 'Appoint another admin first.',
};
const LEAVE_IT_TO_OTHERS: OperationRefusal = {
  code: 'needs-another-admin',
  detail: 'This is about you; an admin other than you and whoever proposed it decides it.',
  hint: '"curfew admin list" shows who is one.',
};
const LAPSED: OperationRefusal = {
  code: 'proposal-lapsed',
  detail: 'Nobody decided this within 24 hours.',
  hint: 'Propose it again: curfew admin …',
};
const PROPOSER_IS_GONE: OperationRefusal = {
  code: 'proposal-lapsed',
  detail: 'Whoever proposed this is no admin any more.',
  hint: 'Another admin can propose it again: curfew admin …',
};
