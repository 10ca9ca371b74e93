import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { instant } from '../core/time.ts';
import { createEndSigner, createEndVerifier, signLease, verifyLease, type EndStatement } from './signed-end.ts';

const pem = () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const signer = createEndSigner(pem());
const verifier = createEndVerifier([signer.publicKey]);
const statement: EndStatement = {
  kind: 'aws/identity-center',
  native: ['ssoins-1', '444455556666', 'ps-1', 'user-1'],
  endsAt: instant(Date.UTC(2026, 10, 21, 14, 30, 0, 700)),
};

test('a lease says what it was signed for, in whole seconds and never later, and is the same text each time', () => {
  const text = signLease(signer, statement);
  expect(verifyLease(verifier, text)).toEqual({
    ok: true,
    statement: { ...statement, endsAt: Date.UTC(2026, 10, 21, 14, 30) },
  });
  expect(signLease(signer, statement)).toBe(text);
});

test.each([
  ['a later end', { endsAt: '2026-11-21T15:30:00Z' }],
  ['the same end written otherwise', { endsAt: '2026-11-21T14:30:00.000Z' }],
  ['another person', { native: ['ssoins-1', '444455556666', 'ps-1', 'user-2'] }],
  ['one name less', { native: ['ssoins-1', '444455556666', 'ps-1'] }],
  ['another kind', { kind: 'aws/timed-policy' }],
  ['no signature', { signature: '' }],
  ['names that are no texts', { native: [1, 2, 3, 4] }],
  ['no names', { native: [] }],
  ['another version', { version: 2 }],
])('a lease that was edited to %s is not believed, and nothing of it is given back', (_what, change) => {
  const edited = JSON.stringify({ ...(JSON.parse(signLease(signer, statement)) as object), ...change });
  expect(verifyLease(verifier, edited)).toEqual({ ok: false, why: expect.any(String) as string });
});

test.each(['', 'x', 'null', '[]', '{"version":1'])('%j is no lease', (text) => {
  expect(verifyLease(verifier, text).ok).toBe(false);
});

test('while a key is being replaced both are believed, and afterwards the old one is not', () => {
  const next = createEndSigner(pem());
  const both = createEndVerifier([signer.publicKey, next.publicKey]);
  for (const one of [signer, next]) expect(verifyLease(both, signLease(one, statement)).ok).toBe(true);
  expect(verifyLease(createEndVerifier([next.publicKey]), signLease(signer, statement)).ok).toBe(false);
});

test('keys that are none are refused', () => {
  expect(() => createEndVerifier([])).toThrow('without a public key');
  expect(() => createEndVerifier(['abc'])).toThrow('"abc" is not a public key');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  expect(() => createEndSigner(rsa.export({ format: 'pem', type: 'pkcs8' }).toString())).toThrow('not an Ed25519 key');
});
