import { createHmac } from 'node:crypto';
import { importJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { after, instant } from '../core/time.ts';
import { createAccessTokens } from './access-tokens.ts';
import { parseBaseUrl } from './base-url.ts';
import { makeSigningJwk, parseSigningJwk, publicJwk, type SigningJwk } from './keys.ts';

const base = parseBaseUrl('https://curfew.acme.example');
const ours = makeSigningJwk();
const theirs = makeSigningJwk();
const NOW = instant(Date.parse('2026-11-21T06:00:00Z'));
const PERSON = `per_${'a'.repeat(20)}`;
const seconds = Math.floor(NOW / 1_000);
let now = NOW;
const clock = { now: () => now, sleep: () => Promise.resolve(), timeout: () => new AbortController().signal };
/** What this process knows, and what the database says. */
const epoch = { here: 'e1', there: 'e1' };
const tokens = createAccessTokens({
  base,
  verificationKeys: { keys: [publicJwk(ours)] },
  clock,
  epoch: { known: () => epoch.here, look: () => Promise.resolve(epoch.there) },
});

const SIGN_IN = `ses_${'s'.repeat(20)}`;

const CLAIMS: JWTPayload = {
  iss: base.issuer,
  aud: base.audience,
  sub: PERSON,
  client_id: 'curfew-cli',
  preferred_username: 'ana',
  iat: seconds,
  exp: seconds + 600,
  sign_in: SIGN_IN,
  sign_in_exp: seconds + 43_200,
  auth_time: seconds - 30,
  epoch: 'e1',
};

async function sign(
  changes: JWTPayload = {},
  options: { key?: SigningJwk; kid?: string; typ?: string } = {},
): Promise<string> {
  const key = options.key ?? ours;
  const payload = JSON.parse(JSON.stringify({ ...CLAIMS, ...changes })) as JWTPayload;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: options.kid ?? key.kid, typ: options.typ ?? 'at+jwt' })
    .sign(await importJWK({ ...key }, 'ES256'));
}

const refusal = async (token: string): Promise<string> => {
  const outcome = await tokens.verify(token);
  return outcome.ok ? 'accepted' : outcome.refusal;
};

describe('a good token', () => {
  test('says who acts, until when, and whether more than a password was proven', async () => {
    now = NOW;
    const outcome = await tokens.verify(await sign({ amr: ['mfa'] }));
    expect(outcome).toEqual({
      ok: true,
      value: {
        person: PERSON,
        key: 'ana',
        expiresAt: after(NOW, 600_000),
        signIn: SIGN_IN,
        signedInAt: NOW,
        authenticatedAt: after(NOW, -30_000),
        signInEndsAt: after(NOW, 43_200_000),
        mfaAt: after(NOW, -30_000),
        via: 'cli',
      },
    });
  });

  test('proves no second factor when the provider only says "pwd", or does not say when', async () => {
    for (const changes of [{ amr: ['pwd'] }, { amr: ['mfa'], auth_time: undefined }]) {
      const outcome = await tokens.verify(await sign(changes));
      expect(outcome.ok && outcome.value.mfaAt).toBeNull();
      expect(outcome.ok && outcome.value.authenticatedAt === null).toBe('auth_time' in changes);
    }
  });

  test('is refused once a restored database has begun another epoch', async () => {
    const before = await sign();
    Object.assign(epoch, { here: 'e2', there: 'e2' });
    expect(await refusal(before)).toBe('another epoch');
    expect(await refusal(await sign({ epoch: 'e2' }))).toBe('accepted');
    expect(await refusal(await sign({ epoch: undefined }))).toBe('claims missing');
    Object.assign(epoch, { here: 'e1', there: 'e1' });
  });

  test('of an epoch that this process has not heard of is taken when the database says so', async () => {
    epoch.there = 'e2';
    expect(await refusal(await sign({ epoch: 'e2' }))).toBe('accepted');
    expect(await refusal(await sign({ epoch: 'e3' }))).toBe('another epoch');
    epoch.there = 'e1';
  });

  test('is taken up to five seconds after its end, for clocks that differ, and not longer', async () => {
    const token = await sign();
    now = after(NOW, 604_000);
    expect(await refusal(token)).toBe('accepted');
    now = after(NOW, 606_000);
    expect(await refusal(token)).toBe('expired');
    now = NOW;
  });
});

describe('a forged token is refused, with its cause for the log', () => {
  test('signed by another key under our key id', async () => {
    expect(await refusal(await sign({}, { key: theirs, kid: ours.kid }))).toBe('wrong signature');
  });

  test('signed by a key that we do not have', async () => {
    expect(await refusal(await sign({}, { key: theirs }))).toBe('signed by no key of ours');
  });

  test('with the signature of another of our tokens', async () => {
    const [header, , signature] = (await sign()).split('.');
    const payload = Buffer.from(JSON.stringify({ ...CLAIMS, preferred_username: 'bo' })).toString('base64url');
    expect(await refusal(`${header}.${payload}.${signature}`)).toBe('wrong signature');
  });

  test('not signed at all', async () => {
    expect(await refusal(new UnsecuredJWT(CLAIMS).encode())).toBe('algorithm not allowed');
  });

  test('with our public key used as an HMAC secret', async () => {
    const head = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: ours.kid })).toString('base64url');
    const body = `${head}.${Buffer.from(JSON.stringify(CLAIMS)).toString('base64url')}`;
    const signature = createHmac('sha256', JSON.stringify(publicJwk(ours)))
      .update(body)
      .digest('base64url');
    expect(await refusal(`${body}.${signature}`)).toBe('algorithm not allowed');
  });

  test('of another issuer, for another audience, or of another kind', async () => {
    expect(await refusal(await sign({ iss: 'https://idp.acme.example' }))).toBe('another issuer');
    expect(await refusal(await sign({ iss: `${base.issuer}/` }))).toBe('another issuer');
    expect(await refusal(await sign({ aud: 'https://other.example/v1' }))).toBe('another audience');
    expect(await refusal(await sign({}, { typ: 'JWT' }))).toBe('not an access token');
  });

  test('expired, not valid yet, or without what it must say', async () => {
    expect(await refusal(await sign({ exp: seconds - 6 }))).toBe('expired');
    expect(await refusal(await sign({ nbf: seconds + 60 }))).toBe('not valid yet');
    for (const name of ['exp', 'sub', 'preferred_username', 'client_id', 'sign_in', 'sign_in_exp']) {
      expect(await refusal(await sign({ [name]: undefined })), name).toBe('claims missing');
    }
    expect(await refusal(await sign({ sub: 'ana' }))).toBe('claims missing');
    expect(await refusal(await sign({ sign_in: 'ana' }))).toBe('claims missing');
  });

  test.each(['', 'x', 'a.b.c', '....', 'e30.e30.e30'])('which is none: %j', async (text) => {
    expect(await refusal(text)).toBe('not a token');
  });
});

describe('signing keys', () => {
  test('survive their file, and are refused when it is something else', () => {
    expect(parseSigningJwk(JSON.stringify(ours))).toEqual(ours);
    expect(() => parseSigningJwk('{"kty":"RSA","d":"secret"}')).toThrow(
      'The signing key file does not hold a P-256 JSON Web Key.',
    );
  });

  test('have a public half without the private part', () => {
    expect(publicJwk(ours)).not.toHaveProperty('d');
  });
});
