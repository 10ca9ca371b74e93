import type { ProposedChange } from '../core/administration.ts';
import type { PersonId, ProposalId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { EventKind, NewEntry } from '../ledger/entry.ts';
import { appNow } from '../store/database.ts';
import { humanOf } from '../store/people.ts';
import { lockProposal, saveOutcome, type Proposal } from '../store/proposals.ts';
import { lockAdmins, roleHolders, rolesOf, type RoleHolder } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { carryOutRole, unfitRole } from './change-roles.ts';
import { carryOutMerge, unfitToMerge } from './merge-persons.ts';
import { isAmongThem, isStillAdmin, leftToOthers, type Deciders } from './proposal-deciders.ts';
import { lockEffects, versionOf, type Effects } from './proposal-effects.ts';
import { proposalView, type May, type ProposalView } from './proposal-view.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { carryOutRelease, unfitToRelease } from './release-account.ts';
import { partiesOf, standingToProposal, type Parties } from './standing.ts';
import { askToSignProposal, CHANGED, provenSecond } from './sign-proposal.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import type { Actor, World } from './world.ts';

/** What came of a change to a proposal: how it is shown then. */
export type Outcome = Result<ProposalView, OperationRefusal>;

/** A proposal as it was written down, and what to tell of it once that is committed. */
export interface Written {
  readonly view: ProposalView;
  readonly at: Instant;
  readonly tell: () => void;
}

/** Tells of what is committed, and shows it to whoever did it. */
export function told(world: World, written: Result<Written, OperationRefusal>): Outcome {
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
export interface Turn {
  readonly acting: Actor;
  /** The person that all of the human who acts are counted as. */
  readonly human: PersonId;
  readonly holders: readonly RoleHolder[];
  readonly now: Instant;
}

/** Takes the lock behind which admins act one after another, and reads who acts. */
export async function takeTurn(trx: Trx, actor: Actor): Promise<Turn> {
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

/** Why a change would change nothing, or too much; `null`: it can be made. */
export async function unfit(
  world: World,
  trx: Trx,
  holders: readonly RoleHolder[],
  proposal: Proposal,
): Promise<OperationRefusal | null> {
  if (proposal.action === 'merge') return unfitToMerge(trx, proposal);
  if (proposal.action === 'release') return unfitToRelease(trx, proposal);
  return unfitRole(world, trx, holders, proposal);
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

/** The entry of what was done about a proposal: every one of them says what it would change. */
export function entryOf(kind: EventKind, { person: by }: Actor, proposal: Proposal, at: Instant): NewEntry {
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
