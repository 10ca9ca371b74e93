import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ProviderFault, type BindingSpec, type CallOptions } from '../../src/providers/contract.ts';
import { centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { CENTER } from './aws-center-world.ts';
import { byHand, scheduledAt } from './aws-center-steps.ts';
import { post } from './aws-harness.ts';
import { pause, provide } from './contract-steps.ts';

/** What `method: identity-center` does beside giving and taking access: removing what was left, and looking whether all is there. */
let on: CenterHarness;

beforeAll(async () => {
  on = await centerHarness();
});
afterEach(() => on.heal());
afterAll(() => on.close());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const fresh = (): BindingSpec => on.over({});

describe('tidying', () => {
  test('removes the schedule of a grant whose assignment somebody removed by hand, and neither one that is needed nor a later grant’s', async () => {
    const spec = fresh();
    await provide(on, spec);
    await expect(on.provider.tidy(spec, call())).resolves.toEqual({ removed: false, left: 0 });
    await byHand(on, 'delete', spec);
    const later = { ...fresh(), principal: spec.principal, slot: spec.slot };
    // Whoever made it believes for a moment that a list which does not show it is late.
    const other = on.with({});
    await expect(other.tidy(later, call())).resolves.toEqual({ removed: false, left: 0 });
    expect(await scheduledAt(on, spec)).not.toBeNull();
    await expect(other.tidy(spec, call())).resolves.toEqual({ removed: true, left: 0 });
    expect(await scheduledAt(on, spec)).toBeNull();
  });

  test('is told before the schedule is removed, and does not remove it where that is refused', async () => {
    const spec = fresh();
    await provide(on, spec);
    await byHand(on, 'delete', spec);
    const other = on.with({});
    const stood: boolean[] = [];
    let refuses = true;
    const alongside = {
      ending: async () => [],
      restores: async () => {},
      removes: async () => {
        stood.push((await scheduledAt(on, spec)) !== null);
        if (refuses) throw new ProviderFault('conflict', 'somebody has begun there');
      },
    };
    await expect(other.tidy(spec, { ...call(), alongside })).rejects.toMatchObject({ kind: 'conflict' });
    expect(await scheduledAt(on, spec)).not.toBeNull();
    refuses = false;
    await expect(other.tidy(spec, { ...call(), alongside })).resolves.toEqual({ removed: true, left: 0 });
    expect(await scheduledAt(on, spec)).toBeNull();
    expect(stood).toEqual([true, true]);
  });

  test('that may not look removes nothing', async () => {
    const spec = fresh();
    await provide(on, spec);
    await byHand(on, 'delete', spec);
    await post(on.url, 'faults', [{ service: 'sso', action: 'ListAccountAssignments', kind: 'deny', times: 1 }]);
    await pause(1_100);
    await expect(on.provider.tidy(spec, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    expect(await scheduledAt(on, spec)).not.toBeNull();
  });
});

test('tidying keeps no end waiting: where calls are few, it waits itself', async () => {
  const spec = fresh();
  await provide(on, spec);
  // A call every ten seconds, after the first few.
  const slow = on.with({ identityCenter: { account: CENTER, region: 'eu-west-1', limits: { callsPerSecond: 0.1 } } });
  const tidied = async () =>
    slow.tidy(spec, call()).then(
      () => null,
      (fault: unknown) => fault,
    );
  let fault: unknown = null;
  for (let n = 0; n < 10 && fault === null; n += 1) {
    fault = await tidied();
    await pause(1);
  }
  expect(fault).toMatchObject({ kind: 'throttled', heldBack: true });
  const ending = { cause: 'returned', since: on.now() } as const;
  await expect(slow.observe(spec, ending, call())).resolves.toMatchObject({ presence: 'present' });
});

describe('the doctor', () => {
  test('finds everything in place, and leaves nothing behind', async () => {
    const spec = fresh();
    const found = await on.provider.doctor([{ target: spec.target, roles: [spec.role] }], call());
    expect(found.filter((one) => !one.ok)).toEqual([]);
    expect(found.map((one) => one.message).join('\n')).toMatch(/Schedules that end assignments can be written/);
    expect((await on.remembered()).schedules.filter((one) => one.target.input.includes('00000000-0000'))).toEqual([]);
  });

  test('says what is missing, with the command that mends it', async () => {
    const roles = ['nothing', 'long-sessions'].map((permissionSet) => on.over({ permissionSet }).role);
    const found = await on.provider.doctor([{ target: fresh().target, roles }], call());
    const wrong = found.filter((one) => !one.ok);
    expect(wrong.map((one) => one.fix)).toEqual([
      expect.stringMatching(/update-permission-set .*--session-duration PT1H/),
      expect.stringMatching(/create-permission-set .*--name nothing/),
    ]);
    const without = on.with({ externalId: 'another one' });
    const refused = await without.doctor([{ target: fresh().target, roles: [fresh().role] }], call());
    expect(refused.at(-1)).toMatchObject({ ok: false, fix: expect.stringMatching(/curfew-identity-center/) as string });
  });
});
