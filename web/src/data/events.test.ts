import { expect, test } from 'vitest';
import { pauseBefore, touchedBy } from './events.ts';

test('pauses between tries double up to half a minute, and differ from page to page', () => {
  expect([0, 1, 2, 3].map((attempt) => pauseBefore(attempt, 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(pauseBefore(40, 1)).toBe(30_000);
  expect(pauseBefore(2, 0)).toBe(2_000);
});

test('a change of a grant is a change of the request that it came from; an unknown one touches everything', () => {
  expect(touchedBy('grant')).toContain('requests');
  expect(touchedBy('request')).not.toContain('grants');
  // Who decides must not go on reading what other rules said.
  expect(touchedBy('policy')).toEqual(expect.arrayContaining(['request', 'requests']));
  // What a second person is asked for, and their own passkeys and roles, which may be another after it.
  expect(touchedBy('recovery')).toEqual(['recoveries', 'me']);
  expect(touchedBy('proposal')).toEqual(['administration', 'me']);
  expect(touchedBy('something newer than this page')).toBeNull();
});
