import type { Meaning } from '../core/meaning.ts';
import { isSignedTier } from '../core/role.ts';
import { counterWentBack, verifyAssertion, type AssertionFacts } from './assertion.ts';
import {
  challengeOf,
  isSignedFor,
  readDocument,
  type ApprovalDocument,
  type SignedDocument,
} from './decision-document.ts';
import { LoggedAdministration, OTHER_DOCUMENT, type AdministrationEntry } from './logged-administration.ts';

/** An approval in the log whose signature does not hold, or is missing. */
export interface ApprovalFault {
  /** Of the entry. */
  readonly seq: number;
  readonly message: string;
}

/** What a log says about its signed decisions. */
export interface ApprovalReport {
  /** What was signed and verified: approvals, confirmations of recoveries, and what admins propose and confirm. */
  readonly verified: number;
  /** Approvals that were given without one, where none is asked for. */
  readonly unsigned: number;
  readonly faults: readonly ApprovalFault[];
}

/** A key as the log registered it. */
interface LoggedKey {
  readonly person: string;
  readonly publicKey: string;
  readonly origin: string;
  counter: number;
}

/** What the log said about a request when it was made. */
interface LoggedRequest {
  readonly person: unknown;
  readonly items: unknown;
  /** Absent in entries from before signatures were kept; nobody could approve tier 0 and 1 then. */
  readonly tier: number | null;
  readonly durationMs: unknown;
  /** Nobody had to agree. */
  readonly automatic: boolean;
  /** The grant that it asks to extend, and until when, RFC 3339; `null`: it asks for access. */
  readonly extends: { readonly grant: unknown; readonly until: unknown } | null;
  /** The start that was signed, RFC 3339; `null`: at once. */
  startsAt: string | null;
  /** What was signed and counts, by who signed it: a yes that was set aside does not, until its giver signs again. */
  readonly signed: Map<string, Pick<ApprovalDocument, 'v' | 'items' | 'durationMs' | 'extends' | 'policyVersion'>>;
}

/** What the log said of a grant when it was made. */
interface LoggedGrant {
  readonly request: LoggedRequest;
  /** `null`: an entry from before it was said; only documents of version 1 can be about such a grant. */
  readonly meaning: Meaning | null;
}

type Body = Readonly<Record<string, unknown>>;
type DocumentOf<Kind extends SignedDocument['kind']> = Extract<SignedDocument, { readonly kind: Kind }>;

/**
 * Verifies the signed decisions of a log from its entries alone, in their order: which key was whose and when stands in the log itself, so
 * nothing and nobody else is asked. What a signature is over must say the same as the entry that carries it, and as the request; no document
 * is used twice; and nothing of tier 0 or 1 that people approved begins without one.
 */
export class LoggedApprovals {
  readonly #keys = new Map<string, LoggedKey>();
  readonly #requests = new Map<string, LoggedRequest>();
  /** What was given under each request. */
  readonly #grants = new Map<string, LoggedGrant>();
  readonly #documents = new Set<string>();
  readonly #administration = new LoggedAdministration();
  readonly #faults: ApprovalFault[] = [];
  #verified = 0;
  #unsigned = 0;

  /** Notes what the next entry says. */
  learn(seq: number, text: string): void {
    const body = parsed(text);
    if (body === null) return;
    const message = this.#judge(body);
    if (message !== null) this.#faults.push({ seq, message });
  }

  /** Notes that the next entry is not shown to whoever verifies. */
  withhold(): void {
    this.#administration.withhold();
  }

