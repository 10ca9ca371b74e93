import { expect, test } from 'vitest';
import { bodyOf, candidates, commandLine, coveredBy, extentOf, matching } from './cover.ts';

const ana = { key: 'ana', name: 'Ana Ribeiro' };
const bo = { key: 'bo', name: 'Bo Sandberg' };
const grants = [
  { id: 1, status: 'active' as const, person: bo, target: 'aws/prod' },
  { id: 2, status: 'ending' as const, person: ana, target: 'aws/staging' },
  { id: 3, status: 'scheduled' as const, person: ana, target: 'aws/prod' },
  { id: 4, status: 'ended' as const, person: ana, target: 'aws/prod' },
];
const ids = (found: readonly { id: number }[]): readonly number[] => found.map(({ id }) => id);

test('an order covers what is not over, of one person, on one target, or all of it', () => {
  expect(ids(coveredBy(grants, { kind: 'person', ...ana }))).toEqual([2, 3]);
  expect(ids(coveredBy(grants, { kind: 'target', key: 'aws/prod', name: '' }))).toEqual([1, 3]);
  expect(ids(coveredBy(grants, { kind: 'all' }))).toEqual([1, 2, 3]);
});

test('how much that is, the server knows for a person, who may hold more under other entries of the directory', () => {
  const live = coveredBy(grants, { kind: 'person', ...ana });
  expect(extentOf(live, false, undefined)).toEqual({ grants: 2, ending: 1, people: 1, elsewhere: 0 });
  const two = { grants: 5, ending: 2, entries: 2 };
  expect(extentOf(live, false, two)).toEqual({ grants: 5, ending: 2, people: 1, elsewhere: 3 });
  expect(extentOf([], false, two)).toEqual({ grants: 5, ending: 2, people: 1, elsewhere: 5 });
  // Of one entry the page knows sooner what has begun or ended, unless it has not read everything.
  const one = { grants: 4, ending: 0, entries: 1 };
  expect(extentOf(live, false, one)).toEqual({ grants: 2, ending: 1, people: 1, elsewhere: 0 });
  expect(extentOf(live, true, one)).toEqual({ grants: 4, ending: 0, people: 1, elsewhere: 0 });
  const nothing = { grants: 0, ending: 0, entries: 0 };
  expect(extentOf([], false, nothing)).toEqual({ grants: 0, ending: 0, people: 0, elsewhere: 0 });
  const everything = coveredBy(grants, { kind: 'all' });
  expect(extentOf(everything, true, undefined)).toEqual({ grants: 3, ending: 1, people: 2, elsewhere: 0 });
});

test('who holds most is offered first, and whoever is typed in full can be stopped without holding anything', () => {
  const people = candidates(grants, 'person');
  expect(people).toEqual([
    { ...ana, held: 2 },
    { ...bo, held: 1 },
  ]);
  expect(matching(people, 'RIB').map(({ key }) => key)).toEqual(['ana', 'RIB']);
  expect(matching(people, 'mallory')).toEqual([{ key: 'mallory', name: 'mallory', held: 0 }]);
  expect(matching(people, 'bo').map(({ key }) => key)).toEqual(['bo']);
  expect(matching(people, 'nobody here')).toEqual([]);
  expect(candidates(grants, 'target').map(({ key, held }) => [key, held])).toEqual([
    ['aws/prod', 2],
    ['aws/staging', 1],
  ]);
});

test('the API and the command line are told the same', () => {
  expect(bodyOf({ kind: 'person', ...ana }, 'why')).toEqual({ person: 'ana', reason: 'why' });
  expect(bodyOf({ kind: 'all' }, 'why')).toEqual({ all: true, reason: 'why' });
  expect(commandLine({ kind: 'target', key: 'aws/prod', name: 'aws/prod' }, `it's bad`)).toBe(
    `curfew revoke --target aws/prod --reason 'it'\\''s bad'`,
  );
  expect(commandLine({ kind: 'person', key: '$(id)', name: '' }, '')).toBe(`curfew revoke --person '$(id)'`);
});
