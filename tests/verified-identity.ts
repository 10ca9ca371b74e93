import { instant } from '../src/core/time.ts';
import type { VerifiedIdentity } from '../src/operations/sign-in.ts';

/** Somebody whom the company's provider has authenticated, without an address and without a session of its own. */
export function verifiedIdentity(issuer: string, subject: string): VerifiedIdentity {
  return { issuer, subject, email: null, emailVerified: false, companySession: null, begunAt: instant(0) };
}
