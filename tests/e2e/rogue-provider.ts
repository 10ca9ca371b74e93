import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';

/**
 * An OpenID provider that says whatever a test tells it to: nobody signs in, every code is good. The well-behaved part is as
 * small as can be, so that what is wrong in an answer is what the test put there.
 */
export interface RogueProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Changes the next ID tokens; reset it with an empty object. */
  lie: Lie;
  /** Replaces the signing key: the old one is gone from the key set at once. */
  rotate(): Promise<void>;
  /** Whether the key set can be had. */
  keysAnswer: boolean;
  sign(claims: JWTPayload, header?: Record<string, unknown>, key?: CryptoKey | Uint8Array): Promise<string>;
  /** How often the key set was read. */
  keyReads: number;
  /** What the last sign-in asked for. */
  lastAsked: URLSearchParams;
  close(): Promise<void>;
}

export interface Lie {
  /** Claims that replace the honest ones; `undefined` leaves one out. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey | Uint8Array;
}

export async function startRogueProvider(): Promise<RogueProvider> {
  const nonces = new Map<string, string>();
  let kid = '';
  let pair = await generateKeyPair('ES256');
  const rotate = async () => {
    pair = await generateKeyPair('ES256');
    kid = randomBytes(6).toString('hex');
  };
  await rotate();
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', rogue.issuer);
      const json = (body: unknown, status = 200) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (url.pathname === '/.well-known/openid-configuration') return json(discovery(rogue.issuer));
      if (url.pathname === '/jwks') {
        rogue.keyReads += 1;
        if (!rogue.keysAnswer) return json({}, 503);
        return json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' }] });
      }
      if (url.pathname === '/authorize') {
        rogue.lastAsked = url.searchParams;
        const code = randomBytes(16).toString('hex');
        nonces.set(code, url.searchParams.get('nonce') ?? '');
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.search = String(
          new URLSearchParams({ code, state: url.searchParams.get('state') ?? '', iss: rogue.issuer }),
        );
        return response.writeHead(303, { location: back.href }).end();
      }
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const code = new URLSearchParams(body).get('code') ?? '';
      const nonce = nonces.get(code);
      nonces.delete(code);
      if (nonce === undefined) return json({ error: 'invalid_grant' }, 400);
      const now = Math.floor(Date.now() / 1_000);
      const { claims, header, key } = rogue.lie;
      const honest = { iss: rogue.issuer, aud: rogue.clientId, sub: 'ana', iat: now, exp: now + 300, nonce };
      const idToken = await rogue.sign({ ...honest, ...claims }, header, key);
      return json({ access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: idToken });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rogue: RogueProvider = {
    issuer: `http://localhost:${(server.address() as AddressInfo).port}`,
    clientId: 'curfew',
    lie: {},
    keysAnswer: true,
    keyReads: 0,
    lastAsked: new URLSearchParams(),
    rotate,
    sign: async (claims, header, key) =>
      header?.['alg'] === 'none'
        ? new UnsecuredJWT(claims).encode()
        : new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(key ?? pair.privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return rogue;
}

const discovery = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
  authorization_response_iss_parameter_supported: true,
});
