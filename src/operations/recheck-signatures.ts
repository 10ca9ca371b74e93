import { ok, refused, type Result } from '../core/result.ts';
import { isSignedTier } from '../core/role.ts';
import { instant, toIso } from '../core/time.ts';
import { verifyAssertion } from '../ledger/assertion.ts';
import { challengeOf, hashOf, readDocument, type ApprovalDocument } from '../ledger/decision-document.ts';
import type { GrantRecord } from '../store/grants.ts';
import { personKeys } from '../store/people.ts';
import { findPasskeys, type PasskeyRecord } from '../store/passkeys.ts';
import type { ApprovalRecord, RequestRecord } from '../store/requests.ts';
import { asJson } from './as-json.ts';
import { extensionUntil } from './agreed-duration.ts';
import type { StartRefusal } from './refusal.ts';
import { needsSignedApproval } from './step-up.ts';
import { storedQuestion } from './stored-decision.ts';
import type { World } from './world.ts';

/**
 * Verifies every signature under a request again, from the rows as they stand now and the keys that were registered, right before access
 * is made. Whoever can write in the database can write a yes; what nobody can write is a signature. `until`: the later end that is about to
 * be given, for an extension.
 */
export async function recheckSignatures(
  world: World,
  grant: GrantRecord,
  request: RequestRecord,
  said: readonly ApprovalRecord[],
  until: number | null,
): Promise<Result<null, StartRefusal>> {
  const yes = said.filter(({ verdict }) => verdict === 'approve');
  const mustBeSigned =
    isSignedTier(grant.definition.role.tier) || needsSignedApproval(world.rules.current(), request.items);
  const credentials = yes.flatMap(({ signed }) => (signed === null ? [] : [signed.assertion.credential]));
  const keys = await findPasskeys(world.db, credentials);
  // Who is given the access is read from the question by name; what was signed is a pseudonym.
  const asked = storedQuestion(request).requester;
  if (credentials.length > 0 && (await personKeys(world.db, [request.person])).get(request.person) !== asked)
    return altered('They were given for somebody else.');
  for (const one of yes) {
    if (one.signed === null) {
      if (mustBeSigned) return altered('One of them is not signed.');
      continue;
    }
    const why = faultOf(grant, request, one, one.signed, keys.get(one.signed.assertion.credential), until);
    if (why !== null) return altered(`One signature does not hold: ${why}.`);
  }
  return ok(null);
}

function altered(why: string): Result<null, StartRefusal> {
  return refused({ code: 'approval-altered', text: `The approvals of this request are not what was signed. ${why}` });
}

/** Why a signed approval is not what it seems; `null`: it is. */
function faultOf(
  grant: GrantRecord,
  request: RequestRecord,
  said: ApprovalRecord,
  { document: text, challenge, assertion }: NonNullable<ApprovalRecord['signed']>,
  key: PasskeyRecord | undefined,
  until: number | null,
): string | null {
  const document = readDocument('curfew.approval', text);
  if (document === null || challenge !== challengeOf(text)) return 'nobody can say what was signed';
  if (key === undefined || key.person !== said.person) return 'the key is not one of the approver';
  if (said.at < key.createdAt || (key.removedAt !== null && said.at >= key.removedAt))
    return 'the key was not registered then';
  const verified = verifyAssertion(assertion, { publicKey: key.publicKey, challenge, origin: document.origin });
  if (!verified.ok) return verified.refusal;
  if (said.at < Date.parse(document.issuedAt) || said.at >= Date.parse(document.expiresAt))
    return 'it was not given in time';
  return isAbout(document, request, said) ? limitsOf(document, grant, until) : 'it is about something else';
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

/** Whether what is about to be given is within what was signed. */
function limitsOf(document: ApprovalDocument, grant: GrantRecord, until: number | null): string | null {
  const { role, target } = grant.definition;
  const item = document.items[document.extends === null ? grant.ordinal : 0];
  if (item?.role !== role.name || item.target !== target.key || item.definition !== hashOf(asJson(role)))
    return 'the role or the target is another one';
  if (until === null) return longestOf(grant) <= document.durationMs ? null : 'it is for a shorter time';
  const signedUntil = document.extends === null ? null : instant(Date.parse(document.extends.until));
  return signedUntil !== null && until <= signedUntil ? null : 'it is for an earlier end';
}

/** The longest that a grant has been given without an extension. The row may say another end than its duration does. */
function longestOf({ durationMs, activatedAt, endsAt, extended }: GrantRecord): number {
  if (activatedAt === null || endsAt === null || extended > 0) return durationMs;
  return Math.max(durationMs, endsAt - activatedAt);
}
