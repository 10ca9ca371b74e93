import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../src/core/role.ts';
import { after } from '../../src/core/time.ts';
import { centerHarness, centerRole, ownersPart, TOMBSTONE, type CenterHarness } from './aws-center-harness.ts';
import { ACCOUNTS, OWNERS_POLICY, PERMISSION_SET } from './aws-center-world.ts';
import { post } from './aws-harness.ts';
import { filled, tombstoneSteps } from './aws-tombstone-steps.ts';
import { ACCOUNT } from './aws-world.ts';
import { pause, provide, retried, takeAway } from './contract-steps.ts';

/** What `tombstone: true` of `method: identity-center` promises beyond the laws that hold for every provider. */
let on: CenterHarness;
const {
  call,
  returned,
  fresh,
  theSet,
  tombstoneOf,
  countOf,
  schedulesOf,
  begin,
  done,
  puts,
  byHand,
  session,
  use,
  takingAway,
} = tombstoneSteps(() => on);

beforeAll(async () => {
  on = await centerHarness({}, TOMBSTONE);
});
beforeEach(() => begin());
afterEach(() => on.heal());
afterAll(() => on.close());

const seconds = (at: number): number => Math.floor(at / 1_000) * 1_000;

describe('before access begins', () => {
  test('the denial stands in the set and in the account, beside what its owner wrote', async () => {
    const spec = fresh();
    const first = await on.provider.provision(spec, call());
    expect(first).toMatchObject({ usable: false, native: { tombstone: 'not-there-yet' } });
    expect((await done('create')).length).toBe(0);
    expect(await provide(on, spec)).toMatchObject({
      native: { tombstone: 'in-force' },
      residual: { maxMs: 5_000, words: expect.stringMatching(/refuses every call of every session/) as string },
    });
    expect((await tombstoneOf(spec))?.endsAt).toBe(seconds(spec.endsAt));
    const { inlinePolicy } = await theSet();
    expect(ownersPart(inlinePolicy)).toEqual(JSON.parse(OWNERS_POLICY));
    const order = (await done()).map(({ kind }) => kind);
    expect(order).toEqual(['provision', 'create']);
  });

  test('a set that is not marked as Curfew’s own is refused, with the command that marks it, and nothing is called', async () => {
    const spec = on.over({ permissionSet: PERMISSION_SET });
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(
        /not marked as Curfew's own.*tag-resource .*--tags Key=curfew-owned,Value=true/,
      ) as string,
    });
    expect(await schedulesOf(spec)).toBe(0);
  });

  test('a role without the option writes into no set, also where Curfew could', async () => {
    const { tombstone: _, ...plain } = centerRole(TOMBSTONE).aws as { tombstone?: true };
    const spec = fresh({ role: { ...centerRole(), aws: plain as never } });
    const before = await theSet();
    expect(await provide(on, spec)).not.toHaveProperty('residual');
    expect(await theSet()).toEqual(before);
  });

  test('without the right to write sets nothing is assigned', async () => {
    await provide(on, fresh());
    const before = (await done('create')).length;
    const spec = fresh();
    await post(on.url, 'faults', [
      { service: 'sso', action: 'PutInlinePolicyToPermissionSet', kind: 'deny', times: 1 },
    ]);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    expect((await done('create')).length).toBe(before);
    // Nothing stands that could have been used: only the schedule is left of the failed start, and is brought forward.
    const failed = { cause: 'failed', since: on.now() } as const;
    const seen = await on.provider.observe(spec, failed, call());
    expect(seen).toMatchObject({ presence: 'present', usable: false, native: { schedule: 'is still to come' } });
    await expect(retried(on, () => takeAway(on, spec, failed))).resolves.toMatchObject({ presence: 'absent' });
  });

  test('a denial that AWS fails to bring to the account says so, is brought again, and lets nothing begin before', async () => {
    const spec = fresh();
    await post(on.url, 'faults', [{ service: 'sso', action: 'finish-provision', kind: 'unavailable', times: 1 }]);
    await on.provider.provision(spec, call());
    await pause(800);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/Bringing the permission set to \d+.*failed: Received a 500/) as string,
    });
    expect(await done('create')).toEqual([]);
    expect(await provide(on, spec)).toMatchObject({ usable: true, native: { tombstone: 'in-force' } });
  });

  test('many of one set at once share one write and one provisioning for each account', async () => {
    await on.settings({ provisioningMs: [900, 900] });
    // A busy machine may need a second round; each for itself would be seven writes and seven provisionings.
    const [here, there] = [ACCOUNT, ACCOUNTS[2] ?? ''];
    const specs = [here, here, here, here, there, there, there].map((native) =>
      fresh({ target: { ...fresh().target, native } }),
    );
    await provide(on, fresh());
    const [writes, before] = [await puts(), (await done('provision')).length];
    // The account has had another one a moment ago, which says nothing of these.
    const first = await Promise.all(specs.map((spec) => on.provider.provision(spec, call())));
    expect(new Set(first.map(({ native }) => native['tombstone']))).toEqual(new Set(['not-there-yet']));
    // Whoever comes while the set is on its way waits for that, and is not refused.
    await expect(on.provider.provision(fresh(), call())).resolves.toMatchObject({ usable: false });
    expect((await puts()) - writes).toBeLessThanOrEqual(3);
    expect((await done('provision')).length - before).toBeLessThanOrEqual(5);
    for (const spec of specs) {
      expect(await retried(on, () => provide(on, spec))).toMatchObject({ native: { tombstone: 'in-force' } });
      expect((await tombstoneOf(spec))?.endsAt).toBe(seconds(spec.endsAt));
    }
    expect((await puts()) - writes).toBeLessThanOrEqual(3);
    expect((await done('provision')).length - before).toBeLessThanOrEqual(5);
  }, 40_000);
});

