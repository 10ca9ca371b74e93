import { describe, expect, test } from 'vitest';
import { groupsOf, onCall, type DirectorySnapshot } from './directory.ts';
import { instant } from './time.ts';

const group = (key: string, members: readonly string[]) =>
  [key, { key, description: '', members: new Set(members) }] as const;
const shift = (person: string, from: number, until: number) => ({
  person,
  from: instant(from),
  until: instant(until),
});

const directory: DirectorySnapshot = {
  version: 'v1',
  takenAt: instant(0),
  people: new Map(),
  groups: new Map([group('payments', ['ana', 'bo']), group('data', ['ana']), group('empty', [])]),
  rotations: new Map([
    ['night', { key: 'night', shifts: [shift('ana', 0, 100), shift('bo', 100, 200), shift('cy', 150, 200)] }],
  ]),
};

describe('who is on call', () => {
  test.each([
    [-1, []],
    [0, ['ana']],
    [99, ['ana']],
    [100, ['bo']],
    [150, ['bo', 'cy']],
    [200, []],
  ])('at %d ms follows from the shifts, whose last moment is not theirs any more', (at, people) => {
    expect(onCall(directory, 'night', instant(at))).toEqual(people);
  });

  test('is nobody in a rotation that does not exist', () => {
    expect(onCall(directory, 'day', instant(50))).toEqual([]);
  });
});

test('the groups of a person are those that have them as a member, sorted', () => {
  expect(groupsOf(directory, 'ana')).toEqual(['data', 'payments']);
  expect(groupsOf(directory, 'bo')).toEqual(['payments']);
  expect(groupsOf(directory, 'zoe')).toEqual([]);
});
