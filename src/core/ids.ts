/**
 * Ids are a prefix and 20 characters of lower-case base32 (100 random bits), made by `src/platform/random.ts`.
 * They are short because AWS limits what carries them: a role's inline policies hold 10,240 characters, a session name 64.
 */
type Id<Prefix extends string> = `${Prefix}_${string}` & { readonly __id: Prefix };

export type PersonId = Id<'per'>;
export type RequestId = Id<'req'>;
export type ApprovalId = Id<'apr'>;
export type GrantId = Id<'grt'>;
export type CredentialId = Id<'crd'>;
export type RevocationId = Id<'rev'>;
export type SessionId = Id<'ses'>;
export type ProposalId = Id<'prp'>;
export type PasskeyId = Id<'pky'>;
export type RecoveryId = Id<'rcv'>;
export type AccountId = Id<'lnk'>;

export const ID_PREFIXES = ['per', 'req', 'apr', 'grt', 'crd', 'rev', 'ses', 'prp', 'pky', 'rcv', 'lnk'] as const;
export type IdPrefix = (typeof ID_PREFIXES)[number];
export type IdOf<Prefix extends IdPrefix> = Id<Prefix>;

const BODY = /^[a-z2-7]{20}$/;

/** Parses an id of one kind. Returns `null` for anything else, so that a route can answer 404 without asking the database. */
export function parseId<Prefix extends IdPrefix>(prefix: Prefix, text: string): IdOf<Prefix> | null {
  if (!text.startsWith(`${prefix}_`) || !BODY.test(text.slice(prefix.length + 1))) return null;
  return text as IdOf<Prefix>;
}
