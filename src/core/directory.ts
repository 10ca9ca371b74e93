import type { Instant } from './time.ts';

/**
 * One human being. `key` is the name that the directory uses (`ana`); accounts are that person's identities elsewhere.
 * Rules count persons, never accounts.
 */
export interface Person {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly manager: string | null;
  readonly employment: 'employee' | 'contractor';
  readonly labels: Readonly<Record<string, string>>;
  /** Identities in the clouds and at the sign-in provider, for example `{ aws: 'ana', azure: 'ana@acme.example' }`. */
  readonly accounts: Readonly<Record<string, string>>;
  /** False for somebody who has left: never asks, never approves, is given no credential. What they hold ends, unless the rules let it run out. */
  readonly active: boolean;
}

export interface Group {
  readonly key: string;
  readonly description: string;
  /** Keys of people, already expanded: a group inside a group has been resolved by the loader. */
  readonly members: ReadonlySet<string>;
}

/** An on-call rotation: who is on call is a function of time. */
export interface Rotation {
  readonly key: string;
  readonly shifts: readonly Shift[];
}

export interface Shift {
  readonly person: string;
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * What was known about people at one moment. A decision uses exactly one snapshot, and stores its `version`,
 * so that it can be recomputed and nobody's later group change rewrites the past.
 */
export interface DirectorySnapshot {
  readonly version: string;
  readonly takenAt: Instant;
  readonly people: ReadonlyMap<string, Person>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly rotations: ReadonlyMap<string, Rotation>;
  /** Live access of somebody who left runs to its end; absent: it ends at once. */
  readonly departures?: 'run-out';
}

/** Keys of the people on call in a rotation at a moment; empty for an unknown rotation. */
export function onCall(directory: DirectorySnapshot, rotation: string, at: Instant): readonly string[] {
  const shifts = directory.rotations.get(rotation)?.shifts ?? [];
  return shifts.filter((shift) => shift.from <= at && at < shift.until).map((shift) => shift.person);
}

/** Keys of the groups that a person belongs to, sorted. */
export function groupsOf(directory: DirectorySnapshot, person: string): readonly string[] {
  const keys: string[] = [];
  for (const group of directory.groups.values()) if (group.members.has(person)) keys.push(group.key);
  return keys.sort();
}
