import type { DirectorySnapshot, Person } from '../core/directory.ts';
import type { Instant } from '../core/time.ts';

/**
 * Lookups over one snapshot. Built when rules are loaded with a snapshot, or when it is first asked about (some hundred
 * milliseconds for 100,000 people), and kept for as long as the snapshot lives: a decision happens at every keystroke, a
 * new snapshot at most every minute.
 */
export interface DirectoryIndex {
  /** Groups of a person, sorted; empty for somebody in none. */
  groupsOf(person: string): readonly string[];
  labelsOf(person: Person): ReadonlyMap<string, string>;
  /** Members of a group who have not left, sorted; empty for an unknown group. */
  membersOf(group: string): readonly string[];
  /** Whoever was on call at any moment from `since` to `until`, both included, and has not left. Empty for an unknown rotation. */
  onCall(rotation: string, since: Instant, until: Instant): readonly string[];
  isActive(person: string): boolean;
}

const NONE: readonly string[] = [];
const indexes = new WeakMap<DirectorySnapshot, DirectoryIndex>();

export function directoryIndex(directory: DirectorySnapshot): DirectoryIndex {
  let index = indexes.get(directory);
  if (index === undefined) {
    index = build(directory);
    indexes.set(directory, index);
  }
  return index;
}

function build(directory: DirectorySnapshot): DirectoryIndex {
  const groups = groupsByPerson(directory);
  const members = membersByGroup(directory, groups);
  const labels = new WeakMap<Person, ReadonlyMap<string, string>>();
  const isActive = (person: string): boolean => directory.people.get(person)?.active === true;
  return {
    isActive,
    groupsOf: (person) => groups.get(person) ?? NONE,
    labelsOf(person) {
      let known = labels.get(person);
      if (known === undefined) {
        known = new Map(Object.entries(person.labels));
        labels.set(person, known);
      }
      return known;
    },
    membersOf: (group) => members.get(group) ?? NONE,
    onCall(rotation, since, until) {
      const found: string[] = [];
      for (const shift of directory.rotations.get(rotation)?.shifts ?? []) {
        if (shift.from <= until && since < shift.until && isActive(shift.person)) found.push(shift.person);
      }
      return found;
    },
  };
}

function groupsByPerson(directory: DirectorySnapshot): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const key of [...directory.groups.keys()].sort()) {
    for (const person of directory.groups.get(key)?.members ?? NONE) {
      const list = groups.get(person);
      if (list === undefined) groups.set(person, [key]);
      else list.push(key);
    }
  }
  return groups;
}

/** Walking people in order yields sorted members without sorting every group. */
function membersByGroup(
  directory: DirectorySnapshot,
  groups: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const person of [...groups.keys()].sort()) {
    if (directory.people.get(person)?.active !== true) continue;
    for (const group of groups.get(person) ?? NONE) {
      const list = members.get(group);
      if (list === undefined) members.set(group, [person]);
      else list.push(person);
    }
  }
  return members;
}
