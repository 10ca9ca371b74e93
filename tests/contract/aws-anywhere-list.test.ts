import { afterEach, beforeEach, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import type { BindingSpec, CallOptions, Ending, IssuedCertificate } from '../../src/providers/contract.ts';
import { anywhereHarness, type AnywhereHarness } from './aws-anywhere-harness.ts';
import { post } from './aws-harness.ts';

/** An early end and the revocation list of its account. */
let on: AnywhereHarness;

beforeEach(async () => {
  on = await anywhereHarness();
});
afterEach(() => on.close());

test('an early end puts the certificate on the revocation list, beside those that are there', async () => {
  const [one, two] = [await given(), await given()];
  await on.provider.revoke(one.spec, returned(), 0, withIssued(one.issued));
  await expect(on.session(one.issued.certificate)).rejects.toThrow(/Certificate revoked/);
  expect(await on.use(await on.session(two.issued.certificate))).toBe('allowed');
  await on.provider.revoke(two.spec, returned(), 0, withIssued(two.issued));
  for (const { issued } of [one, two])
    await expect(on.session(issued.certificate)).rejects.toThrow(/Certificate revoked/);
});

test('early ends at the same moment are a write or two of the list of their account, whose anchor is known', async () => {
  const all = await Promise.all([given(), given(), given(), given(), given(), given()]);
  await Promise.all(all.map(({ spec, issued }) => on.provider.revoke(spec, returned(), 0, withIssued(issued))));
  for (const { issued } of all) await expect(on.session(issued.certificate)).rejects.toThrow(/Certificate revoked/);
  const called = (await on.journal()).filter(({ action }) => /Crl$|Anchors$/.test(action)).length;
  expect(called).toBeLessThan(2 * all.length);
});

test.each(['ListCrls', 'ImportCrl'])(
  'an early end holds by the denial alone when %s is refused, and the fault is heard',
  async (action) => {
    const { spec, issued } = await given();
    const held = await on.session(issued.certificate);
    await post(on.url, 'faults', [{ service: 'rolesanywhere', action, kind: 'deny', times: 9 }]);
    await expect(on.provider.revoke(spec, returned(), 0, withIssued(issued))).rejects.toMatchObject({
      kind: 'forbidden-to-us',
    });
    expect([await on.use(held), await on.use(await on.session(issued.certificate))]).toEqual(['refused', 'refused']);
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({ presence: 'absent' });
  },
);

test('a certificate that is over is on no list', async () => {
  const { spec, issued } = await given();
  const late = { ...withIssued(issued), now: after(spec.endsAt, 60_000) };
  await on.provider.revoke(spec, { cause: 'revoked', since: spec.endsAt }, 0, late);
  expect(JSON.stringify(await on.journal())).not.toContain('ImportCrl');
});

async function given(): Promise<{ spec: BindingSpec; issued: IssuedCertificate }> {
  const spec = on.binding(600_000);
  return { spec, issued: await on.certificate(spec) };
}

const returned = (): Ending => ({ cause: 'returned', since: on.now() });
const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const withIssued = ({ facts }: IssuedCertificate): CallOptions => ({ ...call(), issued: async () => [facts] });
