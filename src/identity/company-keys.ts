import { compactVerify, createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type RemoteJWKSet } from 'jose';

/** Keys that a client knows too, as in HS256, prove nothing to us; `none` proves nothing to anybody. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far the provider's clock may be from ours, in seconds. */
const CLOCK_TOLERANCE_S = 30;
/** A logout is taken for so long after it was signed; it is known by its id meanwhile. */
export const LOGOUT_MAX_AGE_S = 300;

/** The signing keys of the company's provider. They are read when they are needed, and again when a key is not among them. */
export interface CompanyKeys {
  /** Throws what jose throws when an ID token was not signed by the provider. */
  verifyIdToken(token: string): Promise<void>;
  /** The claims of a logout token with a good signature, issuer, audience and time; throws otherwise. */
  verifyLogoutToken(token: string, clientId: string, now: Date): Promise<JWTPayload>;
}

export function companyKeys(jwksUri: string, issuer: string): CompanyKeys {
  const keys: RemoteJWKSet = createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: 8_000 });
  return {
    async verifyIdToken(token) {
      try {
        await compactVerify(token, keys, { algorithms: ALGORITHMS });
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // The provider itself has just given us the token, so its key is new: no stranger can make us ask again like this.
        await keys.reload();
        await compactVerify(token, keys, { algorithms: ALGORITHMS });
      }
    },
    async verifyLogoutToken(token, clientId, now) {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer,
        audience: clientId,
        clockTolerance: CLOCK_TOLERANCE_S,
        maxTokenAge: LOGOUT_MAX_AGE_S,
        currentDate: now,
        requiredClaims: ['iat', 'jti', 'events'],
      });
      // Not every provider types its logout tokens (section 2.4), but none calls one an access token.
      const type = protectedHeader.typ?.toLowerCase() ?? 'jwt';
      if (!['jwt', 'logout+jwt', 'application/logout+jwt'].includes(type))
        throw new errors.JWTInvalid('not the type of a logout token');
      return payload;
    },
  };
}
