import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BindingSpec, CallOptions } from '../../src/providers/contract.ts';
import { anywhereHarness, type AnywhereHarness } from './aws-anywhere-harness.ts';
import { post } from './aws-harness.ts';

/** What `curfew doctor` says of an account that hands out sessions for certificates. */
let on: AnywhereHarness;

beforeAll(async () => {
  on = await anywhereHarness();
});
afterEach(() => on.heal());
afterAll(() => on.close());

describe('doctor', () => {
  const examine = async (spec: BindingSpec) =>
    (await on.provider.doctor([{ target: spec.target, roles: [spec.role] }], call())).filter(({ ok }) => !ok);

  test('finds nothing to mend where everything is there', async () => {
    expect(await examine(on.binding(600_000))).toEqual([]);
  });

  test.each([
    [
      { profile: 'nobody' },
      /there is no profile nobody/,
      /^aws rolesanywhere create-profile --enabled --name 'nobody'/,
    ],
    [
      { allows: ['pass-role'] as const },
      /session policy of the profile/,
      /^aws rolesanywhere update-profile --profile-id/,
    ],
    [{ role: 'curfew/nothing' }, /does not exist, or/, /^aws iam create-role .*x509SAN\/URI/],
  ])('says of %o what is wrong, with the command that mends it', async (change, message, fix) => {
    expect(await examine(on.over(change))).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(message) as string,
        fix: expect.stringMatching(fix) as string,
      }),
    );
  });

  test.each(['ListTrustAnchors', 'ListProfiles', 'ListCrls'])('names %s when it is not allowed', async (action) => {
    await post(on.url, 'faults', [{ service: 'rolesanywhere', action, kind: 'deny' }]);
    expect(await examine(on.binding(600_000))).toEqual([
      expect.objectContaining({ fix: expect.stringMatching(new RegExp(`rolesanywhere:${action}`)) as string }),
    ]);
  });
});

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}
