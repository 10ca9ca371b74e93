import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { scheduledAt } from './aws-center-steps.ts';
import { ACCOUNTS } from './aws-center-world.ts';
import { post } from './aws-harness.ts';
import { ACCOUNT } from './aws-world.ts';
import { provide, takeAway } from './contract-steps.ts';

/** What becomes of access in accounts that are suspended, closed, or gone. */
let on: CenterHarness;

beforeAll(async () => {
  on = await centerHarness();
});
afterEach(async () => {
  await on.heal();
  await post(on.url, 'account-state', { account: ACCOUNT, state: 'ACTIVE' });
});
afterAll(() => on.close());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const returned = (): Ending => ({ cause: 'returned', since: on.now() });
const fresh = (): BindingSpec => on.over({});

describe('a start', () => {
  test('an account that was suspended: the start fails for good and names the state, and its end brings its schedule forward', async () => {
    const spec = fresh();
    await post(on.url, 'account-state', { account: ACCOUNT, state: 'SUSPENDED' });
    await expect(provide(on, spec)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/403 status error.*The account is SUSPENDED/) as string,
    });
    await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
    expect((await scheduledAt(on, spec)) ?? 0).toBeLessThan(on.now() + 10_000);
  });
});

describe('an ending', () => {
  test.each(['SUSPENDED', 'CLOSED'])(
    'in an account that is %s meanwhile is told with its state, and goes on when the account is back',
    async (state) => {
      const spec = fresh();
      await provide(on, spec);
      await post(on.url, 'account-state', { account: ACCOUNT, state });
      await expect(takeAway(on, spec, returned())).rejects.toMatchObject({
        kind: 'forbidden-to-us',
        message: expect.stringMatching(new RegExp(`The account is ${state}`)) as string,
      });
      await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({ presence: 'present' });
      await post(on.url, 'account-state', { account: ACCOUNT, state: 'ACTIVE' });
      await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
    },
  );

  test('in an account that its organization does not know any more is over, and until it says so is not', async () => {
    const native = ACCOUNTS.at(-1) ?? '';
    const spec = { ...fresh(), target: { ...fresh().target, native } };
    await provide(on, spec);
    await post(on.url, 'account-state', { account: native, state: 'CLOSED' });
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({ presence: 'present' });
    await post(on.url, 'account-state', { account: native, state: 'GONE' });
    const silent = { service: 'organizations', action: 'DescribeAccount', kind: 'deny', times: 1 };
    await post(on.url, 'faults', [silent]);
    await expect(on.provider.observe(spec, returned(), call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      evidence: { accountIs: 'gone', saidBy: 'its organization' },
      final: false,
    });
  });
});
