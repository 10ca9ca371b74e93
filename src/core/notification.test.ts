import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { APPROVED_HELD_MS, NOTIFICATIONS, ON_CALL_ALONE_MS, WAITS_HELD_MS, warningMs } from './notification.ts';

const MINUTE = 60_000;

test.each([
  [9, null],
  [10, 5],
  [15, 5],
  [50, 5],
  [120, 12],
  [24 * 60, 144],
])('of %i minutes the last %s are announced', (minutes, lead) => {
  expect(warningMs(minutes * MINUTE)).toBe(lead === null ? null : lead * MINUTE);
});

test('the table of who is told what, and when, names every kind once and the times as they are', () => {
  const text = readFileSync(new URL('../../docs/running.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$/gm)].map(([, kinds = '', when = '']) => ({
    kinds: [...kinds.matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind),
    when,
  }));
  const of = (kind: string) => rows.filter(({ kinds }) => kinds.includes(kind));
  expect(NOTIFICATIONS.filter((kind) => of(kind).length !== 1)).toEqual([]);
  expect(of('waits')[0]?.when).toContain(`after ${WAITS_HELD_MS / 1_000} seconds`);
  expect(of('waits')[0]?.when).toContain(`after ${ON_CALL_ALONE_MS / MINUTE} minutes`);
  expect([of('approved')[0]?.when.startsWith('after a minute'), APPROVED_HELD_MS]).toEqual([true, MINUTE]);
});
