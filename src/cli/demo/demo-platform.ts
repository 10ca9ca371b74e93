import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { after, type Instant } from '../../core/time.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeRsaPem, openKeyFiles } from '../../platform/key-files.ts';
import { systemRandom } from '../../platform/random.ts';

/** What Entra was told to trust: a federated credential of an application. */
export interface PlatformIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** Stands for the platform that the broker runs on, whose tokens Entra takes in place of a secret. */
export interface DemoPlatform {
  /** The public half of its key, as an issuer publishes it. */
  readonly publishedKey: JsonWebKey;
  /** A token that says who runs here, good for some minutes. */
  assertion(identity: PlatformIdentity): Promise<string>;
}

const KEY_ID = 'platform';
const AUDIENCE = 'api://AzureADTokenExchange';
const LASTS_MS = 600_000;

/** Its key is made once, in a folder of the demo's own. Throws a `KeyFileProblem` where others can read it. */
export function openDemoPlatform(folder: string): DemoPlatform {
  const key = createPrivateKey(openKeyFiles(folder, systemRandom).loadOrCreate('platform.pem', makeRsaPem));
  return {
    publishedKey: { ...createPublicKey(key).export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' },
    assertion({ issuer, subject }) {
      const now = systemClock.now();
      return new SignJWT()
        .setProtectedHeader({ alg: 'RS256', kid: KEY_ID })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(AUDIENCE)
        .setIssuedAt(seconds(now))
        .setExpirationTime(seconds(after(now, LASTS_MS)))
        .sign(key);
    },
  };
}

const seconds = (at: Instant): number => Math.floor(at / 1_000);
