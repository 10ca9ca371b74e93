import { short } from '../kernel/trace.ts';
import type { Observer } from './observer.ts';

/**
 * How long after everything works again a thing that is due may stay undone: the longest pause of a node and the longest
 * answer of the database that began before, a lease, the time in which an abandoned call can land, and retries with back-off.
 */
export const CONVERGES_WITHIN_MS = 6 * 60_000;

/** Judges, when all faults have been over for long enough, whether everything that was due has been done. */
export function checkLiveness(observer: Observer, now: number): void {
  const report = (text: string) => observer.violations.report('liveness', text);
  observer.violations.judge('converged', observer.requests.size + observer.grants.size);
  const since = now - CONVERGES_WITHIN_MS;
  for (const row of observer.requests.values()) {
    if (row.state === 'pending' && row.lapsesAt < since)
      report(`${short(row.id)} is pending long after its time was over`);
  }
  for (const row of observer.grants.values()) {
    if (row.endedAt !== null) continue;
    if (row.state === 'scheduled' && row.startsAt < since)
      report(`${short(row.id)} was due to start long ago (${row.lastFault ?? 'no fault'})`);
    if (row.endsAt !== null && row.endsAt < since) report(`${short(row.id)} is ${row.state} long after its end`);
    if (row.endingSince !== null && row.endingSince < since) report(`${short(row.id)} has been ending for too long`);
  }
}
