import { emptyDatabase } from '../broker/database-server.ts';
import type { Laboratory, Outcome } from '../simulate.ts';
import { playHistory, type HistoryCounts } from './history.ts';

/** Lets one history happen in which the database is restored, and tells it as a storm is told; the counts say what happened in it. */
export async function restored(
  laboratory: Laboratory,
  seed: number,
): Promise<{ readonly outcome: Outcome; readonly counts: HistoryCounts }> {
  const before = process.cpuUsage();
  await emptyDatabase(laboratory.base, laboratory.fixed);
  const { violations, events, ...counts } = await playHistory(laboratory.base, seed);
  const { user, system } = process.cpuUsage(before);
  const outcome: Outcome = {
    seed,
    violations: violations.map((text) => ({ checker: 'epochs', text, atMs: 0 })),
    marks: {},
    digest: '',
    events: events.length,
    steps: counts.steps,
    virtualMs: 0,
    grants: counts.grants,
    overlaps: 0,
    faults: counts.restores,
    struck: {},
    judged: {},
    cpuMs: (user + system) / 1_000,
    lastEvents: events.slice(-40),
  };
  return { outcome, counts };
}
