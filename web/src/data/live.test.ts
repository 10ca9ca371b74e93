import { expect, test } from 'vitest';
import type { Grant } from './api.ts';
import { withChanged, withEnded, withoutHidden } from './live.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const grant = (id: string, status: Grant['status'], endedAt: string | null = null): Grant =>
  ({ id, status, endedAt }) as Grant;
const ids = (grants: readonly Grant[]): readonly string[] => grants.map(({ id, status }) => `${id} ${status}`);

test('what ended while somebody looked stays with its proof, for ten minutes', () => {
  const before = [
    grant('live', 'active'),
    grant('gone', 'ended', '2026-11-22T09:55:00Z'),
    grant('failed', 'failed', '2026-11-22T09:51:00Z'),
    grant('long-gone', 'ended', '2026-11-22T09:49:00Z'),
    grant('vanished', 'active'),
  ];
  const read = [grant('live', 'ending'), grant('new', 'active')];
  expect(ids(withEnded(before, read, NOW))).toEqual(['live ending', 'new active', 'gone ended', 'failed failed']);
});

test('a change is shown in its place, a new grant at the end, and one that was never shown is not shown when it is over', () => {
  const grants = [grant('a', 'active'), grant('b', 'active')];
  expect(ids(withChanged(grants, grant('a', 'ended')))).toEqual(['a ended', 'b active']);
  expect(ids(withChanged(grants, grant('c', 'activating')))).toEqual(['a active', 'b active', 'c activating']);
  expect(withChanged(grants, grant('c', 'ended'))).toBe(grants);
});

test('what is not shown any more when it is asked for again is over, and leaves the list', () => {
  const grants = [grant('mine', 'active'), grant('theirs', 'active'), grant('unasked', 'active')];
  const left = withoutHidden(grants, ['mine', 'theirs', 'never'], [grant('mine', 'ended')]);
  expect(ids(left)).toEqual(['mine active', 'unasked active']);
  expect(withoutHidden(grants, ['mine'], [grant('mine', 'ended')])).toBe(grants);
});
