import { afterAll, beforeAll, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { CallOptions } from '../../src/providers/contract.ts';
import { centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { byHand, idOf, scheduledAt } from './aws-center-steps.ts';
import { post } from './aws-harness.ts';
import { provide, returned, takeAway } from './contract-steps.ts';

/** A schedule whose removal AWS cannot make and tries again, for up to a day. */
let on: CenterHarness;
beforeAll(async () => {
  on = await centerHarness({ retryBaseMs: 300 });
});
afterAll(() => on.close());

const call = (laterMs = 0): CallOptions => ({ now: after(on.now(), laterMs), signal: AbortSignal.timeout(5_000) });
/** Longer than the minute in which a schedule fires. */
const LATE_MS = 75_000;

test('what AWS still tries is deleted before the access counts as gone, and removes nothing that is given there afterwards', async () => {
  const spec = on.binding(6_000);
  await provide(on, spec);
  await post(on.url, 'faults', [
    { service: 'scheduler', action: 'fire', from: 'itself', kind: 'unavailable', times: 100 },
  ]);
  await expect.poll(() => on.now() > spec.endsAt + 500, { timeout: 10_000 }).toBe(true);
  expect(await scheduledAt(on, spec)).not.toBeNull();
  const ending = returned(on);

  // While the assignment stands the schedule is left: it may be all that is left of us.
  await on.provider.revoke(spec, ending, 0, call(LATE_MS));
  expect(await scheduledAt(on, spec)).not.toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Within its minute it may still fire, and hinders nothing.
  await expect(on.provider.observe(spec, ending, call())).resolves.toMatchObject({ presence: 'absent' });
  await expect(on.provider.observe(spec, ending, call(LATE_MS))).resolves.toMatchObject({
    presence: 'present',
    usable: false,
    native: { schedule: 'is still being tried' },
  });
  await on.provider.revoke(spec, ending, 0, call(LATE_MS));
  expect(await scheduledAt(on, spec)).toBeNull();
  await expect(on.provider.observe(spec, ending, call(LATE_MS))).resolves.toMatchObject({ presence: 'absent' });

  await post(on.url, 'faults', []);
  await byHand(on, 'create', spec);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const { identityCenter } = await on.remembered();
  const theirs = identityCenter.assignments.filter(
    ({ principalId, until }) => principalId === idOf(identityCenter, spec) && until === null,
  );
  expect(theirs).toHaveLength(1);
}, 30_000);

test('a start that fails leaves the end that others may need, and its own end takes it away', async () => {
  const spec = on.binding(600_000);
  await provide(on, spec);
  await byHand(on, 'delete', spec);
  const second = { ...spec, grant: on.binding(600_000).grant };
  await post(on.url, 'faults', [{ service: 'sso', action: 'finish-create', from: 'itself', kind: 'deny', times: 1 }]);
  await expect(provide(on, second)).rejects.toMatchObject({ hasWritten: true });
  expect(await scheduledAt(on, second)).toBe(Math.floor(second.endsAt / 1_000) * 1_000);
  await expect(takeAway(on, second, returned(on))).resolves.toMatchObject({ presence: 'absent' });
  await expect.poll(() => scheduledAt(on, second), { timeout: 8_000 }).toBeNull();
}, 30_000);
