import { createHash } from 'node:crypto';
import type { Random } from '../../platform/random.ts';

/** The secrets of one sign-in: PKCE with S256 (RFC 7636) and a state against forged callbacks. */
export interface SignInSecrets {
  readonly verifier: string;
  readonly challenge: string;
  readonly state: string;
}

export function newSignIn(random: Random): SignInSecrets {
  const verifier = random.bytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { verifier, challenge, state: random.bytes(24).toString('base64url') };
}
