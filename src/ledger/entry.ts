import type { ApprovalId, CredentialId, GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Instant } from '../core/time.ts';

/** What an entry may say, by kind of event. A field that is not listed is secret: it is refused, not written. */
interface Fields {
  /** Written into the log in clear: nothing about a person beyond their pseudonymous id, and no secret. */
  readonly public: readonly string[];
  /** Written beside the log under the key of one person; the log holds a salted commitment. */
  readonly personal: readonly string[];
}

const only = (...names: readonly string[]): Fields => ({ public: names, personal: [] });

/** A document as it was signed and the answer of the authenticator, in base64url; `credential` is the hash of the credential's id. */
const SIGNATURE = ['document', 'authenticatorData', 'clientDataJSON', 'signature', 'credential'] as const;

/** A change by admins: `role` of an appointment or a dismissal, `with` and `grants` of a merge, `account` of a release. */
const PROPOSED = ['proposal', 'action', 'role', 'with', 'grants', 'account'] as const;

/** Every kind of event, in the past tense, with the class of each of its fields. */
export const EVENTS = {
  'request.submitted': {
    public: ['items', 'tier', 'durationMs', 'policyVersion', 'directoryVersion', 'steps', 'lapsesAt', 'until'],
    personal: ['reason', 'ticket'],
  },
  'request.refused': only('items', 'duration', 'policyVersion', 'refusals', 'until'),
  'request.approved': only('automatic', 'policyVersion', 'rules', 'until'),
  'request.denied': only('by', 'policyVersion', 'refusals'),
  'request.withdrawn': only('revocation', 'because'),
  'request.lapsed': only('cause'),
  'approval.given': { public: ['policyVersion', 'via', 'tier', 'durationMs', ...SIGNATURE], personal: ['comment'] },
  'approval.set-aside': only('approver', 'because', 'policyVersion'),
  'approval.refused': { public: ['policyVersion', 'via'], personal: ['comment'] },
  'grant.scheduled': only(
    'role',
    'target',
    'definition',
    'targetDefinition',
    'method',
    'durationMs',
    'startsAt',
    'retryOf',
  ),
  'grant.activating': only('activatedAt', 'endsAt', 'standing'),
  'grant.active': only('activatedAt', 'endsAt', 'fingerprints', 'standing', 'residual'),
  'grant.not-retried': { public: ['cause', 'revocation', 'because'], personal: ['reason'] },
  'grant.extending': only('until', 'standing'),
  'grant.extended': only('endsAt', 'fingerprints', 'standing', 'residual'),
  'grant.not-extended': only('until', 'boundUntil', 'refusal', 'text', 'fault', 'message'),
  'grant.ending': {
    public: ['cause', 'endsAt', 'refusal', 'text', 'fault', 'message', 'revocation', 'triesAgain', 'because'],
    personal: ['reason'],
  },
  'grant.ended': { public: ['cause', 'proof', 'evidence', 'endsAt', 'revocation', 'because'], personal: ['reason'] },
  'grant.failed': only('cause', 'proof', 'evidence', 'refusal', 'text', 'fault', 'message'),
  'grant.tidied': only('role', 'target', 'left'),
  'revocation.ordered': {
    public: ['revocation', 'scope', 'target', 'reach', 'holds', 'asksUntil'],
    personal: ['reason'],
  },
  'revocation.confirmed': only('revocation', 'scope', 'target'),
  'revocation.finished': only(
    'revocation',
    'startedAt',
    'finishedAt',
    'toZeroMs',
    'gone',
    'beyondReach',
    'sessionsThatGoOn',
    'sessionsGoOnUntil',
    'standingAccessRemains',
    'withdrawn',
  ),
  'revocation.lifted': { public: ['revocation'], personal: ['reason'] },
  'credential.issued': only('fingerprint', 'policyHash', 'expiresAt', 'usableUntil'),
  'console.opened': only('fingerprint', 'policyHash', 'expiresAt', 'usableUntil'),
  'administration.code-issued': only('expiresAt'),
  'administration.claimed': only('role'),
  'administration.claim-refused': only('triesLeft'),
  'administration.proposed': {
    public: [...PROPOSED, 'lapsesAt', 'signed', ...SIGNATURE],
    personal: ['reason'],
  },
  'administration.confirmed': only(...PROPOSED, 'signed', ...SIGNATURE),
  'administration.refused': only(...PROPOSED),
  'administration.withdrawn': only(...PROPOSED),
  'administration.ended': only('role', 'because', 'directoryVersion'),
  'person.signed-in': { public: ['session'], personal: ['key'] },
  'session.ended': only('session', 'cause'),
  'passkey.registered': {
    public: ['credential', 'publicKey', 'origin', 'synced', 'attestation', 'aaguid', 'because', 'recovery'],
    personal: ['name'],
  },
  'passkey.renamed': { public: ['credential'], personal: ['name'] },
  'passkey.removed': only('credential', 'because', 'recovery'),
  'passkey.suspected': only('credential', 'counter', 'lastCounter'),
  'passkey.recovery-asked': only('recovery', 'lapsesAt'),
  'passkey.recovery-confirmed': only('recovery', ...SIGNATURE),
  'passkey.recovery-opened': only('recovery', 'openUntil'),
  'passkey.recovery-closed': only('recovery', 'because'),
  'notifications.changed': only('off'),
  'notifications.muted': only('request', 'muted'),
  'person.left': only('cause', 'directoryVersion'),
  'person.returned': only('directoryVersion'),
  'person.merged': only('proposal', 'with', 'grants', 'approvals', 'affected', 'widened'),
  'account.linked': { public: ['account', 'issuer', 'proof', 'signsIn'], personal: ['subject'] },
  'account.unlinked': { public: ['proposal', 'account', 'issuer', 'proof', 'signsIn', 'by'], personal: ['subject'] },
  'accounts.forgotten': only('issuer', 'accounts'),
  'account.refused': { public: ['account', 'issuer', 'claimedBy', 'cause'], personal: [] },
  'directory.held': only('source', 'loss', 'lost', 'people', 'emptied', 'taken'),
  'directory.failed': only('source', 'cause'),
  'directory.confirmed': only('source', 'loss', 'lost', 'people', 'emptied', 'taken'),
  'favourites.kept': only('count'),
  'policy.loaded': only('policyVersion', 'directoryVersion', 'roles', 'people'),
  'policy.refused': only('inForce', 'directoryVersion', 'problems'),
  'ledger.read': only('what', 'from', 'count'),
  'epoch.began': only('epoch', 'number', 'cause', 'before', 'size', 'seen', 'lapsed'),
  'epoch.kept': only('epoch', 'number', 'timeline', 'before'),
  'engine.clock-refused': only('clockOffsetMs'),
  'finding.raised': only('finding', 'attempts', 'rung', 'fault', 'message', 'native', 'with'),
} as const satisfies Readonly<Record<string, Fields>>;

