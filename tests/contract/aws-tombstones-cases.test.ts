import { DeletePermissionSetCommand, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-sso-admin';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { AwsProvider } from '../../src/providers/aws/index.ts';
import type { BindingSpec, Ending } from '../../src/providers/contract.ts';
import { centerHarness, ownersPart, TOMBSTONE, type CenterHarness } from './aws-center-harness.ts';
import { ACCOUNTS, OWNERS_POLICY } from './aws-center-world.ts';
import { post } from './aws-harness.ts';
import { clockAhead, filled, tombstoneSteps } from './aws-tombstone-steps.ts';
import { ACCOUNT } from './aws-world.ts';
import { pause, provide, retried, takeAway } from './contract-steps.ts';

/** What becomes of tombstones when policies are full, people edit them, rights are withdrawn, or nobody needs them any more. */
let on: CenterHarness;
const { call, returned, fresh, theSet, tombstoneOf, countOf, begin, done, byHand, session, use, takingAway } =
  tombstoneSteps(() => on);

beforeAll(async () => {
  on = await centerHarness({}, TOMBSTONE);
});
beforeEach(() => begin());
afterEach(() => on.heal());
afterAll(() => on.close());

const expired = (spec: BindingSpec): Ending => ({ cause: 'expired', since: spec.endsAt });
const seconds = (at: number): number => Math.floor(at / 1_000) * 1_000;
const through = (provider: AwsProvider): CenterHarness => ({ ...on, provider });
const HOUR = 3_600_000;
/** The same some time later, as far as whoever calls says when it is. */
const later = (ms: number): CenterHarness => ({ ...on, provider: on.provider, now: () => after(on.now(), ms) });

describe('when the policy is full', () => {
  test('access begins with the schedule alone, says which residual holds, and ends as said', async () => {
    await byHand(filled(OWNERS_POLICY));
    const before = await theSet();
    const spec = fresh();
    const given = await provide(on, spec);
    expect(given).toMatchObject({
      native: { tombstone: 'full' },
      residual: { maxMs: 3_600_000, words: expect.stringMatching(/had no room for a denial/) as string },
    });
    expect(await theSet()).toEqual(before);
    const hers = await session(spec);
    const seen = await retried(on, () => takeAway(on, spec, returned()));
    expect(seen).toMatchObject({
      presence: 'absent',
      evidence: { tombstone: 'full', sessionsIssuedBeforeMayLastMs: 3_600_000 },
    });
    expect(await use(hers)).toBe('allowed');
  });

  test('that is over as soon as there is room again, also for whoever has just found none', async () => {
    await byHand(filled(OWNERS_POLICY));
    expect(await provide(on, fresh())).toMatchObject({ native: { tombstone: 'full' } });
    await byHand(OWNERS_POLICY);
    expect(await provide(on, fresh())).toMatchObject({ native: { tombstone: 'in-force' } });
  });

  test('tombstones that nobody needs make room first, and those of people who are still assigned do not', async () => {
    const [standing, gone] = [fresh(), fresh()];
    await retried(on, () => provide(on, standing));
    await retried(on, () => provide(on, gone));
    await retried(on, () => takeAway(on, gone, returned()));
    // As if both were of two hours ago, and something had kept the assignment of one of them from going.
    const long = new Date(on.now() - 2 * 3_600_000).toISOString().replace(/\.\d+/, '');
    const aged = (await theSet()).inlinePolicy?.replaceAll(/"aws:CurrentTime":"[^"]+"/g, `"aws:CurrentTime":"${long}"`);
    await byHand(filled(aged ?? ''));
    // It counts from when somebody looked, and not from an end that stands there.
    expect(await retried(on, () => provide(on, fresh()))).toMatchObject({ native: { tombstone: 'full' } });
    const other = through(on.with({}));
    await other.provider.tidy(fresh(), call(after(on.now(), -1.5 * HOUR)));
    const spec = fresh();
    const told: unknown[] = [];
    const alongside = {
      ending: async () => [],
      restores: async () => {},
      // What is removed stands in the log before.
      removes: async () => void told.push(await tombstoneOf(gone)),
    };
    const { provider } = other;
    const telling = through({ ...provider, provision: (one, how) => provider.provision(one, { ...how, alongside }) });
    expect(await retried(on, () => provide(telling, spec))).toMatchObject({ native: { tombstone: 'in-force' } });
    expect(told).toEqual([expect.anything()]);
    expect([await tombstoneOf(standing), await tombstoneOf(gone), await tombstoneOf(spec)]).toEqual([
      expect.anything(),
      undefined,
      expect.anything(),
    ]);
  });

  test('that AWS itself says so counts as well, and what stands there is moved all the same', async () => {
    const standing = fresh();
    await provide(on, standing);
    const refusal = { service: 'sso', action: 'PutInlinePolicyToPermissionSet', kind: 'quota', times: 1 };
    await post(on.url, 'faults', [refusal]);
    const spec = fresh();
    const moved = { ...standing, endsAt: after(standing.endsAt, 60_000) };
    const both = [spec, moved].map((one) => retried(on, () => provide(on, one)));
    const [given] = await Promise.all(both);
    expect(given).toMatchObject({ usable: true, native: { tombstone: 'full' } });
    expect((await tombstoneOf(standing))?.endsAt).toBe(seconds(moved.endsAt));
  });
});

describe('a tombstone', () => {
  test.each([
    [
      'edited',
      (text: string) => text.replaceAll(/"aws:CurrentTime":"[^"]+"/g, '"aws:CurrentTime":"2099-01-01T00:00:00Z"'),
    ],
    ['removed', () => OWNERS_POLICY],
    ['made an allow', (text: string) => text.replaceAll('"Deny","Action":"*"', '"Allow","Action":"*"')],
  ])('that somebody %s is written anew at the end, and sessions are cut then', async (_what, edit) => {
    const spec = fresh();
    await provide(on, spec);
    const hers = await session(spec);
    await byHand(edit((await theSet()).inlinePolicy ?? ''), true);
    await pause(1_100);
    const ending = expired(spec);
    const at = on.now();
    const seen = await takingAway(on, { ...spec, endsAt: at }, { ...ending, since: at });
    expect(seen[0]).toMatchObject({ presence: 'present' });
    expect(seen.at(-1)).toMatchObject({ presence: 'absent', evidence: { tombstone: 'in-force' } });
    expect(await use(hers)).toBe('refused');
    expect(await countOf(spec)).toBe(1);
  });

  test('that somebody took out of the account is brought there again, also where its end is what it was', async () => {
    const spec = fresh();
    await provide(on, spec);
    await byHand(OWNERS_POLICY, true);
    await pause(1_100);
    const before = (await done('provision')).length;
    await on.settings({ provisioningMs: [1_500, 1_500] });
    const seen = await takingAway(on, spec, expired(spec));
    expect(seen.at(-1)).toMatchObject({ presence: 'absent', evidence: { tombstone: 'in-force' } });
    expect((await done('provision')).slice(before).map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });

  test('is found by another process after its end: AWS knows that the account has it', async () => {
    const spec = fresh();
    await provide(on, spec);
    const clock = clockAhead();
    const other = through(on.with({ clock }));
    await retried(on, () => provide(other, fresh()));
    const before = (await done('provision')).length;
    // It has seen for so long that the denial stands there that no list is of before.
    clock.aheadMs = 31_000;
    const seen = await retried(on, () => takeAway(other, spec, expired(spec)));
    expect(seen).toMatchObject({ presence: 'absent', evidence: { tombstone: 'in-force' } });
    expect((await done('provision')).length).toBe(before);
  });

  test.each(['before it begins', 'at its end'])(
    'that another process wrote and did not live to bring to the account is brought there %s, whatever a late list says',
    async (when) => {
      const spec = fresh();
      const atItsEnd = when === 'at its end';
      await retried(on, () => provide(on, atItsEnd ? spec : fresh()));
      await on.settings({ accountsDelayMs: [60_000, 60_000] });
      if (atItsEnd) await byHand(OWNERS_POLICY, true);
      await post(on.url, 'faults', [{ service: 'sso', action: 'ProvisionPermissionSet', kind: 'deny', times: 1 }]);
      const writer = on.with({});
      const dies = atItsEnd
        ? retried(on, () => takeAway(through(writer), spec, expired(spec)))
        : retried(on, () => provide(through(writer), spec));
      await expect(dies).rejects.toMatchObject({ kind: 'forbidden-to-us' });
      expect(await countOf(spec)).toBe(1);
      const before = (await done('provision')).length;
      const other = through(on.with({}));
      if (atItsEnd) await retried(on, () => takeAway(other, spec, expired(spec)));
      else await retried(other, () => provide(other, spec));
      expect((await done('provision')).slice(before).map(({ status }) => status)).toEqual(['SUCCEEDED']);
    },
  );

  test('that an end saw in force holds while others write the set, until its proof and no longer', async () => {
    const spec = fresh();
    await retried(on, () => provide(on, spec));
    const clock = clockAhead();
    const process = through(on.with({ clock }));
    const ending = returned();
    expect(await retried(on, () => takeAway(process, spec, ending))).toMatchObject({ presence: 'absent' });
    // The account has an older set from now on.
    await byHand((await theSet()).inlinePolicy?.replace('s3:GetObject"', 's3:Get*"') ?? '');
    const before = (await done('provision')).length;
    const look = () => process.provider.observe(spec, ending, call());
    clock.aheadMs = 91_000;
    await expect(look()).resolves.toMatchObject({ presence: 'absent', evidence: { tombstone: 'in-force' } });
    expect((await done('provision')).length).toBe(before);
    clock.aheadMs = 121_000;
    await expect(look()).resolves.toMatchObject({ presence: 'present' });
  });

  test('that an end saw in force counts for nothing once it was seen to stand there otherwise', async () => {
    const spec = fresh();
    await retried(on, () => provide(on, spec));
    const clock = clockAhead();
    const process = through(on.with({ clock }));
    const ending = returned();
    expect(await retried(on, () => takeAway(process, spec, ending))).toMatchObject({ presence: 'absent' });
    const written = (await theSet()).inlinePolicy ?? '';
    const look = () => process.provider.observe(spec, ending, call());
    await byHand(OWNERS_POLICY, true);
    clock.aheadMs = 40_000;
    await expect(look()).resolves.toMatchObject({ presence: 'present' });
    await byHand(written);
    clock.aheadMs = 50_000;
    await expect(look()).resolves.toMatchObject({ presence: 'present' });
  });

  test('that stands in the set and never reached the account is brought there by whoever comes next', async () => {
    await retried(on, () => provide(on, fresh()));
    const spec = fresh();
    await post(on.url, 'faults', [{ service: 'sso', action: 'ProvisionPermissionSet', kind: 'deny', times: 1 }]);
    await expect(retried(on, () => on.provider.provision(spec, call()))).rejects.toMatchObject({
      kind: 'forbidden-to-us',
    });
    expect(await countOf(spec)).toBe(1);
    const before = (await done('provision')).length;
    const other = through(on.with({}));
    expect(await retried(other, () => provide(other, spec))).toMatchObject({ native: { tombstone: 'in-force' } });
    expect((await done('provision')).length).toBe(before + 1);
  });

  test('that cannot be brought forward because the right is gone keeps the end open, until the sessions have expired or the right is back', async () => {
    const spec = fresh();
    await provide(on, spec);
    const ending = returned();
    const withdrawn = ['PutInlinePolicyToPermissionSet', 'ProvisionPermissionSet', 'GetInlinePolicyForPermissionSet'];
    await post(
      on.url,
      'faults',
      withdrawn.map((action) => ({ service: 'sso', action, kind: 'deny', times: 1_000 })),
    );
    await expect(on.with({}).revoke(spec, ending, 0, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    await pause(200);
    // The assignment went all the same.
    expect(await session(spec).catch(() => null)).toBeNull();
    const looking = on.with({});
    await expect(looking.observe(spec, ending, call())).resolves.toMatchObject({
      presence: 'present',
      native: { sessions: 'that began before are not cut yet' },
    });
    const later = call(after(ending.since, 3_600_000 + 300_000));
    // Here no schedule has fired by then; one that stands so long is taken away first.
    await expect(looking.revoke(spec, ending, 0, later)).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    await expect(looking.observe(spec, ending, later)).resolves.toMatchObject({
      presence: 'absent',
      evidence: { sessionsIssuedBeforeMayLastMs: 3_600_000, tombstone: 'unknown' },
    });
    await post(on.url, 'faults', []);
    await expect(retried(on, () => takeAway(through(looking), spec, ending))).resolves.toMatchObject({
      presence: 'absent',
      evidence: { sessionsIssuedBeforeMayLastMs: 0 },
    });
  });

  test('is not needed where the account has lost the set with its last assignment, and does not bring it back', async () => {
    await on.settings({ roleAfterLastAssignment: 'deleted' });
    const native = ACCOUNTS[9] ?? '';
    const spec = fresh({ target: { ...fresh().target, native } });
    await provide(on, spec);
    const ending = returned();
    const clock = clockAhead();
    const other = on.with({ clock });
    await retried(on, () => other.revoke(spec, ending, 0, call()));
    await pause(200);
    // A list that is late may not show what another process brought there a moment ago.
    const soon = await retried(on, () => takeAway(through(other), spec, ending));
    expect(soon).toMatchObject({ presence: 'present' });
    clock.aheadMs = 31_000;
    const seen = await retried(on, () => takeAway(through(other), spec, ending));
    expect(seen).toMatchObject({ presence: 'absent', evidence: { tombstone: 'set-gone' } });
    expect((await on.remembered()).identityCenter.provisioned.filter(({ account }) => account === native)).toEqual([]);
    await on.settings({ roleAfterLastAssignment: 'kept' });
  });

  test('needs no set that is gone', async () => {
    const { arn } = await theSet('long-sessions');
    const { identityCenter } = await on.remembered();
    const admin = await on.admin();
    await admin.send(
      new DeletePermissionSetCommand({ InstanceArn: identityCenter.instanceArn, PermissionSetArn: arn }),
    );
    const spec = on.over({ permissionSet: arn });
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      evidence: { permissionSetIs: 'gone' },
    });
  });

  test('whose set lost its mark is not moved any more: AWS refuses, the assignment goes, and it is told', async () => {
    const spec = fresh();
    await provide(on, spec);
    const admin = await on.admin();
    const { arn } = await theSet();
    const names = { InstanceArn: (await on.remembered()).identityCenter.instanceArn, ResourceArn: arn };
    await admin.send(new UntagResourceCommand({ ...names, TagKeys: ['curfew-owned'] }));
    try {
      await expect(on.provider.revoke(spec, returned(), 0, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
      await pause(200);
      expect(await session(spec).catch(() => null)).toBeNull();
    } finally {
      await admin.send(new TagResourceCommand({ ...names, Tags: [{ Key: 'curfew-owned', Value: 'true' }] }));
    }
  });
});

describe('tidying', () => {
  test('removes a tombstone when no session can be alive, in the set and in the account, and nothing before', async () => {
    const [spec, other, live] = [fresh(), fresh(), fresh()];
    for (const one of [spec, other, live]) await retried(on, () => provide(on, one));
    for (const one of [spec, other]) await retried(on, () => takeAway(on, one, returned()));
    await expect(on.provider.tidy(spec, call(after(on.now(), 3_600_000)))).resolves.toMatchObject({ removed: true });
    // That was the schedule: the tombstones stand.
    expect([await countOf(spec), await countOf(other)]).toEqual([1, 1]);
    const later = call(after(on.now(), 2 * 3_600_000));
    await expect(retried(on, () => on.provider.tidy(spec, later))).resolves.toMatchObject({ removed: true });
    await pause(200);
    expect([await countOf(spec), await countOf(other), await countOf(live)]).toEqual([0, 0, 1]);
    const { identityCenter } = await on.remembered();
    const { arn, revision, inlinePolicy } = await theSet();
    expect(ownersPart(inlinePolicy)).toEqual(JSON.parse(OWNERS_POLICY));
    expect(
      identityCenter.provisioned.find((one) => one.permissionSetArn === arn && one.account === ACCOUNT),
    ).toMatchObject({
      revision,
    });
    await expect(on.provider.tidy(spec, later)).resolves.toMatchObject({ removed: false });
  }, 30_000);

  test('counts from when the assignment was seen to be gone: a removal that succeeds hours late leaves sessions to deny', async () => {
    const spec = fresh();
    await retried(on, () => provide(on, spec));
    const ending = returned();
    // What began in these hours is denied all the time, and lives for an hour more.
    const late = later(3 * HOUR);
    await retried(late, () => takeAway(late, spec, ending));
    await on.provider.tidy(spec, call(after(on.now(), 3 * HOUR + HOUR)));
    expect(await countOf(spec)).toBe(1);
    await retried(on, () => on.provider.tidy(spec, call(after(on.now(), 3 * HOUR + 1.2 * HOUR))));
    expect(await countOf(spec)).toBe(0);
  });

  test('counts anew in a process that has not seen when the assignment went', async () => {
    const [spec, other] = [fresh(), fresh()];
    for (const one of [spec, other]) await retried(on, () => provide(on, one));
    for (const one of [spec, other]) await retried(on, () => takeAway(on, one, returned()));
    const restarted = on.with({});
    const tidied = (ms: number) => retried(on, () => restarted.tidy(spec, call(after(on.now(), ms))));
    await tidied(3 * HOUR);
    await tidied(4 * HOUR);
    expect([await countOf(spec), await countOf(other)]).toEqual([1, 1]);
    await tidied(4.2 * HOUR);
    expect([await countOf(spec), await countOf(other)]).toEqual([0, 0]);
  });

  test('leaves the set without a policy that had none', async () => {
    await byHand(null);
    const spec = fresh();
    await retried(on, () => provide(on, spec));
    await retried(on, () => takeAway(on, spec, returned()));
    await retried(on, () => on.provider.tidy(spec, call(after(on.now(), 2 * 3_600_000))));
    expect((await theSet()).inlinePolicy).toBeNull();
  });
});
