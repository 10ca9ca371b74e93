import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from 'jose';
import { parseId, type PersonId, type SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { BaseUrl } from './base-url.ts';
import { CLI_CLIENT_ID, LIFETIMES } from './oidc-configuration.ts';
import type { TokenEpoch } from './token-epoch.ts';

/** Who a token speaks for, as our authorization server signed it. Whether that person may still act is asked elsewhere. */
export interface VerifiedToken {
  readonly person: PersonId;
  /** Directory key. */
  readonly key: string;
  readonly expiresAt: Instant;
  /** The sign-in that the token came from. */
  readonly signIn: SessionId;
  readonly signedInAt: Instant;
  /** When the company's provider authenticated the person; `null`: it did not say. */
  readonly authenticatedAt: Instant | null;
  /** When the sign-in ends that the token came from; refreshing does not move it. */
  readonly signInEndsAt: Instant;
  /** When more than a password was proven, or `null`. */
  readonly mfaAt: Instant | null;
  readonly via: 'cli' | 'api';
}

/** Why a token was not taken. For the log alone: the caller hears the same sentence for each of them. */
export type TokenRefusal =
  | 'not a token'
  | 'signed by no key of ours'
  | 'wrong signature'
  | 'algorithm not allowed'
  | 'not an access token'
  | 'another issuer'
  | 'another audience'
  | 'expired'
  | 'not valid yet'
  | 'another epoch'
  | 'claims missing';

export interface AccessTokens {
  verify(token: string): Promise<Result<VerifiedToken, TokenRefusal>>;
}

interface Parts {
  readonly base: BaseUrl;
  readonly verificationKeys: { readonly keys: readonly object[] };
  readonly clock: Clock;
  readonly epoch: TokenEpoch;
}

/** How far the clocks of two nodes may differ. */
const CLOCK_TOLERANCE_S = 5;

/** Verifies access tokens (RFC 9068): our issuer, our audience, ES256 and nothing else, a key that we know by its id. */
export function createAccessTokens({ base, verificationKeys, clock, epoch }: Parts): AccessTokens {
  const keys = createLocalJWKSet(verificationKeys as JSONWebKeySet);
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: ['ES256'],
          typ: 'at+jwt',
          issuer: base.issuer,
          audience: base.audience,
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(clock.now()),
          requiredClaims: ['sub', 'exp', 'iat', 'client_id', 'preferred_username', 'sign_in', 'sign_in_exp', 'epoch'],
        });
        const person = parseId('per', payload.sub ?? '');
        const { preferred_username: key, sign_in_exp: signInExp, auth_time: authTime, amr } = payload;
        const { sign_in: named } = payload;
        const signIn = typeof named === 'string' ? parseId('ses', named) : null;
        if (
          person === null ||
          signIn === null ||
          typeof key !== 'string' ||
          key === '' ||
          typeof signInExp !== 'number' ||
          payload.exp === undefined
        ) {
          return refused('claims missing');
        }
        // It may be this process that is behind: another one has begun an epoch, and issued this in it.
        const its = payload['epoch'];
        if (its !== epoch.known() && its !== (await epoch.look())) return refused('another epoch');
        const authenticatedAt = typeof authTime === 'number' ? instant(authTime * 1_000) : null;
        const mfa = Array.isArray(amr) && amr.includes('mfa');
        const signInEndsAt = instant(signInExp * 1_000);
        return ok({
          person,
          key,
          expiresAt: instant(payload.exp * 1_000),
          signIn,
          signedInAt: after(signInEndsAt, -LIFETIMES.signIn * 1_000),
          signInEndsAt,
          authenticatedAt,
          mfaAt: mfa ? authenticatedAt : null,
          via: payload['client_id'] === CLI_CLIENT_ID ? 'cli' : 'api',
        });
      } catch (error) {
        return refused(reasonOf(error));
      }
    },
  };
}

function reasonOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'another issuer';
    if (error.claim === 'aud') return 'another audience';
    if (error.claim === 'typ') return 'not an access token';
    if (error.claim === 'nbf') return 'not valid yet';
    return 'claims missing';
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'algorithm not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'signed by no key of ours';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'wrong signature';
  if (error instanceof errors.JOSEError) return 'not a token';
  throw error;
}
