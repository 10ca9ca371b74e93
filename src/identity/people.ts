import type { PersonId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { AccountUse } from '../platform/config.ts';

/** What the company's provider says about somebody who has just signed in; its ID token has been verified. */
export interface CompanyIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** What the directory calls accounts of this issuer. */
  readonly accounts: string;
  /** What accounts of this issuer are for; whoever has one that is only known signs in nowhere. */
  readonly use: AccountUse;
  readonly email: string | null;
  /** An address that nobody has verified must not be matched with a person. */
  readonly emailVerified: boolean;
  readonly preferredUsername: string | null;
  /** The provider's own name for its session (`sid`), by which a logout there may name it. */
  readonly companySession: string | null;
}

export interface SignInRefusal {
  /** Shown to the person. */
  readonly detail: string;
}

/** A person of the directory behind a pseudonymous id. */
export interface KnownPerson {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  /** False for somebody who has left: no new token, and every old one is refused. */
  readonly active: boolean;
}

/** What identity needs to know about people; the composition root fills it from the directory and the database. */
export interface People {
  /** Maps a verified identity to a person and logs the sign-in; refuses who is not in the directory or has left. */
  admit(identity: CompanyIdentity & SignInFacts): Promise<Result<PersonId, SignInRefusal>>;
  find(id: PersonId): Promise<KnownPerson | null>;
}

/** Facts of a sign-in that its session and its access tokens carry. */
export interface SignInFacts {
  /** When the sign-in began here. */
  readonly begunAt: Instant;
  /**
   * When the provider authenticated the person. That may be long before the sign-in here, where it knew the browser already; `null`: it did
   * not say, so nobody knows.
   */
  readonly authenticatedAt: Instant | null;
  /** When more than a password was proven; `null` when the provider did not say so. */
  readonly mfaAt: Instant | null;
}
