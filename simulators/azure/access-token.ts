import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** Claims of an access token, version 1.0, as far as services here look at them. Times are seconds since the epoch. */
export type AccessClaims = {
  readonly aud: string;
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly appid: string;
  /** How the client proved itself: 1 by secret, 2 by an assertion. */
  readonly appidacr: '1' | '2';
  readonly idtyp: 'app' | 'user';
  readonly oid: string;
  readonly sub: string;
  readonly tid: string;
  readonly uti: string;
  readonly ver: '1.0';
  readonly upn?: string;
  /** Application permissions, in a token for Graph. */
  readonly roles?: readonly string[];
  /** Roles of Entra that a person held when the token was issued. */
  readonly wids?: readonly string[];
  /** How a person proved who they are. */
  readonly amr?: readonly string[];
};

/** Why a token is not taken. */
export type TokenFault = 'malformed' | 'signature' | 'expired' | 'not-yet';

/** Signs access tokens with RS256 and checks them. */
export class AccessTokens {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #kid: string;

  constructor(signingKey: string) {
    this.#private = createPrivateKey(signingKey);
    this.#public = createPublicKey(this.#private);
    this.#kid = createHash('sha256')
      .update(this.#public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  /** The public key, as `/discovery/v2.0/keys` publishes it. */
  get jwk(): Readonly<Record<string, unknown>> {
    return { ...this.#public.export({ format: 'jwk' }), use: 'sig', kid: this.#kid };
  }

  issue(claims: AccessClaims): string {
    const head = encode({ typ: 'JWT', alg: 'RS256', kid: this.#kid });
    const signed = `${head}.${encode(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#private).toString('base64url')}`;
  }

  /** The claims of a token that was signed here and is in its time. */
  open(token: string, nowMs: number): AccessClaims | TokenFault {
    const jwt = readJwt(token);
    if (jwt === null || jwt.header['alg'] !== 'RS256') return 'malformed';
    if (!verify('sha256', Buffer.from(jwt.signed), this.#public, jwt.signature)) return 'signature';
    // What was signed here has these claims.
    const claims = jwt.payload as AccessClaims;
    if (claims.exp * 1_000 <= nowMs) return 'expired';
    return claims.nbf * 1_000 > nowMs ? 'not-yet' : claims;
  }
}

/** A JWT taken apart, nothing of it checked. */
export type Jwt = {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
};

/** `null` for what is no JWT. */
export function readJwt(token: string): Jwt | null {
  const parts = token.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) return null;
  if (![head, body, signature].every((part) => /^[\w-]+$/.test(part))) return null;
  const header = decode(head);
  const payload = decode(body);
  if (header === null || payload === null) return null;
  return { header, payload, signed: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