  report(): ApprovalReport {
    return { verified: this.#verified, unsigned: this.#unsigned, faults: this.#faults };
  }

  /** What is wrong with an entry; `null`: nothing, or it is about something else. */
  #judge(body: Body): string | null {
    const facts = fieldsOf(body['facts']);
    const subjects = fieldsOf(body['subjects']);
    const request = this.#requests.get(textOf(subjects['request']));
    switch (body['kind']) {
      case 'passkey.registered':
        return this.#register(body, facts);
      case 'passkey.removed':
        this.#keys.delete(textOf(facts['credential']));
        return null;
      case 'request.submitted':
        return this.#submit(facts, subjects);
      case 'approval.given':
        return this.#approve(body, facts, subjects, request);
      case 'approval.set-aside':
        return setAside(textOf(facts['approver']), facts, request);
      case 'request.approved':
        return request === undefined || !isUnsigned(request)
          ? null
          : 'a request of tier 0 or 1 was approved, and no signed approval comes before';
      case 'grant.scheduled':
        return this.#schedule(body, facts, subjects, request);
      case 'grant.activating':
        return this.#activate(facts, this.#grants.get(textOf(subjects['grant']))?.request);
      case 'grant.extending':
        return this.#extend(facts, subjects, request);
      case 'passkey.recovery-confirmed':
        return this.#confirm(body, facts, subjects);
      case 'administration.proposed':
        return this.#administer('curfew.proposing', body, facts, (entry, signed) =>
          this.#administration.propose(entry, signed),
        );
      case 'administration.confirmed':
        return this.#administer('curfew.proposal', body, facts, (entry, signed) =>
          this.#administration.decide(entry, signed),
        );
      case 'administration.refused':
      case 'administration.withdrawn':
        return this.#administration.decide(entryOf(body));
      case 'person.merged':
        return this.#administration.merge(entryOf(body));
      default:
        return null;
    }
  }

  #register(body: Body, facts: Body): string | null {
    const credential = textOf(facts['credential']);
    const { id } = fieldsOf(body['actor']);
    if (this.#keys.has(credential)) return 'a passkey is registered twice';
    this.#administration.register(textOf(id));
    this.#keys.set(credential, {
      person: textOf(id),
      publicKey: textOf(facts['publicKey']),
      origin: textOf(facts['origin']),
      counter: 0,
    });
    return null;
  }

  #submit(facts: Body, subjects: Body): string | null {
    const { steps } = facts;
    const tier = numberOf(facts['tier']);
    const automatic = Array.isArray(steps) && steps.length === 0;
    const until = textOf(facts['until']);
    this.#requests.set(textOf(subjects['request']), {
      person: subjects['person'],
      items: facts['items'],
      tier,
      durationMs: facts['durationMs'],
      automatic,
      extends: until === '' ? null : { grant: subjects['grant'], until },
      startsAt: null,
      signed: new Map(),
    });
    return automatic && tier === 0 ? 'a request of tier 0 asks nobody to agree' : null;
  }

  #schedule(body: Body, facts: Body, subjects: Body, request: LoggedRequest | undefined): string | null {
    if (request === undefined) return 'the request behind a grant does not come before';
    const meaning = loggedMeaning(facts);
    this.#grants.set(textOf(subjects['grant']), { request, meaning });
    const item = `${textOf(facts['role'])}@${textOf(facts['target'])}`;
    if (!Array.isArray(request.items) || !request.items.includes(item)) return 'access is given that was not asked for';
    if (isUnsigned(request)) return UNSIGNED;
    if (request.signed.size === 0) return null;
    if (!isWhatWasSigned(request, request.items.indexOf(item), meaning)) return OTHER_MEANING;
    if (!(Number(facts['durationMs']) <= signedMs(request))) return 'access is given for longer than was signed';
    const at = Date.parse(textOf(body['at']));
    const signed = request.startsAt === null ? at : Math.max(at, Date.parse(request.startsAt));
    return Date.parse(textOf(facts['startsAt'])) === signed
      ? null
      : 'access is given for another start than was signed';
  }

  #activate(facts: Body, request: LoggedRequest | undefined): string | null {
    if (request === undefined) return 'access begins that was never scheduled';
    if (isUnsigned(request)) return UNSIGNED;
    if (request.signed.size === 0) return null;
    const givenMs = Date.parse(textOf(facts['endsAt'])) - Date.parse(textOf(facts['activatedAt']));
    return givenMs <= signedMs(request) ? null : 'access begins for longer than was signed';
  }

  #extend(facts: Body, subjects: Body, request: LoggedRequest | undefined): string | null {
    if (request === undefined) return 'the request behind an extension does not come before';
    if (request.extends === null || request.extends.grant !== subjects['grant'])
      return 'access is extended, and another grant was asked about';
    if (isUnsigned(request)) return 'access of tier 0 or 1 is extended, and no signed approval comes before';
    const extended = this.#grants.get(textOf(subjects['grant']))?.meaning ?? null;
    // What was scheduled before that was said may be extended since.
    if (extended !== null && !isWhatWasSigned(request, 0, extended)) return OTHER_MEANING;
    const ends = [...request.signed.values()].flatMap((document) => document.extends?.until ?? []);
    return ends.every((end) => textOf(facts['until']) <= end) ? null : 'access is extended further than was signed';
  }

  #approve(body: Body, facts: Body, subjects: Body, request: LoggedRequest | undefined): string | null {
    const tier = Math.min(request?.tier ?? 3, numberOf(facts['tier']) ?? 3);
    if (facts['document'] === undefined && facts['signature'] === undefined) {
      this.#unsigned += 1;
      return isSignedTier(tier) ? 'an approval of tier 0 or 1 is not signed' : null;
    }
    const document = this.#verify('curfew.approval', body, facts);
    if (typeof document === 'string') return document;
    if (request === undefined) return 'the request that was approved does not come before';
    const commitments = fieldsOf(body['commitments']);
    const items = document.items.map((item) => `${item.role}@${item.target}`);
    const says =
      document.request === subjects['request'] &&
      document.requester === request.person &&
      JSON.stringify(items) === JSON.stringify(request.items) &&
      document.policyVersion === facts['policyVersion'] &&
      document.durationMs === facts['durationMs'] &&
      document.durationMs <= Number(request.durationMs) &&
      extendsAs(document, request) &&
      document.comment === (commitments['comment'] ?? null) &&
      Math.min(...document.items.map((item) => item.tier)) === facts['tier'];
    if (!says) return OTHER_DOCUMENT;
    request.signed.set(document.approver, document);
    request.startsAt = document.startsAt;
    return null;
  }

  #confirm(body: Body, facts: Body, subjects: Body): string | null {
    const document = this.#verify('curfew.passkey-recovery', body, facts);
    if (typeof document === 'string') return document;
    const says = document.recovery === facts['recovery'] && document.person === subjects['person'];
    return says && document.person !== document.approver ? null : OTHER_DOCUMENT;
  }

  /** What an admin proposed or confirmed: with a signature that holds, or without one. */
  #administer<Kind extends 'curfew.proposing' | 'curfew.proposal'>(
    kind: Kind,
    body: Body,
    facts: Body,
    judge: (entry: AdministrationEntry, signed: DocumentOf<Kind> | null) => string | null,
  ): string | null {
    if (facts['signed'] !== true) return judge(entryOf(body), null);
    const document = this.#verify(kind, body, facts);
    return typeof document === 'string' ? document : judge(entryOf(body), document);
  }

  /** Verifies the signature of an entry by a key that was its actor's at that place in the log. A text says what is wrong. */
  #verify<Kind extends SignedDocument['kind']>(kind: Kind, body: Body, facts: Body): DocumentOf<Kind> | string {
    const text = textOf(facts['document']);
    const document = readDocument(kind, text);
    if (document === null) return 'the document that was signed cannot be read';
    const { id } = fieldsOf(body['actor']);
    const key = this.#keys.get(textOf(facts['credential']));
    if (key === undefined) return 'the key of a signature was not registered then';
    if (key.person !== id || document.approver !== id) return 'the key of a signature was not that of the approver';
    const verified = this.#assertion(document, text, facts, key);
    if (typeof verified === 'string') return verified;
    const at = Date.parse(textOf(body['at']));
    if (!(at >= Date.parse(document.issuedAt) && at < Date.parse(document.expiresAt)))
      return 'it was signed at another time than the entry says';
    if (this.#documents.has(text)) return 'a signature was used twice';
    this.#documents.add(text);
    if (counterWentBack(key.counter, verified.counter)) return 'the counter of a passkey went back';
    key.counter = verified.counter;
    this.#verified += 1;
    return document;
  }

  #assertion(document: SignedDocument, text: string, facts: Body, key: LoggedKey): AssertionFacts | string {
    // The port and the scheme of the broker may change; keys belong to its host.
    const host = hostOf(document.origin);
    if (host === null || host !== hostOf(key.origin))
      return 'a signature was made for another host than the key was registered for';
    const assertion = {
      authenticatorData: textOf(facts['authenticatorData']),
      clientDataJSON: textOf(facts['clientDataJSON']),
      signature: textOf(facts['signature']),
    };
    const expected = { publicKey: key.publicKey, challenge: challengeOf(text), origin: document.origin };
    const verified = verifyAssertion(assertion, expected);
    return verified.ok ? verified.value : `a signature does not hold: ${verified.refusal}`;
  }
}

