import { transitionGrant } from '../core/grant.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { transitionRequest } from '../core/request.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import { inTime, LATE } from '../platform/in-time.ts';
import { appNow } from '../store/database.ts';
import { saveGrantState, saveTriesAgain, type GrantRecord } from '../store/grants.ts';
import { findRequest, saveRequestState } from '../store/requests.ts';
import {
  countRevocation,
  survivorsOf,
  findRevocation,
  finishRevocation,
  noteSwept,
  openRevocations,
  type RevocationRecord,
} from '../store/revocations.ts';
import {
  lockToBeTriedAgain,
  lockToldNothing,
  noteEnded,
  noteFoundEnding,
  noteWithdrawn,
  toBeTriedAgain,
} from '../store/revocation-sweeps.ts';
import { together } from '../store/together.ts';
import { ordererOf, pendingWithinReach, withinReach, type Orderer } from './revocation-reach.ts';
import type { World } from './world.ts';

/** How long the database may take to say whether an order still stands before access is taken away without a record. */
const ASK_MS = 1_000;

/** Carries out every order that is not finished. Several nodes may do this at once: each grant is ended once. Called again and again. */
export async function carryOutOpen(world: World): Promise<void> {
  for (const order of await openRevocations(world.db)) {
    await carryOut(world, order).catch((error: unknown) =>
      world.log.error(
        { revocation: order.id, error: String(error) },
        'an order to end access could not be carried out',
      ),
    );
  }
}

/**
 * Ends what an order reaches, withdraws the requests, and finishes the order once all of it is proven gone. `untilMs`: not
 * longer than until then; `carryOutOpen` goes on.
 *
 * The set is what the database holds after the order was committed, batch by batch: what is committed later than that meets the order
 * when it is about to start (`recheck-grant.ts`).
 */
export async function carryOut(world: World, order: RevocationRecord, untilMs = Infinity): Promise<void> {
  if (order.startedAt === null) return;
  if (order.sweptAt === null) {
    const swept = order.liftedAt !== null || (await sweep(world, order, untilMs));
    if (!swept) return;
    await noteSwept(world.db, order);
    world.changes.publish({ kind: 'revocation', id: order.id, at: world.clock.now() });
  }
  await finish(world, order);
}

/** Tells everything within reach to end. True: nothing was left out, and all of it is written down. */
async function sweep(world: World, order: RevocationRecord, untilMs: number): Promise<boolean> {
  const orderer = await ordererOf(world.db, order);
  let complete = true;
  for await (const batch of withinReach(world, order, orderer)) {
    if (world.clock.now() >= untilMs) return false;
    const outcome = await endOrTakeAway(world, order, batch);
    if (outcome === 'lifted') return true;
    if (outcome === 'unrecorded') complete = false;
  }
  if (!(await withdrawPending(world, order, orderer, untilMs))) complete = false;
  for await (const batch of withinReach(world, order, orderer, toBeTriedAgain)) {
    if (world.clock.now() >= untilMs) return false;
    await dropRetries(world, order, batch);
  }
  if (complete) await noteFoundEnding(world.db, order);
  return complete;
}

type BatchOutcome = 'ended' | 'lifted' | 'unrecorded';

async function endOrTakeAway(
  world: World,
  order: RevocationRecord,
  batch: readonly GrantRecord[],
): Promise<BatchOutcome> {
  try {
    const ids = batch.map((grant) => grant.id);
    const ended = await endBatch(world, order, ids);
    if (ended === null) return 'lifted';
    for (const id of ended.ids) world.changes.publish({ kind: 'grant', id, at: ended.at });
    for (const id of ended.lapsed) world.changes.publish({ kind: 'request', id, at: ended.at });
    if (ended.ids.length > 0) world.wake('ends');
    return 'ended';
  } catch (error) {
    // Ending never waits for the ledger: take the access away now; it is recorded when the order is carried out again.
    world.log.error({ revocation: order.id, error: String(error) }, 'endings could not be recorded together');
    const by = { person: order.orderedBy, reason: order.reason };
    const standing = await stillStands(world, order);
    if (standing === 'lifted') return 'lifted';
    const covered = standing === 'stands' ? batch : batch.filter((grant) => wasThereBefore(grant, order));
    await Promise.all(covered.map((grant) => world.endUnrecorded(grant, 'revoked', by)));
    return 'unrecorded';
  }
}

/** What is known of an order may be minutes old: this process stood still, or waited for the database. */
async function stillStands(world: World, { id }: RevocationRecord): Promise<'stands' | 'lifted' | 'cannot-say'> {
  const asked = findRevocation(world.db, id).catch((): typeof LATE => LATE);
  const now = await inTime(world.clock, ASK_MS, asked);
  if (now === LATE) return 'cannot-say';
  return now?.liftedAt === null ? 'stands' : 'lifted';
}

/**
 * Whether access was given before an order acts. It ends even if the order was lifted meanwhile; what was given later may have been given
 * because it was, and waits until the database can say.
 */
function wasThereBefore({ activatedAt }: GrantRecord, { startedAt }: RevocationRecord): boolean {
  return activatedAt !== null && startedAt !== null && activatedAt <= startedAt;
}

