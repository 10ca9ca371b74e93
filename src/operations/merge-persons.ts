import type { MergeGrants } from '../core/administration.ts';
import type { GrantId, PersonId, RequestId, RevocationId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import type { EntryActor } from '../ledger/entry.ts';
import { openSteps } from '../policy/approvals.ts';
import { findGrants, type GrantRecord } from '../store/grants.ts';
import { settleConflicts } from '../store/linked-accounts.ts';
import { allOfHuman, areOneHuman, mergeHumans } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import { approvalsOf, approvedBy, type ApprovalRecord } from '../store/approvals.ts';
import { findRequests, type RequestRecord } from '../store/requests.ts';
import { toldNothing } from '../store/revocation-sweeps.ts';
import { revocationsOver, widenToHuman } from '../store/revocations.ts';
import type { Db, Trx } from '../store/schema.ts';
import { findStillHereMerged } from './departures.ts';
import { endTogether, publishEnded } from './end-together.ts';
import type { OperationRefusal } from './refusal.ts';
import { ordererOf, withinReach } from './revocation-reach.ts';
import { storedDecision } from './stored-decision.ts';
import { takenNow, votesIn } from './votes.ts';
import type { World } from './world.ts';

export type MergeProposal = Extract<Proposal, { readonly action: 'merge' }>;

/** What a merge takes away. */
export interface MergeLosses {
  /** Pending requests on which an approval would no longer count. */
  readonly requests: readonly RequestRecord[];
  /** Live access that would lack an approval. */
  readonly grants: readonly GrantRecord[];
  readonly then: MergeGrants;
  /** Orders of the kill switch over one of them, which are over both from then on. */
  readonly orders: readonly WidenedOrder[];
}

/** An order over `person`, and the live access of `to` that it would reach. */
export interface WidenedOrder {
  readonly id: RevocationId;
  readonly person: PersonId;
  readonly to: PersonId;
  readonly ends: readonly GrantId[];
}

/** Why two persons cannot be merged; `null`: they can. */
export async function unfitToMerge(db: Db | Trx, { person, other }: MergeProposal): Promise<OperationRefusal | null> {
  return (await areOneHuman(db, person, other)) ? ONE_ALREADY : null;
}

/**
 * What would lose an approval, because it came from who asks, or a second time from the same human; and the orders that would be widened.
 * Changes nothing.
 */
export async function lossesOf(
  world: World,
  db: Db | Trx,
  { person, other, grants }: MergeProposal,
): Promise<MergeLosses> {
  const [one, two] = [await allOfHuman(db, person), await allOfHuman(db, other)];
  const both = [...one, ...two];
  const found = await approvedBy(db, both);
  const ids = [...new Set(found.map(({ request }) => request))];
  const [requests, approvals] = [await findRequests(db, ids), await approvalsOf(db, ids)];
  const weaker = new Set<RequestId>();
  for (const request of requests.values()) {
    const said = takenNow(world.rules.current(), request, approvals.get(request.id) ?? []);
    const after = votesIn(asOne(both, request.person, said));
    // Two approvals of one human stood for two until now.
    const humans = (votes: readonly { readonly human: string }[]) => new Set(votes.map(({ human }) => human)).size;
    if (humans(after) === humans(votesIn(said))) continue;
    if (openSteps(storedDecision(request), after).some((step) => step.missing > 0)) weaker.add(request.id);
  }
  const live = found.flatMap(({ request, grant }) => (grant !== null && weaker.has(request) ? [grant.id] : []));
  return {
    requests: [...requests.values()].filter(({ id, state }) => weaker.has(id) && state.kind === 'pending'),
    grants: await findGrants(db, [...new Set(live)]),
    then: grants,
    orders: [
      ...(await widenedOrders(world, db, { over: person, to: other, both })),
      ...(await widenedOrders(world, db, { over: other, to: person, both })),
    ],
  };
}

/** The orders over one of two, and what each would reach of the other if they were one. */
async function widenedOrders(
  world: World,
  db: Db | Trx,
  { over, to, both }: { readonly over: PersonId; readonly to: PersonId; readonly both: readonly PersonId[] },
): Promise<readonly WidenedOrder[]> {
  const found: WidenedOrder[] = [];
  for (const order of await revocationsOver(db, over)) {
    const given = await ordererOf(db, order);
    // Whoever ordered it may be one of them, and may end by then what the other holds as their own.
    const orderer = given.human.some((id) => both.includes(id))
      ? { ...given, human: [...given.human, ...both] }
      : given;
    const scope = { kind: 'person', person: to } as const;
    const ends: GrantId[] = [];
    for await (const batch of withinReach(world, { scope }, orderer, toldNothing, db))
      ends.push(...batch.map((grant) => grant.id));
    found.push({ id: order.id, person: order.scope.kind === 'person' ? order.scope.person : over, to, ends });
  }
  return found;
}

/** What people said to a request, as if some of them and the requester, if among them, were one human. */
function asOne(
  them: readonly PersonId[],
  requester: PersonId,
  said: readonly ApprovalRecord[],
): readonly ApprovalRecord[] {
  const [human] = them;
  const asksThemselves = them.includes(requester);
  return said.map((one) => {
    if (human === undefined || !them.includes(one.person)) return one;
    return { ...one, human, own: one.own || asksThemselves };
  });
}

/**
 * Writes that two persons are one human. Ids stay, so that the log stays true; from now on what one approved for the other counts for
 * nothing, two approvals of both count once, and neither decides for the other. Live access that lacks an approval now gets a finding, and
 * ends if that was proposed. Where one of them has left and the other is here, that is a finding, too. An order of the kill switch that stands over one of them stands over both, and is carried out anew. `losses`: read
 * behind `lockMerges` in this transaction. Returns what to tell once it is committed.
 */
export async function carryOutMerge(
  world: World,
  trx: Trx,
  proposal: MergeProposal,
  losses: MergeLosses,
  { by, now }: { readonly by: PersonId; readonly now: Instant },
): Promise<{ readonly tell: () => void }> {
  const { id, person, other, grants: then, proposedBy } = proposal;
  const sides = [await allOfHuman(trx, person), await allOfHuman(trx, other)] as const;
  await mergeHumans(trx, { keep: person, merge: other, by: proposedBy, confirmedBy: by, now });
  await settleConflicts(trx, await allOfHuman(trx, person));
  const actor: EntryActor = { kind: 'person', id: by };
  const affected = losses.grants.map((grant): GrantId => grant.id);
  const ended =
    then === 'end'
      ? await endTogether(world, trx, affected, { actor, because: BECAUSE, now })
      : { grants: [], lapsed: [] };
  // Behind requests and grants, as whoever carries out an order locks it.
  const widened = await widenToHuman(trx, person, now);
  await world.append(
    trx,
    {
      kind: 'person.merged',
      at: now,
      actor,
      subjects: { person },
      facts: { proposal: id, with: other, grants: then, approvals: losses.requests.length, affected, widened },
    },
    ...losses.grants.map((grant) => ({
      kind: 'finding.raised' as const,
      at: now,
      actor,
      subjects: { grant: grant.id, request: grant.request, person: grant.person },
      facts: { finding: BECAUSE },
    })),
  );
  await findStillHereMerged(world, trx, sides, { actor, now });
  return {
    tell() {
      publishEnded(world, ended, now);
      for (const request of losses.requests) world.changes.publish({ kind: 'request', id: request.id, at: now });
      for (const order of widened) world.changes.publish({ kind: 'revocation', id: order, at: now });
      for (const _ of affected) world.countFinding?.(BECAUSE);
    },
  };
}

const BECAUSE = 'approved-by-requester';

const ONE_ALREADY: OperationRefusal = {
  code: 'same-person',
  detail: 'They are one person already; nothing was changed.',
};
