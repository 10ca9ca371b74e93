import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BindingSpec, CallOptions } from '../../src/providers/contract.ts';
import { anywhereHarness, type AnywhereHarness } from './aws-anywhere-harness.ts';
import { post } from './aws-harness.ts';

/** Many roles of one account at the same moment: the control plane of Roles Anywhere takes one call a second. */
let on: AnywhereHarness;

beforeEach(async () => {
  on = await anywhereHarness({ callsPerSecond: 1 });
});
afterEach(() => on.close());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const roles = ['anywhere-reader', ...[1, 2, 3, 4, 5, 6].map((index) => `anywhere-${index}`)];
const specs = (): readonly BindingSpec[] =>
  roles.map((name) => on.over({ role: `curfew/${name}`, profile: `curfew-${name}` }));
const asked = async (name: string): Promise<number> =>
  (await on.journal()).filter(({ action }) => action === `rolesanywhere:${name}`).length;

describe('roles of one account that begin at once', () => {
  test('ask once what the account has', async () => {
    const begun = await Promise.all(specs().map((spec) => on.provider.provision(spec, call())));
    expect(begun.map(({ usable }) => usable)).toEqual(roles.map(() => true));
    // Those that come later know it already.
    for (const spec of specs().slice(0, 2)) await on.provider.provision(spec, call());
    expect([await asked('ListTrustAnchors'), await asked('ListProfiles')]).toEqual([1, 1]);
  });

  test('remember no answer that failed, and ask anew where what is known is not right', async () => {
    await post(on.url, 'faults', [{ service: 'rolesanywhere', action: 'ListProfiles', kind: 'unavailable', times: 1 }]);
    const failed = await Promise.allSettled(specs().map((spec) => on.provider.provision(spec, call())));
    expect(failed.map(({ status }) => status)).toEqual(roles.map(() => 'rejected'));
    await pause(1_100);
    const [spec] = specs();
    await expect(on.provider.provision(spec as BindingSpec, call())).resolves.toMatchObject({ usable: true });
    const before = await asked('ListProfiles');
    await pause(1_100);
    const wrong = { kind: 'invalid', message: expect.stringContaining('there is no profile nobody') as string };
    await expect(on.provider.provision(on.over({ profile: 'nobody' }), call())).rejects.toMatchObject(wrong);
    expect(await asked('ListProfiles')).toBe(before + 1);
  });
});

const pause = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));
