import { instant } from '../src/core/time.ts';
import type { VerifiedIdentity } from '../src/operations/sign-in.ts';

/** Somebody whom a provider has authenticated, without an address and without a session of its own. */
export function verifiedIdentity(
  issuer: string,
  subject: string,
  accounts = 'oidc',
  use: VerifiedIdentity['use'] = 'sign-in',
): VerifiedIdentity {
  return {
    issuer,
    subject,
    accounts,
    use,
    email: null,
    emailVerified: false,
    companySession: null,
    begunAt: instant(0),
  };
}