export type EventKind = keyof typeof EVENTS;

/** Who did it: a person by pseudonymous id, or a part of Curfew. */
export type EntryActor =
  { readonly kind: 'person'; readonly id: PersonId } | { readonly kind: 'system'; readonly id: string };

/** An entry before it has a place in the log. */
export interface NewEntry {
  readonly kind: EventKind;
  readonly at: Instant;
  readonly actor: EntryActor;
  readonly subjects: {
    readonly request?: RequestId;
    readonly grant?: GrantId;
    readonly person?: PersonId;
    readonly approval?: ApprovalId;
    readonly credential?: CredentialId;
  };
  readonly facts: JsonObject;
  /** `salt`: 32 bytes, where the commitment had to be made before the entry. */
  readonly personal?: Readonly<
    Record<string, { readonly subject: PersonId; readonly value: string; readonly salt?: Uint8Array }>
  >;
  /** It happened earlier than it could be written down. */
  readonly late?: boolean;
}

/** The first unclassified field of an entry, or `null` when all are classified for its kind. */
export function unclassified(entry: NewEntry): string | null {
  const fields: Fields = EVENTS[entry.kind];
  const fact = Object.keys(entry.facts).find((name) => !fields.public.includes(name));
  return fact ?? Object.keys(entry.personal ?? {}).find((name) => !fields.personal.includes(name)) ?? null;
}
