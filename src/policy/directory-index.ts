import type { DirectorySnapshot, Person } from '../core/directory.ts';
import type { Instant } from '../core/time.ts';

/**
 * Lookups over one snapshot. Built when a snapshot is first asked about (about 100 ms for 100,000 people) and kept for as
 * long as the snapshot lives: a decision happens at every keystroke, a new snapshot at most every minute.
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
  const members = new Map<string, readonly string[]>();
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
    membersOf(group) {
      let known = members.get(group);
      if (known === undefined) {
        known = [...(directory.groups.get(group)?.members ?? NONE)].filter(isActive).sort();
        members.set(group, known);
      }
      return known;
    },
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
