import { sql } from 'kysely';
import type { Finding } from '../../src/core/finding.ts';
import type { GrantId, PersonId } from '../../src/core/ids.ts';
import { ok, type Result } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { unclassified, type NewEntry } from '../../src/ledger/entry.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { type FakeProvider } from './fake-provider.ts';

/** Who ends a grant in these tests, and why. */
export const BY = { person: 'per_aaaaaaaaaaaaaaaaaaaa' as PersonId, reason: 'The laptop was lost' };

export type Verdict = Result<null, { code: string; text: string }>;

/** An engine over a test database and a cloud in memory, with what it wrote into the log. */
export interface Bench {
  readonly engine: Engine;
  readonly entries: string[];
  /** The same in full. */
  readonly written: readonly NewEntry[];
  /** What it counted for the metrics. */
  readonly found: Finding[];
  state(id: GrantId): Promise<string>;
  /** Makes everything due now and every lease run out. */
  hurry(): Promise<void>;
  /** As if so much time had passed that no call which was given up can still be under way. */
  callsAreOver(): Promise<void>;
}

/** Puts an engine together whose rules and log do as `options` say. */
export function bench(
  database: Database,
  provider: FakeProvider,
  options: {
    node?: string;
    verdict?: Verdict;
    appendFails?: (written: readonly NewEntry[]) => boolean;
    clock?: Clock;
  } = {},
): Bench {
  const entries: string[] = [];
  const inFull: NewEntry[] = [];
  const found: Finding[] = [];
  const engine = createEngine({
    db: database.db,
    clock: options.clock ?? systemClock,
    random: systemRandom,
    node: options.node ?? 'node-1',
    providers: new Map([['aws', provider]]),
    recheck: async () => options.verdict ?? ok(null),
    append: async (_trx, ...written) => {
      if (options.appendFails?.(written) === true) throw new Error('no space left on device');
      // The log refuses what nobody has classified.
      for (const entry of written)
        if (unclassified(entry) !== null) throw new Error(`${entry.kind} has no ${String(unclassified(entry))}`);
      entries.push(...written.map((entry) => (entry.late === true ? `${entry.kind} (late)` : entry.kind)));
      inFull.push(...written);
    },
    publish: () => {},
    log: silentLog,
    countFinding: (finding) => found.push(finding),
  });
  return {
    engine,
    entries,
    written: inFull,
    found,
    state: async (id) => (await findGrant(database.db, id))?.state.kind ?? 'none',
    hurry: async () => {
      await sql`update "grant" set due_at = app_now() where due_at is not null`.execute(database.db);
      await sql`update "grant" set lease_until = app_now() where lease_until is not null`.execute(database.db);
    },
    callsAreOver: async () => {
      await sql`update binding set last_call_at = app_now() - interval '1 minute', absent_since = app_now() - interval '1 minute'`.execute(
        database.db,
      );
    },
  };
}

/** Lets the time of a running grant be over, as if it had been activated an hour earlier. The guard that forbids it is switched off for that. */
export async function pastItsEnd(database: Database, id: GrantId): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    // One moment for all: two readings of the clock may be of two milliseconds, as if a later end had been on its way.
    await sql`
      update "grant" set activated_at = t.now - interval '1 hour', ends_at = t.now - interval '1 second', bound_until = t.now - interval '1 second', due_at = t.now
      from (select app_now() as now) t where id = ${id}`.execute(trx);
  });
}
