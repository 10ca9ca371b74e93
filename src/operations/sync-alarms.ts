import type { SourceStatus } from '../core/directory-source.ts';
import type { Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { appNow } from '../store/database.ts';
import type { Trx } from '../store/schema.ts';
import { confirmHint, countsOf, heldWords, type SourceLoss } from './directory-sync.ts';
import type { World } from './world.ts';

type AlarmWorld = Pick<World, 'db' | 'append' | 'log' | 'countDirectoryAlarm'>;

/** Tells of syncs that are held and sources that fail: once each, in the log of operators, the metrics and the ledger. */
export function createSyncAlarms() {
  /** What was told already, by source. */
  const told = new Map<string, string>();

  async function tell(world: AlarmWorld, source: string, mark: string, entry: Omit<NewEntry, 'at'>): Promise<void> {
    if (told.get(source) === mark) return;
    await world.db.transaction().execute(async (trx) => world.append(trx, { ...entry, at: await appNow(trx) }));
    told.set(source, mark);
    world.countDirectoryAlarm?.(entry.kind === 'directory.held' ? 'sync-held' : 'source-failed');
  }

  return {
    async raise(world: AlarmWorld, losses: readonly SourceLoss[], sources: readonly SourceStatus[]): Promise<void> {
      for (const { name, failure } of sources) {
        const loss = losses.find((one) => one.source === name && !one.confirmed);
        if (loss !== undefined) {
          if (told.get(name) !== loss.confirm)
            world.log.error({ source: name, hint: confirmHint(loss.confirm) }, heldWords(loss.source, countsOf(loss)));
          await tell(world, name, loss.confirm, entryOf('directory.held', loss));
        } else if (failure !== null) {
          if (told.get(name) !== failure)
            world.log.error(
              { source: name, cause: failure },
              'a source of people cannot be used; its last good people stay',
            );
          const facts = { source: name, cause: failure };
          await tell(world, name, failure, { kind: 'directory.failed', actor: ACTOR, subjects: {}, facts });
        } else told.delete(name);
      }
    },
    /** In the transaction that takes a loss over which a person confirmed. */
    async confirm(world: Pick<World, 'append'>, trx: Trx, losses: readonly SourceLoss[], at: Instant): Promise<void> {
      for (const loss of losses)
        if (loss.confirmed) await world.append(trx, { ...entryOf('directory.confirmed', loss), at });
    },
  };
}

const ACTOR = { kind: 'system', id: 'directory' } as const;

function entryOf(kind: 'directory.held' | 'directory.confirmed', loss: SourceLoss): Omit<NewEntry, 'at'> {
  const { lost, of, emptied, taken } = countsOf(loss);
  return {
    kind,
    actor: ACTOR,
    subjects: {},
    facts: {
      ...{ source: loss.source, loss: loss.confirm, lost, people: of, emptied: [...emptied] },
      // What does not happen is not said, as before there was such a thing.
      ...(taken.length === 0 ? {} : { taken: taken.map((one) => ({ ...one })) }),
    },
  };
}
