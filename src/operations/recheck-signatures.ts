import type { Meaning } from '../core/meaning.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { isSignedTier } from '../core/role.ts';
import { instant, toIso, type Instant } from '../core/time.ts';
import { verifyAssertion } from '../ledger/assertion.ts';
import {
  challengeOf,
  isSignedFor,
  meaningOf,
  readDocument,
  type ApprovalDocument,
} from '../ledger/decision-document.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { approvalEntries, passkeyEntries, scheduledEntries } from '../store/ledger-entries.ts';
import { personKeys } from '../store/people.ts';
import { findPasskeys, type PasskeyRecord } from '../store/passkeys.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { extensionUntil } from './agreed-duration.ts';
import type { StartRefusal } from './refusal.ts';
import { needsSignedApproval } from './step-up.ts';
import { storedQuestion } from './stored-decision.ts';
import type { World } from './world.ts';

/** How long after it could last be decided, or was to start, access may begin: what was approved long ago was approved for then. */
const BEGINS_WITHIN_MS = 24 * 3_600_000;
/** By how much our clock may be behind that of the database, which says when a planned start is due. */
const CLOCKS_DIFFER_MS = 30_000;

/**
 * Verifies every signature under a request again, from the rows as they stand now and the keys that the log registered, right before access
 * is made. Whoever can write in the database can write a yes, and a key to sign it with; both count only with their entries in the log, which
 * everybody can read for ever, and a key only as long as the log does not say that it was removed. `until`: the later end that is about to be given, for an extension.
 */
export async function recheckSignatures(
  world: World,
  grant: GrantRecord,
  request: RequestRecord,
  said: readonly ApprovalRecord[],
  until: number | null,
): Promise<Result<null, StartRefusal>> {
  // What was set aside counts for nothing, whoever set it aside.
  const yes = said.filter(({ verdict, setAside }) => verdict === 'approve' && !setAside);
  const mustBeSigned =
    isSignedTier(grant.definition.role.tier) || needsSignedApproval(world.rules.current(), request.items);
  const credentials = yes.flatMap(({ signed }) => (signed === null ? [] : [signed.assertion.credential]));
  const keys = await loggedKeys(world, await findPasskeys(world.db, credentials));
  if (credentials.length > 0 && !(await isFirstOrRetry(world, grant)))
    return altered('They were used for access that is over.');
  // Who is given the access is read from the question by name; what was signed is a pseudonym.
  const asked = storedQuestion(request).requester;
  if (credentials.length > 0 && (await personKeys(world.db, [request.person])).get(request.person) !== asked)
    return altered('They were given for somebody else.');
  const given = credentials.length === 0 ? new Set<string>() : await loggedApprovals(world, request);
  let changed: StartRefusal | null = null;
  for (const one of yes) {
    if (one.signed === null) {
      if (mustBeSigned) return altered('One of them is not signed.');
      continue;
    }
    const { document, assertion } = one.signed;
    const why = given.has(`${one.person} ${document}`)
      ? faultOf(world, grant, request, { ...one, signed: one.signed }, keys.get(assertion.credential), until)
      : 'the log does not say that it was given';
    // Access that lasts was made before: what it gives may have changed since by the rules alone.
    if (why === MEANS_ELSE && until !== null && (await isAsLogged(world, grant)))
      changed = changedSince(grant, document);
    else if (why !== null) return altered(`One signature does not hold: ${why}.`);
  }
  return changed === null ? ok(null) : refused(changed);
}

function altered(why: string): Result<null, StartRefusal> {
  return refused({ code: 'approval-altered', text: `The approvals of this request are not what was signed. ${why}` });
}

/** Why a grant is not made longer for what was signed: it is one to what the role or the target no longer is. */
function changedSince({ definition: { role, target } }: GrantRecord, text: string): StartRefusal {
  const signed = readDocument('curfew.approval', text)?.items[0]?.definition;
  return signed === meaningOf(role, target).definition
    ? {
        code: 'target-changed',
        text: 'The target is another one than was approved for longer; it must be asked for again.',
      }
    : {
        code: 'role-changed',
        text: 'The role is another one than was approved for longer; it must be asked for again.',
      };
}

/** Whether a grant gives what the log says that it was made for, and nobody wrote another role or target into its row. */
async function isAsLogged({ db }: World, { id, definition: { role, target } }: GrantRecord): Promise<boolean> {
  const made = meaningOf(role, target);
  const bodies = await scheduledEntries(db, id);
  return (
    bodies.length > 0 &&
    bodies.every((body) => {
      const { facts } = JSON.parse(body) as { readonly facts: Partial<Meaning> };
      return facts.definition === made.definition && facts.targetDefinition === made.targetDefinition;
    })
  );
}

/** What the log says was signed for a request, and by whom. */
async function loggedApprovals(world: World, { id }: RequestRecord): Promise<ReadonlySet<string>> {
  const bodies = await approvalEntries(world.db, id);
  return new Set(
    bodies.map((body) => {
      const { actor, facts } = JSON.parse(body) as { actor: { id: string }; facts: Record<string, string> };
      return `${actor.id} ${facts['document']}`;
    }),
  );
}

/**
 * The keys among some whose registration stands in the log, as they are: for this person, with this public key, and removed when the log
 * says so, whatever the row says.
 */