const OTHER_MEANING = 'access is given to something else than was signed: the role or the target is another one';
const UNSIGNED = 'access of tier 0 or 1 is given, and no signed approval comes before';

/** Whether people had to agree to something of tier 0 or 1, and nobody has signed that. Tier 0 is never approved by rule alone. */
function isUnsigned({ tier, automatic, signed }: LoggedRequest): boolean {
  return isSignedTier(tier ?? 3) && (!automatic || tier === 0) && signed.size === 0;
}

/**
 * A yes counts no more where the rules are others than those that were signed. That they changed the role or the target is the broker's own
 * word. Under the same rules it is set aside where the directory calls the requester something else in that cloud, which is the broker's own
 * word, too, and where it is of version 1: nobody can tell what its target was.
 */
function setAside(approver: string, facts: Body, request: LoggedRequest | undefined): string | null {
  const signed = request?.signed.get(approver);
  if (signed === undefined) return null;
  const isUnspecified = signed.v === 1 && facts['because'] === 'unspecified';
  const isElse = isUnspecified || facts['because'] === 'identity-changed';
  if (signed.policyVersion === facts['policyVersion'] && !isElse)
    return 'a signed approval is set aside under the rules that were signed';
  request?.signed.delete(approver);
  return null;
}

/** The shortest time that somebody signed, in milliseconds. */
function signedMs({ signed }: LoggedRequest): number {
  return Math.min(...[...signed.values()].map(({ durationMs }) => durationMs));
}

