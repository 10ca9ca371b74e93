import { describe, expect, test } from 'vitest';
import { asksUntil, revocationStatus } from './revocation.ts';
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
