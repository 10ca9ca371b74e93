import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { anywhereHarness, type AnywhereHarness } from './aws-anywhere-harness.ts';

/** What becomes of the end of a certificate's sessions that somebody edits or deletes on their role. */
let on: AnywhereHarness;
let admin: IAMClient;
const ROLE = { RoleName: 'anywhere-reader' };

beforeAll(async () => {
  on = await anywhereHarness();
  admin = await on.admin();
});
afterAll(() => on.close());

describe('the end', () => {
  test.each([
    ['a later time', (text: string) => text.replace(/Time":"\d{4}/, 'Time":"2099')],
    ['another grant', (text: string) => text.replace('grt_', 'grt_x')],
    ['an Allow', (text: string) => text.replace('Deny', 'Allow')],
  ])(
    'that somebody edited to %s counts as access at the end, is no ground for a certificate, and is mended',
    async (_what, edit) => {
      const { spec } = await given();
      const PolicyName = `curfew-end-${spec.grant}`;
      const { PolicyDocument = '' } = await admin.send(new GetRolePolicyCommand({ ...ROLE, PolicyName }));
      const edited = edit(decodeURIComponent(PolicyDocument));
      await admin.send(new PutRolePolicyCommand({ ...ROLE, PolicyName, PolicyDocument: edited }));
      await expect(on.provider.issueCertificate(spec, call(), on.key.publicKey)).rejects.toMatchObject({
        kind: 'conflict',
      });
      const ending: Ending = { cause: 'expired', since: spec.endsAt };
      const late = { ...call(), now: after(spec.endsAt, 15_000) };
      const there = { presence: 'present', usable: true, endIsEdited: true };
      await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(there);
      await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject(there);
      await on.provider.revoke(spec, ending, 0, late);
      // Put just now, it may not be obeyed everywhere yet.
      const gone = { presence: 'absent', proof: 'observed', final: false };
      await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(gone);
    },
  );

  test('that somebody deleted is told as an edit; one that nobody touched is not, also where an extension never arrived', async () => {
    const { spec } = await given();
    const extended = { ...spec, endsAt: after(spec.endsAt, 600_000) };
    for (const one of [spec, extended])
      expect(await on.provider.observe(one, returned(), call())).not.toHaveProperty('endIsEdited');
    await admin.send(new DeleteRolePolicyCommand({ ...ROLE, PolicyName: `curfew-end-${spec.grant}` }));
    const there = { presence: 'present', usable: true, endIsEdited: true, native: { standing: 'nothing' } };
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject(there);
    // Nothing had to stand there for a grant without a certificate.
    const none = { ...call(), issued: async () => [] };
    await expect(on.provider.observe(spec, returned(), none)).resolves.toMatchObject({ presence: 'absent' });
  });
});

async function given(): Promise<{ readonly spec: BindingSpec }> {
  const spec = on.binding(600_000);
  await on.certificate(spec);
  return { spec };
}

const returned = (): Ending => ({ cause: 'returned', since: on.now() });

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}