async function loggedKeys(
  world: World,
  keys: ReadonlyMap<string, PasskeyRecord>,
): Promise<ReadonlyMap<string, PasskeyRecord>> {
  const persons = [...new Set([...keys.values()].map(({ person }) => person))];
  const logged = new Set<string>();
  const removed = new Map<string, Instant>();
  for (const body of await passkeyEntries(world.db, persons)) {
    const { kind, at, actor, facts } = JSON.parse(body) as {
      readonly kind: string;
      readonly at: string;
      readonly actor: { readonly id: string };
      readonly facts: Readonly<Record<string, string>>;
    };
    if (kind === 'passkey.registered') logged.add(`${actor.id} ${facts['credential']} ${facts['publicKey']}`);
    else removed.set(facts['credential'] ?? '', instant(Date.parse(at)));
  }
  return new Map(
    [...keys.values()]
      .filter(({ person, credential, publicKey }) => logged.has(`${person} ${credential} ${publicKey}`))
      .map((key) => [key.credential, { ...key, removedAt: removed.get(key.credential) ?? key.removedAt }]),
  );
}

/** Whether a grant is the one that its request made, or the one retry of that, which failed for want of time. */
async function isFirstOrRetry({ db }: World, { request, ordinal, retryOf }: GrantRecord): Promise<boolean> {
  if (retryOf === null) return true;
  const retried = await findGrant(db, retryOf);
  return (
    retried?.state.kind === 'failed' &&
    retried.triesAgain &&
    retried.retryOf === null &&
    retried.request === request &&
    retried.ordinal === ordinal
  );
}

/** Why a signed approval is not what it seems; `null`: it is. */
function faultOf(
  world: World,
  grant: GrantRecord,
  request: RequestRecord,
  said: ApprovalRecord & { readonly signed: NonNullable<ApprovalRecord['signed']> },
  key: PasskeyRecord | undefined,
  until: number | null,
): string | null {
  const { document: text, challenge, assertion } = said.signed;
  const document = readDocument('curfew.approval', text);
  if (document === null || challenge !== challengeOf(text)) return 'nobody can say what was signed';
  if (key === undefined || key.person !== said.person) return 'the key is not one that the approver registered';
  if (said.at < key.createdAt || (key.removedAt !== null && said.at >= key.removedAt))
    return 'the key was not registered then';
  // The port and the scheme of the broker may change; keys belong to its host.
  if (URL.parse(document.origin)?.hostname !== world.passkeys.rpId) return 'it was made for another server';
  const verified = verifyAssertion(assertion, { publicKey: key.publicKey, challenge, origin: document.origin });
  if (!verified.ok) return verified.refusal;
  if (said.at < Date.parse(document.issuedAt) || said.at >= Date.parse(document.expiresAt))
    return 'it was not given in time';
  if (!isAbout(document, request, said)) return 'it is about something else';
  return limitsOf(document, grant, until) ?? (until === null ? timeFault(world, document, grant) : null);
}

/** Why access is not to begin when it does under what was signed. A later end needs no such bound: it is one. */
function timeFault(world: World, document: ApprovalDocument, { activatedAt }: GrantRecord): string | null {
  const begins = activatedAt ?? world.clock.now();
  const startsAt = document.startsAt === null ? null : Date.parse(document.startsAt);
  if (startsAt !== null && begins + CLOCKS_DIFFER_MS < startsAt) return 'it is for a later start';
  const from = Math.max(startsAt ?? 0, Date.parse(document.issuedAt) + world.lapsesAfterMs);
  return begins <= from + BEGINS_WITHIN_MS ? null : 'it was given too long ago';
}

/** Whether a document says what the rows say. */
function isAbout(document: ApprovalDocument, request: RequestRecord, said: ApprovalRecord): boolean {
  const durationMs = said.durationMs ?? request.durationMs;
  const until = extensionUntil(request, durationMs);
  return (
    document.request === request.id &&
    document.requester === request.person &&
    document.approver === said.person &&
    document.durationMs === durationMs &&
    document.startsAt === (request.startsAt === null ? null : toIso(request.startsAt)) &&
    document.extends?.grant === request.extends?.grant &&
    (document.extends?.until ?? null) === (until === null ? null : toIso(until)) &&
    (document.comment === null) === (said.comment === null) &&
    document.items.length === request.items.length &&
    request.items.every(({ role, target }, n) => {
      const item = document.items[n];
      return item?.role === role && item.target === target;
    })
  );
}

const MEANS_ELSE = 'the role or the target is another one';

/** Whether what is about to be given is within what was signed. */
function limitsOf(document: ApprovalDocument, grant: GrantRecord, until: number | null): string | null {
  if (document.requester !== grant.person) return 'it was given for somebody else';
  if ((document.extends?.grant ?? null) !== (until === null ? null : grant.id)) return 'it is about other access';
  const { role, target } = grant.definition;
  const item = document.items[document.extends === null ? grant.ordinal : 0];
  if (item?.role !== role.name || item.target !== target.key) return 'it is for another role or target';
  if (!isSignedFor(item, meaningOf(role, target))) return MEANS_ELSE;
  if (until === null) return longestOf(grant) <= document.durationMs ? null : 'it is for a shorter time';
  const signedUntil = document.extends === null ? null : instant(Date.parse(document.extends.until));
  return signedUntil !== null && until <= signedUntil ? null : 'it is for an earlier end';
}

/** The longest that a grant has been given without an extension. The row may say another end than its duration does. */
function longestOf({ durationMs, activatedAt, endsAt, extended }: GrantRecord): number {
  if (activatedAt === null || endsAt === null || extended > 0) return durationMs;
  return Math.max(durationMs, endsAt - activatedAt);
}
