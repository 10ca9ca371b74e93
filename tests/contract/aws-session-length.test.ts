import { ProvisionPermissionSetCommand, UpdatePermissionSetCommand } from '@aws-sdk/client-sso-admin';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { CallOptions, Ending } from '../../src/providers/contract.ts';
import { centerHarness, QUICK, TOMBSTONE, whenFree, type CenterHarness } from './aws-center-harness.ts';
import { OWNED_SET, PERMISSION_SET } from './aws-center-world.ts';
import { post } from './aws-harness.ts';
import { clockAhead, tombstoneSteps } from './aws-tombstone-steps.ts';
import { ACCOUNT } from './aws-world.ts';
import { pause, provide, retried, takeAway } from './contract-steps.ts';

/** Sessions of a permission set that somebody lets last longer while a grant runs. */
const HOUR = 3_600_000;

let on: CenterHarness;
const call = (ms = 0): CallOptions => ({ now: after(on.now(), ms), signal: AbortSignal.timeout(5_000) });
const returned = (): Ending => ({ cause: 'returned', since: on.now() });
/** A process that has not looked at the set before. */
const another = (): CenterHarness => ({ ...on, provider: on.with({}) });

async function lasting(name: string, SessionDuration: string): Promise<void> {
  const admin = await on.admin();
  const { identityCenter } = await on.remembered();
  const set = identityCenter.permissionSets.find((one) => one.name === name);
  const names = { InstanceArn: identityCenter.instanceArn, PermissionSetArn: set?.arn };
  await whenFree(() => admin.send(new UpdatePermissionSetCommand({ ...names, SessionDuration })));
  const there = { TargetType: 'AWS_ACCOUNT', TargetId: ACCOUNT } as const;
  await whenFree(() => admin.send(new ProvisionPermissionSetCommand({ ...names, ...there })));
  await pause(60);
}

describe('without a tombstone', () => {
  beforeAll(async () => {
    on = await centerHarness();
    await on.settings({ ...QUICK, fireDelayMs: [86_400_000, 86_400_000] });
  });
  afterEach(async () => {
    await on.heal();
    await lasting(PERMISSION_SET, 'PT1H');
  });
  afterAll(() => on.close());

  test.each([
    ['PT12H', 12 * HOUR, { maxMs: 12 * HOUR, words: expect.stringMatching(/last 720 minutes/) as string }],
    ['PT1H30M', 1.5 * HOUR, { maxMs: 1.5 * HOUR }],
    ['PT1H', HOUR, undefined],
  ])('an end says that sessions of %s go on for so long', async (duration, lastMs, residual) => {
    const spec = on.over({});
    await retried(on, () => provide(on, spec));
    await lasting(PERMISSION_SET, duration);
    const seen = await retried(on, () => takeAway(another(), spec, returned()));
    expect(seen).toMatchObject({ presence: 'absent', evidence: { sessionsIssuedBeforeMayLastMs: lastMs } });
    if (residual === undefined) expect(seen).not.toHaveProperty('residual');
    else expect(seen).toMatchObject({ residual });
  });

  test('an end that may not look at the set says the most that AWS lets any last, and is no later for it', async () => {
    const { identityCenter } = await on.remembered();
    const arn = identityCenter.permissionSets.find((one) => one.name === PERMISSION_SET)?.arn ?? '';
    const spec = on.over({ permissionSet: arn });
    await retried(on, () => provide(on, spec));
    await post(on.url, 'faults', [{ service: 'sso', action: 'DescribePermissionSet', kind: 'deny', times: 99 }]);
    const seen = await retried(on, () => takeAway(another(), spec, returned()));
    expect(seen).toMatchObject({ presence: 'absent', evidence: { sessionsIssuedBeforeMayLastMs: 12 * HOUR } });
  });

  const fault = { service: 'sso', action: 'DescribePermissionSet', times: 99 };
  test.each([
    ['throttle', {}],
    ['drop-before', {}],
    ['delay', { delayMs: 6_000 }],
  ])(
    'an end whose look at the set comes to nothing (%s) says what was known of it last, however old, and is no later for it',
    async (kind, more) => {
      const spec = on.over({});
      await retried(on, () => provide(on, spec));
      const clock = clockAhead();
      const other = { ...on, provider: on.with({ clock }) };
      await retried(on, () => other.provider.observe(spec, null, call()));
      await retried(on, () => takeAway(other, spec, returned()));
      clock.aheadMs = 31_000;
      await post(on.url, 'faults', [{ ...fault, kind, ...more }]);
      await expect(other.provider.observe(spec, returned(), call())).resolves.toMatchObject({
        presence: 'absent',
        evidence: { sessionsIssuedBeforeMayLastMs: HOUR },
      });
    },
    20_000,
  );
});

describe('with a tombstone', () => {
  const { fresh, countOf, session, use } = tombstoneSteps(() => on);
  beforeAll(async () => {
    on = await centerHarness({}, TOMBSTONE);
    await on.settings({ ...QUICK, fireDelayMs: [86_400_000, 86_400_000] });
  });
  afterAll(() => on.close());

  test('they stay denied until the last of them has expired', async () => {
    const spec = fresh();
    await retried(on, () => provide(on, spec));
    await lasting(OWNED_SET, 'PT12H');
    const held = await session(spec);
    expect(await use(held)).toBe('allowed');
    const seen = await retried(on, () => takeAway(on, spec, returned()));
    expect(seen).toMatchObject({ presence: 'absent', evidence: { sessionsIssuedBeforeMayLastMs: 0 } });
    const later = another();
    // The first look of a process is where it counts from.
    for (const hours of [0, 2, 12]) await retried(on, () => later.provider.tidy(spec, call(hours * HOUR)));
    expect([await countOf(spec), await use(held)]).toEqual([1, 'refused']);
    await retried(on, () => later.provider.tidy(spec, call(12.2 * HOUR)));
    expect(await countOf(spec)).toBe(0);
  }, 30_000);
});
