import type { Epoch, EpochCause, Whereabouts, Witness } from '../core/epoch.ts';
import { transitionGrant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import { transitionRequest } from '../core/request.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { appNow } from '../store/database.ts';
import {
  lockEpoch,
  lockPending,
  lockStartable,
  markForLook,
  readEpoch,
  saveEpoch,
  saveLapsed,
  saveMayHaveStarted,
  unsettleShared,
  voidSignIns,
  type FoundEpoch,
} from '../store/epoch.ts';
import type { Trx } from '../store/schema.ts';
import type { World } from './world.ts';

/** Entries that are written with one statement. */
const WRITTEN_AT_ONCE = 1_000;

/** What an epoch is begun for. */
export interface EpochReason {
  readonly cause: EpochCause;
  /** The epoch that was judged: where somebody has begun another one meanwhile, nothing is done. */
  readonly instead: Epoch;
  readonly witness: Witness | null;
  readonly lives: Whereabouts;
}

/**
 * Begins a new epoch in a database that was restored from a backup: what is live is marked to be looked at in the cloud before it is
 * relied on; then, in one transaction, pending requests lapse, and codes, tokens and sign-ins are void. Orders of the kill switch stand, grants go on to their end,
 * and claims run out by themselves, because a node may be at work just now. `null`: another node was first.
 */
export async function beginEpoch(
  world: Pick<World, 'db' | 'append' | 'changes' | 'providers' | 'random' | 'wake'>,
  reason: EpochReason,
): Promise<FoundEpoch | null> {
  const { cause, instead, witness, lives } = reason;
  // Before the transaction, which a million rows would make last for a minute, and every end wait. Whoever dies in between begins anew.
  const mayLandMs = longestLandingMs(world);
  await markForLook(world.db, mayLandMs);
  await unsettleShared(world.db, mayLandMs);
  const begun = await world.db.transaction().execute(async (trx) => {
    await lockEpoch(trx);
    const current = await readEpoch(trx, lives, 0);
    if (current?.epoch.id !== instead.id) return null;
    const now = await appNow(trx);
    const id = Buffer.from(world.random.bytes(16)).toString('hex');
    // Above whatever was seen: a node that has seen the lost time must not take this epoch for an older one.
    const number = Math.max(current.epoch.number, witness?.number ?? 0) + 1;
    await saveEpoch(trx, { id, number, beganAt: now }, cause, lives);
    const started = await startWhatMayHaveStarted(trx, world, now);
    await voidSignIns(trx);
    const lapsed = await lapsePending(trx, world, now);
    await world.append(trx, {
      kind: 'epoch.began',
      at: now,
      actor: SYSTEM,
      subjects: {},
      facts: {
        epoch: id,
        number,
        cause,
        before: instead.id,
        size: current.size,
        // What a node had seen signed: if it is more than there is, that much is known to be lost.
        seen: witness === null ? null : { size: witness.size, root: witness.root },
        lapsed: lapsed.length,
      },
    });
    return { found: { ...current, epoch: { id, number, beganAt: now }, cause, lived: lives, now }, lapsed, started };
  });
  if (begun === null) return null;
  for (const id of begun.started) world.changes.publish({ kind: 'grant', id, at: begun.found.now });
  for (const id of begun.lapsed) world.changes.publish({ kind: 'request', id, at: begun.found.now });
  world.wake('starts');
  world.wake('ends');
  return begun.found;
}

const SYSTEM = { kind: 'system', id: 'epoch' } as const;

/**
 * A grant that was to start by now may have started in the time that is lost, and nobody knows what of it stands in the cloud. It is no
 * longer one of which nothing was ever called, which would be over at a word: it is being made, and whoever goes on with it, or ends it,
 * looks first.
 */
async function startWhatMayHaveStarted(
  trx: Trx,
  world: Pick<World, 'append'>,
  now: Instant,
): Promise<readonly GrantId[]> {
  const started: GrantId[] = [];
  for (const grant of await lockStartable(trx)) {
    const { id, request, person, durationMs } = grant;
    const next = transitionGrant(grant.state, { kind: 'start', durationMs, latestEndAt: null }, now);
    if (!next.ok || next.value.kind !== 'activating') continue;
    await saveMayHaveStarted(trx, grant, next.value, now);
    const facts = { activatedAt: toIso(next.value.activatedAt), endsAt: toIso(next.value.endsAt) };
    await world.append(trx, {
      kind: 'grant.activating',
      at: now,
      actor: SYSTEM,
      subjects: { grant: id, request, person },
      facts,
    });
    started.push(id);
  }
  return started;
}

async function lapsePending(trx: Trx, world: Pick<World, 'append'>, now: Instant) {
  const pending = (await lockPending(trx)).filter(
    ({ lapsesAt }) => transitionRequest({ kind: 'pending', lapsesAt }, { kind: 'begin-epoch' }, now).ok,
  );
  const entries = pending.map(({ id, person }): NewEntry => ({
    kind: 'request.lapsed',
    at: now,
    actor: SYSTEM,
    subjects: { request: id, person },
    facts: { cause: 'new-epoch' },
  }));
  for (let from = 0; from < entries.length; from += WRITTEN_AT_ONCE)
    await world.append(trx, ...entries.slice(from, from + WRITTEN_AT_ONCE));
  const ids = pending.map(({ id }) => id);
  if (ids.length > 0) await saveLapsed(trx, ids, now);
  return ids;
}

/** What a process that has no cloud takes for the longest. */
const LANDS_WITHIN_MS = 60_000;

/** The longest that a call of any method may take to land after it was given up. */
function longestLandingMs({ providers }: Pick<World, 'providers'>): number {
  const methods = [...providers.values()].flatMap((provider) => Object.values(provider.methods));
  return Math.max(LANDS_WITHIN_MS, ...methods.map((method) => method.abandonedCallMs));
}
