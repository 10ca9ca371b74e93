import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateRoleCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { BindingSpec, CallOptions, Ending, IssuedCertificate } from '../../src/providers/contract.ts';
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

describe('sessions that somebody lets last longer while a grant runs', () => {
  const lasting = (MaxSessionDuration: number) => admin.send(new UpdateRoleCommand({ ...ROLE, MaxSessionDuration }));
  const HOUR_MS = 3_600_000;
  afterEach(() => lasting(3_600));

  test('are made by no further certificate, and stay denied until the last of them has expired', async () => {
    const { spec, issued } = await given();
    await lasting(43_200);
    await expect(on.provider.issueCertificate(spec, call(), on.key.publicKey)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/may last 43200 s; 3600 is the most\. Run: aws iam update-role/) as string,
    });
    // The certificate that left before makes one of twelve hours.
    const held = await on.session(issued.certificate, Date.now(), 43_200);
    await on.provider.revoke(spec, returned(), 0, call());
    expect(await on.use(held)).toBe('refused');
    const at = (ms: number): CallOptions => ({ ...call(), now: after(spec.endsAt, ms) });
    for (const hours of [2, 12]) {
      expect(await on.provider.tidy(spec, at(hours * HOUR_MS))).toMatchObject({ removed: false });
      expect(await on.use(held)).toBe('refused');
    }
    expect(await on.provider.tidy(spec, at(12.2 * HOUR_MS))).toMatchObject({ removed: true, left: 0 });
  });
});

async function given(): Promise<{ readonly spec: BindingSpec; readonly issued: IssuedCertificate }> {
  const spec = on.binding(600_000);
  return { spec, issued: await on.certificate(spec) };
}

const returned = (): Ending => ({ cause: 'returned', since: on.now() });

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}
