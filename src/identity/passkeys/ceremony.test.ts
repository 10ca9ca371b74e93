import { createHash, createSign, webcrypto, X509Certificate, type KeyObject } from 'node:crypto';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import '../../platform/reflect-metadata.ts';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, test } from 'vitest';
import { softwareAuthenticator, type Attest } from '../../../tests/software-authenticator.ts';
import { keyOf } from '../../ledger/assertion.ts';
import { createPasskeyCeremony } from './ceremony.ts';

const ORIGIN = 'https://curfew.acme.example';
const MODEL = '11111111-2222-3333-4444-555555555555';
const CHALLENGE = createHash('sha256').update('register').digest('base64url');
const OPTIONS = { challenge: CHALLENGE } as PublicKeyCredentialCreationOptionsJSON;

/** A maker of devices: a root, and what its devices sign with. */
interface Maker {
  readonly root: string;
  readonly attest: Attest;
}

async function maker(): Promise<Maker> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [rootKeys, leafKeys] = [await keys(), await keys()];
  const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2046-01-01') };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...times,
    serialNumber: '01',
    name: 'CN=A maker of devices',
    signingAlgorithm: algorithm,
    keys: rootKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...times,
    serialNumber: '02',
    subject: 'C=SE, O=A maker of devices, OU=Authenticator Attestation, CN=Device',
    issuer: root.subject,
    signingAlgorithm: algorithm,
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
  });
  const der = Buffer.from(leaf.rawData);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey));
  const attest: Attest = (signed) => ({
    signature: createSign('sha256').update(signed).sign({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    x5c: [new X509Certificate(der).raw],
  });
  return { root: root.toString('pem'), attest };
}

describe('a device that must prove what it is', () => {
  let ours: Maker;
  let another: Maker;
  beforeAll(async () => {
    [ours, another] = [await maker(), await maker()];
  });
  const required = (aaguids: readonly string[]) =>
    createPasskeyCeremony({ origin: ORIGIN }, { kind: 'required', aaguids: new Set(aaguids), roots: [ours.root] });
  const device = (attest?: Attest, aaguid = MODEL) =>
    softwareAuthenticator({ origin: ORIGIN, aaguid, ...(attest === undefined ? {} : { attest }) }).register(OPTIONS);

  test('is taken when its maker vouches for it, and the log can say which model it is', async () => {
    expect(await required([MODEL]).verify(device(ours.attest), CHALLENGE)).toMatchObject({
      ok: true,
      value: { attestation: { format: 'packed', aaguid: MODEL } },
    });
  });

  test.each([
    ['that proves nothing', () => device(), 'did not'],
    ['of another maker', () => device(another.attest), 'does not answer'],
    ['of another model', () => device(ours.attest, '99999999-2222-3333-4444-555555555555'), 'this model'],
    ['that vouches for itself', () => selfMade(), 'maker does not vouch'],
  ])('is refused: one %s', async (_, made, why) => {
    const answer = await required([MODEL]).verify(made(), CHALLENGE);
    expect(answer).toMatchObject({ ok: false, refusal: expect.stringContaining(why) as string });
  });

  /** The format has a form without certificates, in which the new key signs for itself. */
  function selfMade() {
    let own: KeyObject | null = null;
    const made = softwareAuthenticator({
      origin: ORIGIN,
      aaguid: MODEL,
      attest: (signed) => ({ signature: sign(signed), x5c: [] }),
      onKey: (key) => (own = key),
    });
    const sign = (signed: Buffer) => {
      if (own === null) throw new Error('no key');
      return createSign('sha256').update(signed).sign(own);
    };
    return made.register(OPTIONS);
  }
});

describe('without that', () => {
  const ceremony = createPasskeyCeremony({ origin: ORIGIN }, { kind: 'none' });

  test.each(['ES256', 'EdDSA', 'RS256'] as const)('%s: the key comes out as every tool reads it', async (algorithm) => {
    const device = softwareAuthenticator({ origin: ORIGIN, algorithm });
    const made = await ceremony.verify(device.register(OPTIONS), CHALLENGE);
    expect(made).toMatchObject({
      ok: true,
      value: { id: device.credentialId, publicKey: device.spki, attestation: null },
    });
    expect(keyOf(device.spki)).not.toBeNull();
  });

  test('a challenge that is not the one that was asked is refused', async () => {
    const device = softwareAuthenticator({ origin: ORIGIN });
    const other = { challenge: createHash('sha256').update('other').digest('base64url') };
    expect(await ceremony.verify(device.register({ ...OPTIONS, ...other }), CHALLENGE)).toMatchObject({ ok: false });
  });
});

test.each([
  ['https://curfew.acme.example', 'curfew.acme.example'],
  ['http://localhost:7420', 'localhost'],
  ['http://127.0.0.1:7420', null],
  ['http://[::1]:7420', null],
])('passkeys belong to the name in %s: %s', (origin, rpId) => {
  expect(createPasskeyCeremony({ origin }, { kind: 'none' }).rpId).toBe(rpId);
});
