import { isSignedTier } from '../core/role.ts';
import { counterWentBack, verifyAssertion, type AssertionFacts } from './assertion.ts';
import { challengeOf, readDocument, type SignedDocument } from './decision-document.ts';

/** An approval in the log whose signature does not hold, or is missing. */
export interface ApprovalFault {
  /** Of the entry. */
  readonly seq: number;
  readonly message: string;
}

/** What a log says about its signed decisions. */
export interface ApprovalReport {
  /** Decisions whose signature was verified: approvals, and confirmations of recoveries. */
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
  /** The shortest time that was approved so far, with a signature where the tier asks for one. */
  approvedMs: number | null;
  /** The earliest end that was signed for an extension, RFC 3339. */
  approvedUntil: string | null;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Verifies the signed decisions of a log from its entries alone, in their order: which key was whose and when stands in the log itself, so
 * nothing and nobody else is asked. What a signature is over must say the same as the entry that carries it, and as the request; no document
 * is used twice; and nothing of tier 0 or 1 that people approved begins without one.
 */
export class LoggedApprovals {
  readonly #keys = new Map<string, LoggedKey>();
  readonly #requests = new Map<string, LoggedRequest>();
  readonly #documents = new Set<string>();
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
        // What nobody has to agree to has nothing to verify.
        if (Array.isArray(facts['steps']) && facts['steps'].length === 0) return null;
        this.#requests.set(textOf(subjects['request']), {
          person: subjects['person'],
          items: facts['items'],
          tier: numberOf(facts['tier']),
          durationMs: facts['durationMs'],
          approvedMs: null,
          approvedUntil: null,
        });
        return null;
      case 'approval.given':
        return this.#approve(body, facts, subjects, request);
      case 'request.approved':
        if (facts['automatic'] === true || !isSignedTier(request?.tier ?? 3) || request?.approvedMs != null)
          return null;
        return 'a request of tier 0 or 1 was approved, and no signed approval comes before';
      case 'grant.scheduled':
        if (request?.approvedMs == null || Number(facts['durationMs']) <= request.approvedMs) return null;
        return 'access is given for longer than was signed';
      case 'grant.extending':
        if (request?.approvedUntil == null || textOf(facts['until']) <= request.approvedUntil) return null;
        return 'access is extended further than was signed';
      case 'passkey.recovery-confirmed':
        return this.#confirm(body, facts, subjects);
      default:
        return null;
    }
  }

  #register(body: Body, facts: Body): string | null {
    const credential = textOf(facts['credential']);
    const { id } = fieldsOf(body['actor']);
    if (this.#keys.has(credential)) return 'a passkey is registered twice';
    this.#keys.set(credential, {
      person: textOf(id),
      publicKey: textOf(facts['publicKey']),
      origin: textOf(facts['origin']),
      counter: 0,
    });
    return null;
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
      document.comment === (commitments['comment'] ?? null) &&
      Math.min(...document.items.map((item) => item.tier)) === facts['tier'];
    if (!says) return 'what was signed is not what the entry says';
    request.approvedMs = Math.min(request.approvedMs ?? Infinity, document.durationMs);
    const until = document.extends?.until ?? null;
    if (until !== null && (request.approvedUntil === null || until < request.approvedUntil))
      request.approvedUntil = until;
    return null;
  }

  #confirm(body: Body, facts: Body, subjects: Body): string | null {
    const document = this.#verify('curfew.passkey-recovery', body, facts);
    if (typeof document === 'string') return document;
    const says = document.recovery === facts['recovery'] && document.person === subjects['person'];
    return says && document.person !== document.approver ? null : 'what was signed is not what the entry says';
  }

  /** Verifies the signature of an entry by a key that was its actor's at that place in the log. A text says what is wrong. */
  #verify<Kind extends SignedDocument['kind']>(
    kind: Kind,
    body: Body,
    facts: Body,
  ): Extract<SignedDocument, { readonly kind: Kind }> | string {
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
    if (document.origin !== key.origin) return 'a signature was made on another page than the key was registered on';
    const assertion = {
      authenticatorData: textOf(facts['authenticatorData']),
      clientDataJSON: textOf(facts['clientDataJSON']),
      signature: textOf(facts['signature']),
    };
    const expected = { publicKey: key.publicKey, challenge: challengeOf(text), origin: key.origin };
    const verified = verifyAssertion(assertion, expected);
    return verified.ok ? verified.value : `a signature does not hold: ${verified.refusal}`;
  }
}

function parsed(text: string): Body | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // A body that is not JSON was edited; the hashes say so.
    return null;
  }
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
