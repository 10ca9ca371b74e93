import { describe, expect, test } from 'vitest';
import { asksUntil, coversUntil, revocationStatus } from './revocation.ts';
import { instant } from './time.ts';

const NOW = instant(1_000);
const order = { reach: 'own', asksUntil: instant(2_000), finishedAt: null, liftedAt: null } as const;
const finished = { ...order, finishedAt: instant(900) } as const;

describe('the status of an order', () => {
  test.each([
    ['waits for its second person', { ...order, reach: 'none' }, 3, 'waiting'],
    ['lapsed at the very moment', { ...order, reach: 'none', asksUntil: NOW }, 3, 'lapsed'],
    ['never asked, so it lapsed', { ...order, reach: 'none', asksUntil: null }, 3, 'lapsed'],
    ['ends what is its own', order, 3, 'ending'],
    ['ends everything', { ...order, reach: 'all' }, 0, 'ending'],
    ['has left what needs a second person', finished, 1, 'partly'],
    ['has nothing left', finished, 0, 'done'],
    ['reached everything, and what began since is not its own', { ...finished, reach: 'all' }, 1, 'done'],
    ['is lifted, whatever it had come to', { ...finished, liftedAt: NOW }, 1, 'lifted'],
    ['is lifted before anybody confirmed it', { ...order, reach: 'none', liftedAt: NOW }, 1, 'lifted'],
  ] as const)('that %s', (_, what, live, status) => {
    expect(revocationStatus(what, live, NOW)).toBe(status);
  });
});

test('an order can be confirmed for a quarter of an hour', () => {
  expect(asksUntil(NOW)).toBe(1_000 + 900_000);
});

describe('an order covers what is made', () => {
  const asks = { ...order, startedAt: instant(500) };
  const own = { ...asks, asksUntil: null };
  test.each([
    ['until it can no longer be widened', asks, 2_000],
    ['as long as it stands, once it is confirmed', { ...asks, reach: 'all' }, null],
    ['until it is lifted', { ...asks, reach: 'all', liftedAt: instant(1_500) }, 1_500],
    ['until it is lifted, if nobody confirmed it', { ...asks, liftedAt: instant(1_500) }, 1_500],
    ['not after it lapsed, though it is lifted later', { ...asks, liftedAt: instant(2_500) }, 2_000],
    ['until it began anew over one more entry of the same human', { ...asks, startedAt: instant(3_000) }, 3_000],
    ['while what is one’s own is ending', own, null],
    ['until what is one’s own is gone', { ...own, finishedAt: instant(900) }, 900],
  ] as const)('%s', (_, what, until) => {
    expect(coversUntil(what)).toBe(until);
  });
});