/** Ends some grants in one transaction with their entries. `null`: the order was lifted meanwhile. */
async function endBatch(
  world: World,
  order: RevocationRecord,
  ids: readonly GrantId[],
): Promise<{ readonly ids: readonly GrantId[]; readonly at: Instant; readonly lapsed: readonly RequestId[] } | null> {
  return world.db.transaction().execute(async (trx) => {
    if ((await findRevocation(trx, order.id))?.liftedAt !== null) return null;
    const grants = await lockToldNothing(trx, ids);
    const at = await appNow(trx);
    const entries: NewEntry[] = [];
    const ended: GrantId[] = [];
    const writes: Promise<unknown>[] = [];
    for (const grant of grants) {
      const next = transitionGrant(grant.state, { kind: 'revoke' }, at);
      if (!next.ok) continue;
      const state = next.value;
      ended.push(grant.id);
      writes.push(saveGrantState(trx, grant.id, state, at));
      entries.push({
        kind: state.kind === 'ending' ? 'grant.ending' : 'grant.ended',
        at,
        actor: { kind: 'person', id: order.orderedBy },
        subjects: { grant: grant.id, request: grant.request, person: grant.person },
        facts: {
          cause: 'revoked',
          revocation: order.id,
          ...(grant.endsAt === null ? {} : { endsAt: toIso(grant.endsAt) }),
          ...('proof' in state ? { proof: state.proof.kind } : {}),
        },
      });
    }
    if (ended.length > 0) {
      await together([...writes, noteEnded(trx, order.id, ended), world.append(trx, ...entries)]);
    }
    return { ids: ended, at, lapsed: await lapseWithGrants(trx, world.append, ended, at) };
  });
}

/** What is being ended for want of time is not tried once more; its end goes on as it is. */
async function dropRetries(world: World, order: RevocationRecord, batch: readonly GrantRecord[]): Promise<void> {
  const ids = batch.map((grant) => grant.id);
  const dropped = await world.db.transaction().execute(async (trx) => {
    if ((await findRevocation(trx, order.id))?.liftedAt !== null) return { grants: [], at: order.orderedAt };
    const grants = await lockToBeTriedAgain(trx, ids);
    const at = await appNow(trx);
    const entries = grants.map((grant): NewEntry => ({
      kind: 'grant.not-retried',
      at,
      actor: { kind: 'person', id: order.orderedBy },
      subjects: { grant: grant.id, request: grant.request, person: grant.person },
      facts: { cause: 'revoked', revocation: order.id },
    }));
    await together([...grants.map(({ id }) => saveTriesAgain(trx, id, false)), world.append(trx, ...entries)]);
    return { grants, at };
  });
  for (const { id } of dropped.grants) world.changes.publish({ kind: 'grant', id, at: dropped.at });
}

/** Withdraws the requests that an order reaches, so that none of them starts what was just ended. */
async function withdrawPending(
  world: World,
  order: RevocationRecord,
  orderer: Orderer,
  untilMs: number,
): Promise<boolean> {
  for await (const batch of pendingWithinReach(world, order, orderer)) {
    for (const request of batch) {
      if (world.clock.now() >= untilMs) return false;
      await withdraw(world, order, request.id);
    }
  }
  return true;
}

async function withdraw(world: World, order: RevocationRecord, id: RequestId): Promise<void> {
  const at = await world.db.transaction().execute(async (trx): Promise<Instant | null> => {
    if ((await findRevocation(trx, order.id))?.liftedAt !== null) return null;
    const request = await findRequest(trx, id, true);
    const now = await appNow(trx);
    const next = request === null ? null : transitionRequest(request.state, { kind: 'withdraw' }, now);
    // Somebody decided it meanwhile; if that made a grant, the order stands in its way.
    if (request === null || next === null || !next.ok) return null;
    await saveRequestState(trx, id, next.value);
    await noteWithdrawn(trx, order.id);
    await world.append(trx, {
      kind: 'request.withdrawn',
      at: now,
      actor: { kind: 'person', id: order.orderedBy },
      subjects: { request: id, person: request.person },
      facts: { revocation: order.id },
    });
    return now;
  });
  if (at !== null) world.changes.publish({ kind: 'request', id, at });
}

/** Writes down when the last grant was proven gone, and how long that took. */
async function finish(world: World, order: RevocationRecord): Promise<void> {
  const done = await world.db.transaction().execute(async (trx) => {
    const finished = await finishRevocation(trx, order.id);
    if (finished === null) return null;
    const { startedAt, finishedAt, withdrawn } = finished;
    const { live, gone } = await countRevocation(trx, order);
    const survivors = await survivorsOf(trx, order);
    const toZeroMs = finishedAt - startedAt;
    const now = await appNow(trx);
    const { scope } = order;
    await world.append(trx, {
      kind: 'revocation.finished',
      at: now,
      actor: { kind: 'system', id: 'revocations' },
      subjects: scope.kind === 'person' ? { person: scope.person } : {},
      facts: {
        revocation: order.id,
        startedAt: toIso(startedAt),
        finishedAt: toIso(finishedAt),
        toZeroMs,
        gone,
        beyondReach: live,
        ...(survivors.until === null
          ? {}
          : { sessionsThatGoOn: survivors.sessions, sessionsGoOnUntil: toIso(survivors.until) }),
        ...(survivors.standing === 0 ? {} : { standingAccessRemains: survivors.standing }),
        withdrawn,
      },
    });
    return { at: now, toZeroMs, gone, live };
  });
  if (done === null) return;
  const { at, toZeroMs, gone, live } = done;
  world.log.info({ revocation: order.id, toZeroMs, gone, beyondReach: live }, 'all access within an order is gone');
  world.changes.publish({ kind: 'revocation', id: order.id, at });
}