function loggedMeaning({ definition, targetDefinition }: Body): Meaning | null {
  if (typeof definition !== 'string' || typeof targetDefinition !== 'string') return null;
  return { definition, targetDefinition };
}

/** Whether what is given of an item is what everybody signed. */
function isWhatWasSigned({ signed }: LoggedRequest, ordinal: number, meaning: Meaning | null): boolean {
  return [...signed.values()].every(({ v, items }) => {
    const item = items[ordinal];
    if (meaning === null) return v === 1;
    return item !== undefined && isSignedFor(item, meaning);
  });
}

/** Whether what was signed lasts longer as was asked: the same grant, and earlier by exactly as much as was agreed to less. */
function extendsAs({ extends: signed, durationMs }: ApprovalDocument, request: LoggedRequest): boolean {
  if (signed === null || request.extends === null) return signed === null && request.extends === null;
  const until = Date.parse(textOf(request.extends.until)) - (Number(request.durationMs) - durationMs);
  return signed.grant === request.extends.grant && Date.parse(signed.until) === until;
}

function entryOf(body: Body): AdministrationEntry {
  const { id } = fieldsOf(body['actor']);
  const [facts, subjects] = [fieldsOf(body['facts']), fieldsOf(body['subjects'])];
  return { kind: textOf(body['kind']), by: textOf(id), facts, subjects };
}

function parsed(text: string): Body | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // A body that is not JSON was edited; the hashes say so.
    return null;
  }
}

function hostOf(origin: string): string | null {
  return URL.parse(origin)?.hostname ?? null;
}

function fieldsOf(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
