import {
  lapsesAfterADay,
  type CurfewRole,
  type MergeGrants,
  type ProposedChange,
  type RoleAction,
} from '../core/administration.ts';
import type { AccountId, PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import { newId } from '../platform/random.ts';
import { allOfHuman, findPersonId, personIdFor } from '../store/people.ts';
import { countProposedBy, insertProposal, openProposals, type Proposal } from '../store/proposals.ts';
import type { RoleHolder } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { isActive, NOBODY } from './change-roles.ts';
import { deciders, isAboutRole, isAmongThem, mayDecideProposal, ONE_OF_THEM } from './proposal-deciders.ts';
import { proposalView } from './proposal-view.ts';
import { entryOf, takeTurn, told, unfit, type Outcome, type Turn, type Written } from './proposals.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { findReleasable } from './release-account.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import { askToSignProposing, provenProposer } from './sign-proposal.ts';
import { partiesOf, type Parties } from './standing.ts';
import { unknownPerson } from './unknown-name.ts';
import type { Actor, World } from './world.ts';

/** What an admin wants to be changed, and why. People are named by their keys in the directory. */
export type ProposalInput = { readonly reason: string } & (
  | { readonly action: RoleAction; readonly person: string; readonly role: CurfewRole }
  | { readonly action: 'merge'; readonly person: string; readonly other: string; readonly grants: MergeGrants }
  | { readonly action: 'release'; readonly account: AccountId }
);

/** What one human proposes in an hour, withdrawn or not: admins, and whom it is about, are told of each, and nobody turns that off. */
export const MOST_PROPOSED_AN_HOUR = 30;
const HOUR_MS = 3_600_000;

/**
 * Proposes a change that only admins make; whoever has a passkey signs it, because whoever controls the company's provider signs in as any
 * admin, and as somebody who may confirm and never had one. Nothing changes before a second person confirms it.
 */
export async function propose(
  world: World,
  actor: Actor,
  input: ProposalInput,
  assertion?: SignedInput,
): Promise<Outcome> {
  const written = await world.db.transaction().execute(async (trx): Promise<Result<Written, OperationRefusal>> => {
    const found = await proposable(world, trx, actor, input);
    if (!found.ok) return found;
    const { draft, parties, turn } = found.value;
    const { now } = turn;
    const proof = await provenProposer(world, trx, actor, draft, assertion, now);
    if (!proof.ok) return proof;
    const proposal: Proposal = { ...draft, id: proof.value.id };
    await insertProposal(trx, proposal);
    const { facts, ...entry } = entryOf('administration.proposed', actor, proposal, now);
    await world.append(trx, {
      ...entry,
      facts: { ...facts, lapsesAt: toIso(proposal.lapsesAt), ...proof.value.facts },
      personal: { reason: { subject: actor.person, value: proposal.reason } },
    });
    const view = await proposalView(world, trx, proposal, mayDecideProposal(world, turn, proposal, parties));
    return ok({ view, at: now, tell() {} });
  });
  return told(world, written);
}

/** What has to be signed to propose a change, which could be proposed now. Nothing is proposed by it. */
export async function challengeProposing(
  world: World,
  actor: Actor,
  input: ProposalInput,
): Promise<Result<SigningView, OperationRefusal>> {
  return world.db.transaction().execute(async (trx): Promise<Result<SigningView, OperationRefusal>> => {
    const found = await proposable(world, trx, actor, input);
    return found.ok ? askToSignProposing(world, trx, actor, found.value.draft, found.value.turn.now) : found;
  });
}

/** A change that could be proposed now, and by whom. */
interface Proposable {
  /** Under an id that a signature may have given it already. */
  readonly draft: Proposal;
  readonly parties: Parties;
  readonly turn: Turn;
}

async function proposable(
  world: World,
  trx: Trx,
  actor: Actor,
  input: ProposalInput,
): Promise<Result<Proposable, OperationRefusal>> {
  const { reason } = input;
  if (reason.trim() === '' || reason.length > 2_000) return refused(SAY_WHY);
  const turn = await takeTurn(trx, actor);
  const { acting, holders, now } = turn;
  const no = judge('propose', acting);
  if (no !== null) return refused(no);
  const made = await countProposedBy(trx, await allOfHuman(trx, actor.person), HOUR_MS);
  if (made >= MOST_PROPOSED_AN_HOUR) return refused(TOO_MANY);
  const change = await changeOf(world, trx, input, now);
  if (!change.ok) return change;
  const draft: Proposal = {
    ...change.value,
    id: newId(world.random, 'prp'),
    reason,
    proposedBy: actor.person,
    proposedAt: now,
    lapsesAt: lapsesAfterADay(now),
    outcome: null,
  };
  const parties = await partiesOf(world, trx, draft);
  const wrong =
    (await unfit(world, trx, holders, draft)) ?? unanswerable(world, holders, await openProposals(trx), draft, parties);
  return wrong === null ? ok({ draft, parties, turn }) : refused(wrong);
}

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
