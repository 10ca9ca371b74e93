import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ProposedChange } from '../core/administration.ts';
import type { GrantId, PersonId, ProposalId, RecoveryId, RequestId } from '../core/ids.ts';
import type { Meaning } from '../core/meaning.ts';
import { invariant } from '../core/result.ts';
import type { Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';

/** One role on one target, as the approver saw it, and what both meant when it was approved. */
export interface SignedItem extends Pick<Meaning, 'definition'>, Partial<Pick<Meaning, 'targetDefinition'>> {
  readonly role: string;
  readonly target: string;
  readonly tier: number;
}

/** What every signed document has: who signs, where, and for how long the question stands. Times are RFC 3339. */
export interface Signed {
  /** The address of the broker that asked. The browser writes the same one into what is signed. */
  readonly origin: string;
  /** Pseudonymous id of the person who signs. */
  readonly approver: PersonId;
  readonly verdict: 'approve';
  /** 32 random bytes in base64url: no two documents are the same. */
  readonly nonce: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

/** What an approver signs with a passkey. Pseudonymous ids and a commitment only: it stands in the log for ever. */
export interface ApprovalDocument extends Signed {
  /** 1: from before items said what their target was (`targetDefinition`). Nobody signs one any more. */
  readonly v: 1 | 2;
  readonly kind: 'curfew.approval';
  readonly request: RequestId;
  /** Whose access it is. */
  readonly requester: PersonId;
  readonly items: readonly SignedItem[];
  /** The longest that the approver agrees to; for an extension, by how much. */
  readonly durationMs: number;
  readonly startsAt: string | null;
  /** The grant that is to last longer, and until when; `null`: this is about new access. */
  readonly extends: { readonly grant: GrantId; readonly until: string } | null;
  readonly policyVersion: string;
  /** Hex SHA-256(salt || comment), which the entry in the log commits to as well; `null` without a comment. */
  readonly comment: string | null;
}

/** What somebody signs who confirms that a colleague who lost all passkeys may register a new one. */
export interface RecoveryDocument extends Signed {
  readonly v: 1;
  readonly kind: 'curfew.passkey-recovery';
  readonly recovery: RecoveryId;
  /** Who lost them. */
  readonly person: PersonId;
}

/** What an admin signs who proposes a change of Curfew itself: another kind than a confirmation, so that neither can stand for the other. */
export interface ProposingDocument extends Signed {
  readonly v: 1;
  readonly kind: 'curfew.proposing';
  /** The id that the proposal has once it is made. */
  readonly proposal: ProposalId;
  readonly change: ProposedChange;
}

/** What an admin signs who confirms a change of Curfew itself. */
export interface ProposalDocument extends Signed {
  /** 1: from before it said what changes (`change`). Nobody signs one any more. */
  readonly v: 1 | 2;
  readonly kind: 'curfew.proposal';
  readonly proposal: ProposalId;
  readonly change?: ProposedChange;
  /** `changesVersion` of the proposal: stands for everything that it changes, besides. */
  readonly changes: string;
}

export type SignedDocument = ApprovalDocument | RecoveryDocument | ProposingDocument | ProposalDocument;

/** How long a document may be signed after it was made. */
export const SIGN_WITHIN_MS = 5 * 60_000;

/** The document as it is signed and kept: canonical JSON (RFC 8785). */
export function printDocument(document: SignedDocument): string {
  const text = canonicalize(document);
  invariant(text !== undefined, 'a document is JSON');
  return text;
}

/**
 * The challenge of a document: base64url of the SHA-256 of its bytes. What an authenticator signs contains this, so that a signature
 * over the challenge is one over the document.
 */
export function challengeOf(document: string): string {
  return createHash('sha256').update(document, 'utf8').digest('base64url');
}

/** Hex SHA-256 of a value in canonical JSON. */
export function hashOf(value: unknown): string {
  const text = canonicalize(value);
  invariant(text !== undefined, 'what is hashed is JSON');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** What a role on a target means; `undefined`: nobody knows of one by that name. */
export function meaningOf(role: Role | undefined, target: Target | undefined): Meaning {
  const place = target === undefined ? {} : { kind: target.kind, native: target.native, provider: target.provider };
  return { definition: hashOf(role ?? {}), targetDefinition: hashOf(place) };
}

/** Whether what was signed is what something means. A document of version 1 says nothing of where its target was, and holds for any. */
export function isSignedFor(item: Omit<SignedItem, 'tier'>, { definition, targetDefinition }: Meaning): boolean {
  return item.definition === definition && (item.targetDefinition ?? targetDefinition) === targetDefinition;
}

/**
 * Reads a document of a kind from the text that was signed. `null`: it is not canonical JSON of such a document, so nobody knows what the
 * signature is about.
 */
export function readDocument<Kind extends SignedDocument['kind']>(
  kind: Kind,
  text: string,
): Extract<SignedDocument, { readonly kind: Kind }> | null {
  try {
    const read = JSON.parse(text) as SignedDocument;
    if (canonicalize(read) !== text || read.kind !== kind || read.verdict !== 'approve') return null;
    if (!isOfItsVersion(read)) return null;
    return read as Extract<SignedDocument, { readonly kind: Kind }>;
  } catch {
    return null;
  }
}

function isOfItsVersion(read: SignedDocument): boolean {
  switch (read.kind) {
    case 'curfew.approval':
      return isApproval(read);
    case 'curfew.proposing':
      return read.v === 1 && isObject(read.change);
    case 'curfew.proposal':
      return read.v === 1 ? read.change === undefined : read.v === 2 && isObject(read.change);
    case 'curfew.passkey-recovery':
      return read.v === 1;
  }
}

function isApproval({ v, items }: ApprovalDocument): boolean {
  if ((v !== 1 && v !== 2) || !Array.isArray(items) || !items.every(isObject)) return false;
  const wanted = v === 1 ? 'undefined' : 'string';
  return (items as readonly Partial<SignedItem>[]).every(({ targetDefinition }) => typeof targetDefinition === wanted);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
