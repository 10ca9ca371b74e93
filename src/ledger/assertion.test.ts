import { generateKeyPairSync } from 'node:crypto';
import { verifyAuthenticationResponse, type AuthenticationResponseJSON } from '@simplewebauthn/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { softwareAuthenticator, type Lies, type SoftwareAuthenticator } from '../../tests/software-authenticator.ts';
import { counterWentBack, verifyAssertion } from './assertion.ts';
import { challengeOf } from './decision-document.ts';

const ORIGIN = 'https://curfew.acme.example';
const CHALLENGE = challengeOf('{"what":"was decided"}');
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'] as const;

function ours(device: SoftwareAuthenticator, { response }: AuthenticationResponseJSON) {
  return verifyAssertion(response, { publicKey: device.spki, challenge: CHALLENGE, origin: ORIGIN });
}

/** The same question to a library that shares no code with ours. */
async function oracle(device: SoftwareAuthenticator, response: AuthenticationResponseJSON): Promise<boolean> {
  try {
    const { verified } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: CHALLENGE,
      expectedOrigin: ORIGIN,
      expectedRPID: new URL(ORIGIN).hostname,
      requireUserVerification: true,
      credential: { id: device.credentialId, publicKey: device.cose, counter: 0 },
    });
    return verified;
  } catch {
    return false;
  }
}

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const device = softwareAuthenticator({ origin: ORIGIN, algorithm });

  test('an honest assertion is taken, by the oracle too', async () => {
    const answer = device.assert({ challenge: CHALLENGE });
    expect(ours(device, answer)).toEqual({ ok: true, value: { counter: device.counter, synced: false } });
    expect(await oracle(device, answer)).toBe(true);
  });

  test.each<[string, Lies]>([
    ['made for signing in', { type: 'webauthn.create' }],
    ['another page', { origin: 'https://curfew.acme.example.evil.example' }],
    ['another page', { origin: 'http://curfew.acme.example' }],
    ['foreign page', { client: { crossOrigin: true } }],
    ['foreign page', { client: { topOrigin: 'https://evil.example' } }],
    ['something else', { client: { challenge: challengeOf('{"what":"was not"}') } }],
    ['another server', { rpId: 'acme.example' }],
    ['nobody touched', { flags: 0x04 }],
    ['did not check', { flags: 0x01 }],
    ['contradict', { flags: 0x15 }],
    ['contradict', { flags: 0x45 }],
    ['contradict', { flags: 0x85 }],
    ['does not fit', { key: anotherKey(algorithm) }],
  ])('refused: %s', (why, lies) => {
    const answer = device.assert({ challenge: CHALLENGE }, lies);
    expect(ours(device, answer)).toMatchObject({ ok: false, refusal: expect.stringContaining(why) as string });
  });

  test('any changed byte is refused, also where a lenient reader of a signature (the oracle is one) takes it', () => {
    const fields = ['authenticatorData', 'clientDataJSON', 'signature'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.nat(), fc.integer({ min: 1, max: 255 }), (field, at, flip) => {
        const answer = device.assert({ challenge: CHALLENGE });
        const bytes = Buffer.from(answer.response[field], 'base64url');
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        const changed = { ...answer, response: { ...answer.response, [field]: bytes.toString('base64url') } };
        expect(ours(device, changed).ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('any changed character is refused, also those that a lenient decoder drops', () => {
    const answer = device.assert({ challenge: CHALLENGE });
    for (const field of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
      const text = answer.response[field];
      for (const changed of [`${text}=`, `${text}\n`, ` ${text}`, `${text}A`, text.replace(/.$/, differentEnd), ''])
        expect(ours(device, { ...answer, response: { ...answer.response, [field]: changed } }).ok, field).toBe(false);
    }
  });

  test('a changed key is refused', () => {
    const answer = device.assert({ challenge: CHALLENGE });
    const key = Buffer.from(device.spki, 'base64');
    for (let at = 0; at < key.length; at += 1) {
      const changed = Buffer.from(key);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const expected = { publicKey: changed.toString('base64'), challenge: CHALLENGE, origin: ORIGIN };
      expect(verifyAssertion(answer.response, expected).ok, `byte ${at}`).toBe(false);
    }
  });
});

test('only keys of the three kinds are taken, and none that is too small', () => {
  const device = softwareAuthenticator({ origin: ORIGIN });
  const answer = device.assert({ challenge: CHALLENGE });
  for (const { publicKey } of [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ed448'),
    generateKeyPairSync('rsa', { modulusLength: 1_024 }),
    generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }),
  ]) {
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    expect(ours({ ...device, spki }, answer)).toMatchObject({ refusal: 'the key is of no kind that is taken' });
  }
});

test('a counter must grow, unless the authenticator never counts', () => {
  expect([
    counterWentBack(0, 0),
    counterWentBack(0, 1),
    counterWentBack(4, 5),
    counterWentBack(5, 5),
    counterWentBack(5, 4),
    counterWentBack(5, 0),
  ]).toEqual([false, false, false, true, true, true]);
});

function anotherKey(algorithm: (typeof ALGORITHMS)[number]) {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
}

/** The last character of base64url has bits that no byte uses. */
function differentEnd(end: string): string {
  return end === 'B' ? 'C' : 'B';
}
