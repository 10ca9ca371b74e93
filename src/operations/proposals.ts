import {
  lapsesAfterADay,
  type CurfewRole,
  type MergeGrants,
  type ProposedChange,
  type RoleAction,
} from '../core/administration.ts';
import type { AccountId, PersonId, ProposalId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { EventKind, NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { allOfHuman, findPersonId, humanOf, personIdFor } from '../store/people.ts';
import {
  countProposedBy,
  insertProposal,
  lockProposal,
  openProposals,
  saveOutcome,
  type Proposal,
} from '../store/proposals.ts';
import { lockAdmins, roleHolders, rolesOf, type RoleHolder } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { carryOutRole, isActive, NOBODY, unfitRole } from './change-roles.ts';
import { carryOutMerge, unfitToMerge } from './merge-persons.ts';
import {
  deciders,
  isAboutRole,
  isAmongThem,
  isStillAdmin,
  leftToOthers,
  mayDecideProposal,
  ONE_OF_THEM,
  type Deciders,
} from './proposal-deciders.ts';
import { lockEffects, versionOf, type Effects } from './proposal-effects.ts';
import { proposalView, type May, type ProposalView } from './proposal-view.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { carryOutRelease, findReleasable, unfitToRelease } from './release-account.ts';
import { partiesOf, standingToProposal, type Parties } from './standing.ts';
import { askToSignProposal, CHANGED, provenSecond } from './sign-proposal.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import { unknownPerson } from './unknown-name.ts';
import type { Actor, World } from './world.ts';

/** What an admin wants to be changed, and why. People are named by their keys in the directory. */
export type ProposalInput = { readonly reason: string } & (
  | { readonly action: RoleAction; readonly person: string; readonly role: CurfewRole }
  | { readonly action: 'merge'; readonly person: string; readonly other: string; readonly grants: MergeGrants }
  | { readonly action: 'release'; readonly account: AccountId }
);

type Outcome = Result<ProposalView, OperationRefusal>;

/** What one human proposes in an hour, withdrawn or not: admins, and whom it is about, are told of each, and nobody turns that off. */
export const MOST_PROPOSED_AN_HOUR = 30;
const HOUR_MS = 3_600_000;

/** Proposes a change that only admins make. Nothing changes before a second person confirms it. */
export async function propose(world: World, actor: Actor, input: ProposalInput): Promise<Outcome> {
  if (input.reason.trim() === '' || input.reason.length > 2_000) return refused(SAY_WHY);
  const written = await world.db.transaction().execute(async (trx): Promise<Result<Written, OperationRefusal>> => {
    const turn = await takeTurn(trx, actor);
    const { acting, holders, now } = turn;
    const no = judge('propose', acting);
    if (no !== null) return refused(no);
    const made = await countProposedBy(trx, await allOfHuman(trx, actor.person), HOUR_MS);
    if (made >= MOST_PROPOSED_AN_HOUR) return refused(TOO_MANY);
    const change = await changeOf(world, trx, input, now);
    if (!change.ok) return change;
    const proposal: Proposal = {
      ...change.value,
      id: newId(world.random, 'prp'),
      reason: input.reason,
      proposedBy: actor.person,
      proposedAt: now,
      lapsesAt: lapsesAfterADay(now),
      outcome: null,
    };
    const parties = await partiesOf(world, trx, proposal);
    const wrong =
      (await unfit(world, trx, holders, proposal)) ??
      unanswerable(world, holders, await openProposals(trx), proposal, parties);
    if (wrong !== null) return refused(wrong);
    await insertProposal(trx, proposal);
    const { facts, ...entry } = entryOf('administration.proposed', actor, proposal, now);
    await world.append(trx, {
      ...entry,
      facts: { ...facts, lapsesAt: toIso(proposal.lapsesAt) },
      personal: { reason: { subject: actor.person, value: proposal.reason } },
    });
    const view = await proposalView(world, trx, proposal, mayDecideProposal(world, turn, proposal, parties));
    return ok({ view, at: now, tell() {} });
  });
  return told(world, written);
}

/** A proposal as it was written down, and what to tell of it once that is committed. */
interface Written {
  readonly view: ProposalView;
  readonly at: Instant;
  readonly tell: () => void;
}

function told(world: World, written: Result<Written, OperationRefusal>): Outcome {
  if (!written.ok) return written;
  const { view, at, tell } = written.value;
  tell();
  world.changes.publish({ kind: 'proposal', id: view.id, at });
  return ok(view);
}

/** What whoever confirms a proposal says besides yes. */
export interface Confirmation {
  /** `changesVersion` of the proposal as it was shown. Absent: nothing was shown. */
  readonly seen?: string | undefined;
  /** What their passkey signed, from whoever has one. */
  readonly assertion?: SignedInput | undefined;
}

/**
 * Carries a proposal out, as its second person, who signs it with their passkey or, having none, has just signed in: another admin, none of those whom it is about. A change of roles
 * is confirmed by whom it is about where there is no other admin. A yes to what was shown (`seen`) is none to anything else. Everything that it
 * changes is written in one transaction with its entries.
 */
export async function confirmProposal(
  world: World,
  actor: Actor,
  id: ProposalId,
  { seen, assertion }: Confirmation = {},
): Promise<Outcome> {
  return decide(world, actor, id, 'confirmProposal', async (trx, deciding) => {
    const { proposal, now } = deciding;
    const found = await wouldChange(world, trx, deciding, seen);
    if (!found.ok) return found;
    const effects = found.value;
    // Neither a stolen session nor who signs in in somebody's name must be the second person.
    const proof = await provenSecond(world, trx, actor, effects, assertion, now);
    if (!proof.ok) return proof;
    await saveOutcome(trx, id, 'confirmed', actor.person, now);
    const { facts, ...entry } = entryOf('administration.confirmed', actor, proposal, now);
    await world.append(trx, { ...entry, facts: { ...facts, ...proof.value } });
    return ok({ effects, tell: await carryOut(world, trx, effects, { by: actor.person, now }) });
  });
}

/** What has to be signed to confirm a proposal as it was shown; by whoever could confirm it now. */
export async function challengeProposal(
  world: World,
  actor: Actor,
  id: ProposalId,
  { seen }: Pick<Confirmation, 'seen'> = {},
): Promise<Result<SigningView, OperationRefusal>> {
  return world.db.transaction().execute(async (trx): Promise<Result<SigningView, OperationRefusal>> => {
    const found = await decidable(world, trx, actor, id, 'challengeProposal');
    if (!found.ok) return found;
    const effects = await wouldChange(world, trx, found.value, seen);
    return effects.ok ? askToSignProposal(world, trx, actor, effects.value, found.value.now) : effects;
  });
}

/** What confirming would change, if it can be carried out and is what was seen. */
async function wouldChange(
  world: World,
  trx: Trx,
  { proposal, parties, holders }: Deciding,
  seen: string | undefined,
): Promise<Result<Effects, OperationRefusal>> {
  if (!isStillAdmin(world, holders, proposal.proposedBy)) return refused(PROPOSER_IS_GONE);
  if (isAmongThem(proposal, parties)) return refused(PROPOSER_IS_ONE_OF_THEM);
  const wrong = await unfit(world, trx, holders, proposal);
  if (wrong !== null) return refused(wrong);
  const effects = await lockEffects(world, trx, proposal);
  return seen === undefined || seen === versionOf(effects) ? ok(effects) : refused(CHANGED);
}

/** Ends a proposal without a change: whoever made it withdraws it, everybody else who may refuses it. */
export async function refuseProposal(world: World, actor: Actor, id: ProposalId): Promise<Outcome> {
  return decide(world, actor, id, 'refuseProposal', async (trx, { proposal, now }) => {
    const withdrawn = proposal.proposedBy === actor.person;
    await saveOutcome(trx, id, withdrawn ? 'withdrawn' : 'refused', actor.person, now);
    const kind = withdrawn ? 'administration.withdrawn' : 'administration.refused';
    await world.append(trx, entryOf(kind, actor, proposal, now));
    return ok({ tell() {} });
  });
}

/** Who acts, read behind the lock: the roles that somebody came with may have been taken from them meanwhile. */
interface Turn {
  readonly acting: Actor;
  /** The person that all of the human who acts are counted as. */
  readonly human: PersonId;
  readonly holders: readonly RoleHolder[];
  readonly now: Instant;
}

async function takeTurn(trx: Trx, actor: Actor): Promise<Turn> {
  await lockAdmins(trx);
  const [holders, roles] = [await roleHolders(trx), await rolesOf(trx, actor.person)];
  return { acting: { ...actor, roles }, human: await humanOf(trx, actor.person), holders, now: await appNow(trx) };
}

interface Deciding extends Turn {
  readonly proposal: Proposal;
  readonly parties: Parties;
}

/** What came of a decision: what it changed, and what to tell once it is committed. */
interface Done {
  readonly effects?: Effects;
  readonly tell: () => void;
}

async function decide(
  world: World,
  actor: Actor,
  id: ProposalId,
  operation: Deciders,
  work: (trx: Trx, deciding: Deciding) => Promise<Result<Done, OperationRefusal>>,
): Promise<Outcome> {
  const written = await world.db.transaction().execute(async (trx): Promise<Result<Written, OperationRefusal>> => {
    const found = await decidable(world, trx, actor, id, operation);
    if (!found.ok) return found;
    const { proposal, now } = found.value;
    const done = await work(trx, found.value);
    if (!done.ok) return done;
    const { effects, tell } = done.value;
    return ok({ view: await proposalView(world, trx, proposal, OVER, effects), at: now, tell });
  });
  return told(world, written);
}

/** An open proposal with which the actor may do something now, locked. */
async function decidable(
  world: World,
  trx: Trx,
  actor: Actor,
  id: ProposalId,
  operation: Deciders,
): Promise<Result<Deciding, OperationRefusal>> {
  const turn = await takeTurn(trx, actor);
  const proposal = await lockProposal(trx, id);
  if (proposal === null) return refused(NOT_FOUND);
  const parties = await partiesOf(world, trx, proposal);
  const no = judge(operation, turn.acting, standingToProposal(turn.human, parties));
  if (no !== null) return refused(no);
  if (proposal.outcome !== null)
    return refused({ code: 'already-decided', detail: `This proposal was ${proposal.outcome}.` });
  if (turn.now >= proposal.lapsesAt) return refused(LAPSED);
  const left = leftToOthers(world, operation, turn, proposal, parties);
  return left === null ? ok({ ...turn, proposal, parties }) : refused(left);
}

const OVER: May = { mayConfirm: false, mayRefuse: false, confirmers: [] };

/** Reads what is wanted: the people and accounts that it names must exist. */
async function changeOf(
  world: World,
  trx: Trx,
  input: ProposalInput,
  now: Instant,
): Promise<Result<ProposedChange, OperationRefusal>> {
  const { action } = input;
  if (action === 'release') {
    const found = await findReleasable(world, trx, input.account);
    return found === null ? refused(NOT_FOUND) : ok({ action, person: found.account.person, account: input.account });
  }
  const person = await personOf(world, trx, input.person, action === 'appoint', now);
  if (!person.ok) return person;
  if (action !== 'merge') return ok({ action, person: person.value, role: input.role });
  const other = await personOf(world, trx, input.other, false, now);
  return other.ok ? ok({ action, person: person.value, other: other.value, grants: input.grants }) : other;
}

/** Somebody whom the directory has, or has had. */
async function personOf(
  world: World,
  trx: Trx,
  key: string,
  mustBeHere: boolean,
  now: Instant,
): Promise<Result<PersonId, OperationRefusal>> {
  // Keys are ASCII. Saying so, instead of that there is nobody, is the warning that a name was made to look like another.
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) return refused(NO_KEY);
  const known = await findPersonId(trx, key);
  const isListed = world.rules.current().directory.people.has(key);
  if (!isActive(world, key) && (mustBeHere || known === null))
    return refused(isListed || known !== null ? NOBODY : unknownPerson(world, key, true));
  return ok(known ?? (await personIdFor(trx, key, newId(world.random, 'per'), now)));
}

/** Why a change would change nothing, or too much; `null`: it can be made. */
async function unfit(
  world: World,
  trx: Trx,
  holders: readonly RoleHolder[],
  proposal: Proposal,
): Promise<OperationRefusal | null> {
  if (proposal.action === 'merge') return unfitToMerge(trx, proposal);
  if (proposal.action === 'release') return unfitToRelease(trx, proposal);
  return unfitRole(world, trx, holders, proposal);
}

/** Why nobody could decide it, or somebody can already. */
function unanswerable(
  world: World,
  holders: readonly RoleHolder[],
  open: readonly Proposal[],
  proposal: Proposal,
  parties: Parties,
): OperationRefusal | null {
  if (open.some((other) => isAboutTheSame(other, proposal))) return ALREADY_PROPOSED;
  if (isAmongThem(proposal, parties)) return ONE_OF_THEM;
  const isForAnother = isAboutRole(proposal) && !parties.about.has(parties.proposer);
  return isForAnother || deciders(world, holders, parties).length > 0 ? null : NEEDS_ANOTHER_ADMIN;
}

function isAboutTheSame(one: ProposedChange, two: ProposedChange): boolean {
  if (one.action === 'merge')
    return two.action === 'merge' && [one.person, one.other].every((id) => id === two.person || id === two.other);
  if (one.action === 'release') return two.action === 'release' && one.account === two.account;
  return 'role' in two && one.role === two.role && one.person === two.person;
}

async function carryOut(
  world: World,
  trx: Trx,
  effects: Effects,
  second: { readonly by: PersonId; readonly now: Instant },
): Promise<() => void> {
  const { action, proposal } = effects;
  if (action === 'merge') return (await carryOutMerge(world, trx, proposal, effects.losses, second)).tell;
  if (action === 'release') return (await carryOutRelease(world, trx, proposal, second)).tell;
  await carryOutRole(trx, proposal, second);
  return () => {};
}

function entryOf(kind: EventKind, { person: by }: Actor, proposal: Proposal, at: Instant): NewEntry {
  const { id, action, person } = proposal;
  return {
    kind,
    at,
    actor: { kind: 'person', id: by },
    subjects: { person },
    facts: { proposal: id, action, ...factsOf(proposal) },
  };
}

function factsOf(change: ProposedChange): NewEntry['facts'] {
  if (change.action === 'merge') return { with: change.other, grants: change.grants };
  if (change.action === 'release') return { account: change.account };
  return { role: change.role };
}

const SAY_WHY: OperationRefusal = {
  code: 'invalid-input',
  detail: 'Say why, in at most 2000 characters.',
  hint: '--reason "…"',
};
const NO_KEY: OperationRefusal = {
  code: 'invalid-input',
  detail: 'That is no key of the directory: keys have ASCII characters alone, so one of these may look like another.',
  hint: 'Copy the key from the directory.',
};
const ALREADY_PROPOSED: OperationRefusal = {
  code: 'already-proposed',
  detail: 'A proposal about the same waits already.',
  hint: '"curfew admin list" shows it.',
};
const TOO_MANY: OperationRefusal = {
  code: 'too-many-pending',
  detail: `You have proposed ${MOST_PROPOSED_AN_HOUR} changes within an hour, and others are told of each.`,
  hint: 'Ask another admin to propose it, or wait for the hour to pass.',
};
const NEEDS_ANOTHER_ADMIN: OperationRefusal = {
  code: 'needs-another-admin',
  detail: 'Nobody confirms their own proposal, and besides you there is no admin who could: nobody acts alone.',
  hint: 'Appoint another admin first (curfew admin appoint NAME --as admin), then propose this again.',
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
const PROPOSER_IS_ONE_OF_THEM: OperationRefusal = {
  code: 'proposal-lapsed',
  detail: 'Whoever proposed this is one of the persons whom it is about.',
  hint: 'Another admin can propose it again: curfew admin …',
};
