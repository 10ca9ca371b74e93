import { expect, test } from 'vitest';
import { PACE } from './ports.ts';
import { OUTLIVES_CLAIM_MS } from './slot-turn.ts';

test('what a node that died was at is taken up within ten seconds, also where it had its turn on a shared slot', () => {
  // What is written under the claim is written in turn.
  expect(OUTLIVES_CLAIM_MS).toBeGreaterThan(PACE.leaseMs);
  expect(OUTLIVES_CLAIM_MS).toBeLessThanOrEqual(10_000);
});
