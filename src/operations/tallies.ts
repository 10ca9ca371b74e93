import type { Finding } from '../core/finding.ts';
import type { AlarmPlace, DirectoryAlarm } from './raise-alarms.ts';

/** How often each of a closed list has happened since the start of the process. */
export interface Tally<Name extends string> {
  readonly counts: Readonly<Record<Name, number>>;
  count(this: void, name: Name): void;
}

/** What operators are alarmed of, for the metrics. */
export interface Tallies {
  readonly alarms: Tally<AlarmPlace>;
  readonly findings: Tally<Finding>;
  readonly directory: Tally<DirectoryAlarm>;
}

export function createTallies(): Tallies {
  const findings = {
    'access-not-provably-gone': 0,
    'standing-access-remains': 0,
    'end-was-edited': 0,
    'more-survives-than-promised': 0,
    'approval-altered': 0,
    'approved-by-requester': 0,
    'left-under-one-entry': 0,
  };
  // All begin at nothing: what is not there cannot be seen to grow.
  return {
    alarms: tally({ request: 0, decision: 0, start: 0 }),
    findings: tally(findings),
    directory: tally({ 'sync-held': 0, 'source-failed': 0, 'account-conflict': 0 }),
  };
}

function tally<Name extends string>(counts: Record<Name, number>): Tally<Name> {
  return { counts, count: (name) => void (counts[name] += 1) };
}
