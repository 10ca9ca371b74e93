import { judgeEpoch, type Epoch, type EpochCause, type Witness } from '../core/epoch.ts';
import { instant, toIso, type Instant } from '../core/time.ts';
import {
  beginFirstEpoch,
  lockEpoch,
  readEpoch,
  readWhereabouts,
  saveWhereabouts,
  type FoundEpoch,
} from '../store/epoch.ts';
import { beginEpoch } from './begin-epoch.ts';
import { noteLoaded } from './reload-rules.ts';
import type { World } from './world.ts';

/** Where a node keeps what it has seen, outside of the database. */
export interface WitnessStore {
  read(): string | null;
  write(text: string): void;
}

/** The epoch as this process knows it. */
export interface EpochWatch {
  /** Looks, begins an epoch if the database was restored, and follows one that others began. Throws when the database does not say. */
  look(): Promise<Epoch>;
  /** What the operator says: the database was restored. Throws when that cannot be written. */
  restored(): Promise<Epoch>;
  /** As it was seen at the last look; `null`: there was none. */
  current(): { readonly epoch: Epoch; readonly cause: EpochCause | null; readonly seenAt: Instant } | null;
  /** For whoever judges or issues tokens, which belong to an epoch by its id. */
  readonly ids: { known(): string | null; look(): Promise<string> };
}

type Parts = Pick<World, 'db' | 'append' | 'changes' | 'providers' | 'random' | 'wake' | 'rules' | 'log'>;

/** What did not change is written again after this time, so that the file says that it was seen lately. */
const REWRITE_MS = 60_000;

/**
 * Watches over the epoch: one small question to the database for each look. One watch for a process, and it looks once at a time.
 * `logKey`: the key that our checkpoints are verified with; what was kept of a log with another key says nothing about this one.
 */
export function createEpochWatch(world: Parts, store: WitnessStore, logKey: string): EpochWatch {
  let witness: Witness | null = null;
  let isRead = false;
  let kept: Witness | null = null;
  let known: FoundEpoch | null = null;
  /** The epoch in which the rules in force were written down; the start does so by itself. */
  let rulesNotedIn: string | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const find = async (): Promise<FoundEpoch> => {
    const lives = await readWhereabouts(world.db);
    const found = await readEpoch(world.db, lives, witness?.size ?? 0);
    if (found !== null) return found;
    await beginFirstEpoch(world.db, newEpochId(world), lives);
    const first = await readEpoch(world.db, lives, witness?.size ?? 0);
    if (first === null) throw new Error('an epoch was written and is not there');
    return first;
  };

  const begin = async (found: FoundEpoch, cause: EpochCause): Promise<FoundEpoch> => {
    const { epoch: instead, lives } = found;
    const begun = await beginEpoch(world, { cause, instead, witness, lives });
    if (begun === null) return find();
    const { number, beganAt } = begun.epoch;
    world.log.error(
      { cause, epoch: number, beganAt: toIso(beganAt), size: begun.size, seen: witness?.size ?? null },
      'the database was restored from a backup: a new epoch begins, pending requests lapse, and everybody signs in again',
    );
    return begun;
  };

  const act = async (found: FoundEpoch): Promise<FoundEpoch> => {
    const verdict = judgeEpoch(witness, found);
    if (verdict.kind === 'restored') return begin(found, verdict.cause);
    if (verdict.kind === 'moved') await noteMove(world, found);
    return found;
  };

  const remember = async (found: FoundEpoch): Promise<Epoch> => {
    known = found;
    const { epoch, size, root, now: seenAt } = found;
    witness = { epoch: epoch.id, number: epoch.number, size, root, seenAt };
    const isNews = kept === null || kept.epoch !== witness.epoch || kept.size !== size || kept.root !== root;
    if (isNews || kept === null || seenAt - kept.seenAt >= REWRITE_MS || seenAt < kept.seenAt) keep(witness);
    // The documents that decide here may be younger than the copy, which does not know them.
    if (rulesNotedIn !== null && rulesNotedIn !== epoch.id) await noteLoaded(world, world.rules.current());
    rulesNotedIn = epoch.id;
    return epoch;
  };

  /** A disk that is full must not end the watch: what is in memory is worth more. */
  const keep = (seen: Witness): void => {
    try {
      store.write(`${JSON.stringify({ v: 1, log: logKey, ...seen, seenAt: toIso(seen.seenAt) })}\n`);
      kept = seen;
    } catch (error) {
      world.log.error({ error: String(error) }, 'what was seen of the log cannot be kept outside of the database');
    }
  };

  const alone = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = turn.then(() => {
      if (!isRead) witness = readWitness(store, logKey);
      isRead = true;
      return work();
    });
    turn = done.catch(() => undefined);
    return done;
  };

  const look = () => alone(async () => remember(await act(await find())));
  return {
    look,
    ids: { known: () => known?.epoch.id ?? null, look: async () => (await look()).id },
    restored: () => alone(async () => remember(await begin(await find(), 'said-by-operator'))),
    current: () => (known === null ? null : { epoch: known.epoch, cause: known.cause, seenAt: known.now }),
  };
}

function newEpochId({ random }: Pick<World, 'random'>): string {
  return Buffer.from(random.bytes(16)).toString('hex');
}

/** A replica took over, and nothing that we know of was lost: the log says so. */
async function noteMove(world: Pick<World, 'db' | 'append' | 'log'>, found: FoundEpoch): Promise<void> {
  const { epoch, lived, lives } = found;
  const isNews = await world.db.transaction().execute(async (trx) => {
    await lockEpoch(trx);
    const current = await readEpoch(trx, lives, 0);
    if (current === null || current.epoch.id !== epoch.id || current.lived.timeline !== lived.timeline) return false;
    await saveWhereabouts(trx, lives);
    await world.append(trx, {
      kind: 'epoch.kept',
      at: current.now,
      actor: { kind: 'system', id: 'epoch' },
      subjects: {},
      facts: { epoch: epoch.id, number: epoch.number, timeline: lives.timeline, before: lived.timeline },
    });
    return true;
  });
  if (isNews) world.log.warn({ before: lived.timeline, timeline: lives.timeline }, 'the database goes on elsewhere');
}

/** What the nodes with this data folder have seen of the database last; `null`: nothing of this log. */
export function readWitness(store: Pick<WitnessStore, 'read'>, logKey: string): Witness | null {
  return parseWitness(store.read(), logKey);
}

/** What was kept of this log; what is no witness, or one of another log, is none. Files of before logs were named count as ours. */
function parseWitness(text: string | null, logKey: string): Witness | null {
  if (text === null) return null;
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null) return null;
  const { log, epoch, number, size, root, seenAt } = said as Readonly<Record<string, unknown>>;
  const at = typeof seenAt === 'string' ? Date.parse(seenAt) : Number.NaN;
  const isSound =
    (log === undefined || log === logKey) &&
    typeof epoch === 'string' &&
    Number.isSafeInteger(number) &&
    Number.isSafeInteger(size) &&
    typeof root === 'string' &&
    !Number.isNaN(at);
  if (!isSound) return null;
  return { epoch, number: number as number, size: size as number, root, seenAt: instant(at) };
}