test('a denial is not in force while the call that brings it is on the way, whatever became of the one before', async () => {
  await provide(on, fresh());
  const slow = { service: 'sso', action: 'ProvisionPermissionSet', kind: 'delay', delayMs: 1_200, times: 1 };
  await post(on.url, 'faults', [slow]);
  const spec = fresh();
  const first = on.provider.provision(spec, call());
  await pause(600);
  expect(await on.provider.provision(spec, call())).toMatchObject({ native: { tombstone: 'not-there-yet' } });
  expect(await first).toMatchObject({ native: { tombstone: 'not-there-yet' } });
});

describe('a session that was saved', () => {
  test('is refused from the end on with nobody left to do anything, and a neighbour’s is not', async () => {
    const spec = on.binding(9_000);
    const neighbour = on.binding(600_000);
    for (const one of [spec, neighbour]) await retried(on, () => provide(on, one));
    const [hers, his] = [await session(spec), await session(neighbour)];
    expect(await use(hers)).toBe('allowed');
    while (on.now() < spec.endsAt) await pause(20);
    expect([await use(hers), await use(his)]).toEqual(['refused', 'allowed']);
  });

  test('is cut soon after an early end, and the end is not proven before', async () => {
    const spec = fresh();
    await provide(on, spec);
    const hers = await session(spec);
    await on.settings({ provisioningMs: [600, 600] });
    const ending = returned();
    const seen = await takingAway(on, spec, ending, async (one) => {
      if (one.presence === 'present') return;
      expect(await use(hers)).toBe('refused');
    });
    expect(seen.map(({ presence }) => presence)).toContain('present');
    expect(seen.at(-1)).toMatchObject({
      presence: 'absent',
      evidence: { tombstone: 'in-force', sessionsIssuedBeforeMayLastMs: 0 },
    });
  });

  test('is cut although its assignment cannot be removed', async () => {
    const spec = fresh();
    await provide(on, spec);
    const hers = await session(spec);
    await post(on.url, 'faults', [{ service: 'sso', action: 'DeleteAccountAssignment', kind: 'deny', times: 1_000 }]);
    const ending = returned();
    const until = on.now() + 8_000;
    while ((await use(hers)) === 'allowed' && on.now() < until) {
      await on.provider.revoke(spec, ending, 0, call()).catch(() => {});
      await pause(50);
    }
    expect(await use(hers)).toBe('refused');
    await expect(on.provider.observe(spec, ending, call())).resolves.toMatchObject({ presence: 'present' });
    expect(await on.use(on.own(spec))).toBe('refused');
  });

  test('works again when the same slot is asked for again, and is cut at that end', async () => {
    const spec = fresh();
    await provide(on, spec);
    await retried(on, () => takeAway(on, spec, returned()));
    const again = { ...spec, endsAt: after(spec.endsAt, 60_000) };
    await retried(on, () => provide(on, again));
    expect((await tombstoneOf(spec))?.endsAt).toBe(seconds(again.endsAt));
    expect(await use(await session(again))).toBe('allowed');
    expect(await countOf(spec)).toBe(1);
  });

  test('lives as long as an extension says', async () => {
    const spec = on.binding(6_000);
    await retried(on, () => provide(on, spec));
    const hers = await session(spec);
    const later = { ...spec, endsAt: after(spec.endsAt, 60_000) };
    await retried(on, () => provide(on, later));
    while (on.now() < spec.endsAt + 500) await pause(50);
    expect(await use(hers)).toBe('allowed');
  }, 15_000);
});

describe('the doctor', () => {
  test('says how many tombstones a set has room for, and leaves it as it is', async () => {
    const before = await theSet();
    const { target, role } = fresh();
    const found = await on.provider.doctor([{ target, roles: [role] }], call());
    expect(found.filter((one) => !one.ok)).toEqual([]);
    expect(found.map((one) => one.message).join('\n')).toMatch(/owned-reader has room for [23]\d more tombstones/);
    expect(await theSet()).toEqual(before);
  });

  test('says what is missing: the mark, the right, the room', async () => {
    const { target, role } = fresh();
    const wrong = async (roles: readonly Role[]) =>
      (await on.with({}).doctor([{ target, roles }], call())).filter((one) => !one.ok).map((one) => one.fix);
    expect(await wrong([on.over({ permissionSet: PERMISSION_SET }).role])).toEqual([
      expect.stringMatching(/^aws sso-admin tag-resource .* --tags Key=curfew-owned,Value=true$/),
    ]);
    await post(on.url, 'faults', [{ service: 'sso', action: 'ListTagsForResource', kind: 'deny', times: 1 }]);
    expect(await wrong([role])).toEqual([
      expect.stringMatching(/put-role-policy --role-name curfew-identity-center .*ProvisionPermissionSet/),
    ]);
    await byHand(filled(OWNERS_POLICY));
    expect(await wrong([role])).toEqual([expect.stringMatching(/shorten the inline policy/)]);
  });
});

test('the provider says of the role that sessions are cut, or go on when the policy is full, and what the plan does about it', () => {
  const { maxMs, words } = on.provider.residual(fresh());
  expect(maxMs).toBe(3_600_000);
  expect(words).toMatch(/AWS refuses sessions that began before it too/);
  expect(words).toMatch(/If the policy of the set is full .* at most an hour after the end/);
  expect(on.provider.plan(fresh())).toMatchObject({
    words: expect.stringMatching(/put a denial from then on/) as string,
  });
});
