import { expect, test } from 'vitest';
import type { AccessRequest } from './api.ts';
import { readWaiting } from './approvals.ts';

/** Requests of which the later made lapses later. */
const waiting = (from: number, count: number): AccessRequest[] =>
  Array.from({ length: count }, (_, n) => {
    const at = `2026-11-22T10:00:00.${String(from + n).padStart(6, '0')}Z`;
    return { id: `req_${from + n}`, createdAt: at, lapsesAt: at } as AccessRequest;
  });

test('an empty page is not the last one: what waits behind it is found, the most urgent first', async () => {
  const asked: (string | null)[] = [];
  const pages = [
    { items: [], nextCursor: 'a' },
    { items: waiting(5, 2), nextCursor: 'b' },
    { items: waiting(1, 2), nextCursor: null },
  ];
  const read = await readWaiting(async (cursor) => {
    asked.push(cursor);
    return pages[asked.length - 1] ?? { items: [], nextCursor: null };
  });
  expect(asked).toEqual([null, 'a', 'b']);
  expect(read.items.map(({ id }) => id)).toEqual(['req_1', 'req_2', 'req_5', 'req_6']);
  expect(read.more).toBe(false);
});

test('whoever has more to decide than anybody can is told that there is more, and the reading ends', async () => {
  let from = 0;
  const read = await readWaiting(async () => {
    from += 200;
    return { items: waiting(from, 200), nextCursor: String(from) };
  });
  expect([read.items.length, read.more]).toEqual([1_000, true]);
});
