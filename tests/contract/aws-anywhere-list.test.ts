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
    // The proof claims nothing of a list that nobody saw, and whoever tidies puts it there.
    const unseen = { presence: 'absent', evidence: { seenOnRevocationList: false } };
    await expect(on.provider.observe(spec, returned(), withIssued(issued))).resolves.toMatchObject(unseen);
    await post(on.url, 'faults', []);
    await on.provider.tidy(spec, withIssued(issued));
    await expect(on.session(issued.certificate)).rejects.toThrow(/Certificate revoked/);
  },
);

test('a list that refused a certificate once has it when the wait for the proof is over, and the proof says so', async () => {
  const [one, two] = [await given(), await given()];
  await on.provider.revoke(one.spec, returned(), 0, withIssued(one.issued));
  await post(on.url, 'faults', [{ service: 'rolesanywhere', action: 'UpdateCrl', kind: 'throttle', times: 1 }]);
  const ending = returned();
  await expect(on.provider.revoke(two.spec, ending, 0, withIssued(two.issued))).rejects.toMatchObject({
    kind: 'throttled',
  });
  // The denial is seen at once; a plane that has just refused is left alone for a moment.
  const before = (await on.journal()).length;
  const seen = (listed: boolean) => ({ presence: 'absent', evidence: { seenOnRevocationList: listed } });
  const look = (inMs: number) =>
    on.provider.observe(two.spec, ending, { ...withIssued(two.issued), now: after(on.now(), inMs) });
  await expect(look(0)).resolves.toMatchObject(seen(false));
  expect((await on.journal()).slice(before).filter(({ action }) => action.endsWith('Crl'))).toEqual([]);
  await expect(look(60_000)).resolves.toMatchObject(seen(true));
  for (const { issued } of [one, two])
    await expect(on.session(issued.certificate)).rejects.toThrow(/Certificate revoked/);
});

test('a certificate that another writer has taken off the list is put there again before the proof', async () => {
  const [{ spec, issued }, other] = [await given(200_000), await given()];
  const ending = returned();
  await on.provider.revoke(spec, ending, 0, withIssued(issued));
  // Their clock is ahead of ours, so to them the first one is over.
  await on.with({}).revoke(other.spec, returned(), 0, { ...withIssued(other.issued), now: after(on.now(), 206_000) });
  expect(await on.session(issued.certificate)).toMatchObject({ secret: {} });
  const late = { ...withIssued(issued), now: after(on.now(), 60_000) };
  const seen = { presence: 'absent', evidence: { seenOnRevocationList: true } };
  await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(seen);
  await expect(on.session(issued.certificate)).rejects.toThrow(/Certificate revoked/);
  // One that is over needs no list, and nothing is said of it.
  const over = { ...late, now: after(spec.endsAt, 60_000) };
  expect(await on.provider.observe(spec, ending, over)).not.toHaveProperty('evidence.seenOnRevocationList');
});

test('a look does not wait in line behind a write that takes longer', async () => {
  const [one, two] = [await given(), await given()];
  await on.provider.revoke(two.spec, returned(), 0, call());
  await post(on.url, 'faults', [{ service: 'rolesanywhere', action: 'ListCrls', kind: 'delay', delayMs: 4_500 }]);
  const writing = on.provider.revoke(one.spec, returned(), 0, withIssued(one.issued)).catch(() => {});
  await on.provider.observe(one.spec, null, call());
  const beganAt = on.now();
  const seen = { presence: 'absent', evidence: { seenOnRevocationList: false } };
  await expect(on.provider.observe(two.spec, returned(), withIssued(two.issued))).resolves.toMatchObject(seen);
  expect(on.now() - beganAt).toBeLessThan(2_500);
  await writing;
});

test('what was written and could not be read is not said to have been seen', async () => {
  const { spec, issued } = await given();
  const ending = returned();
  await on.provider.revoke(spec, ending, 0, withIssued(issued));
  await post(on.url, 'faults', [{ service: 'rolesanywhere', action: 'ListCrls', kind: 'deny', times: 9 }]);
  const seen = (listed: boolean) => ({ presence: 'absent', evidence: { seenOnRevocationList: listed } });
  await expect(on.provider.observe(spec, ending, withIssued(issued))).resolves.toMatchObject(seen(false));
  await post(on.url, 'faults', []);
  const late = { ...withIssued(issued), now: after(on.now(), 60_000) };
  await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(seen(true));
});

test('a control plane that does not answer keeps no early end from its proof', async () => {
  const { spec, issued } = await given();
  await on.provider.revoke(spec, returned(), 0, call());
  await post(on.url, 'faults', [{ service: 'rolesanywhere', action: 'ListCrls', kind: 'delay', delayMs: 4_500 }]);
  const seen = { presence: 'absent', evidence: { seenOnRevocationList: false } };
  await expect(on.provider.observe(spec, returned(), withIssued(issued))).resolves.toMatchObject(seen);
});

test('a certificate that is over is on no list', async () => {
  const { spec, issued } = await given();
  const late = { ...withIssued(issued), now: after(spec.endsAt, 60_000) };
  await on.provider.revoke(spec, { cause: 'revoked', since: spec.endsAt }, 0, late);
  expect(JSON.stringify(await on.journal())).not.toContain('ImportCrl');
});

async function given(durationMs = 600_000): Promise<{ spec: BindingSpec; issued: IssuedCertificate }> {
  const spec = on.binding(durationMs);
  return { spec, issued: await on.certificate(spec) };
}

const returned = (): Ending => ({ cause: 'returned', since: on.now() });
const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const withIssued = ({ facts }: IssuedCertificate): CallOptions => ({ ...call(), issued: async () => [facts] });
