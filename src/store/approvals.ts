import { sql, type Selectable } from 'kysely';
import type { ApprovalId, GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { GivenFor } from '../core/meaning.ts';
import { toIso, type Instant } from '../core/time.ts';
import { isAnyOf } from './columns.ts';
import type { StoredAssertion } from './passkey-schema.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** What one person said to a request. */
export interface ApprovalRecord {
  readonly person: PersonId;
  /** The directory key of that person. */
  readonly key: string;
  /** The person that all of the same human are counted as. */
  readonly human: PersonId;
  /** It was given by the human who asks, under another id: it counts for nothing. */
  readonly own: boolean;
  /** What it was given for has changed since, so that it counts for nothing; its giver may decide anew. */
  readonly setAside: boolean;
  readonly verdict: 'approve' | 'deny';
  readonly comment: string | null;
  readonly at: Instant;
  /** The longest that this person agreed to; `null`: as long as was asked. */
  readonly durationMs: number | null;
  /** What each item meant when it was given, in their order; `null`: it is a no, or from before this was kept. */
  readonly givenFor: readonly GivenFor[] | null;
  /** `null`: it was said without a passkey. */
  readonly signed: SignedApproval | null;
}

/** What was signed, as it was signed, and the answer of the authenticator. */
export interface SignedApproval {
  readonly document: string;
  /** base64url of the document's SHA-256. */
  readonly challenge: string;
  readonly assertion: StoredAssertion;
}

/** Records one person's decision. Returns false when that person has decided this request before. */
export async function insertApproval(
  trx: Trx,
  approval: {
    id: ApprovalId;
    request: RequestId;
    person: PersonId;
    verdict: 'approve' | 'deny';
    comment: string | null;
    at: Instant;
    durationMs: number | null;
    givenFor: readonly GivenFor[] | null;
    signed: SignedApproval | null;
  },
): Promise<boolean> {
  const result = await trx
    .insertInto('approval')
    .values({
      id: approval.id,
      request_id: approval.request,
      person_id: approval.person,
      verdict: approval.verdict,
      comment: approval.comment,
      decided_at: toIso(approval.at),
      duration_ms: approval.durationMs,
      given_for: approval.givenFor === null ? null : JSON.stringify(approval.givenFor),
      document: approval.signed?.document ?? null,
      challenge: approval.signed?.challenge ?? null,
      assertion: approval.signed === null ? null : JSON.stringify(approval.signed.assertion),
    })
    .onConflict((conflict) => conflict.constraint('approval_counts_a_person_once').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n) === 1;
}

/** Notes that what some people said to a request counts for nothing any more. */
export async function setAsideApprovals(trx: Trx, request: RequestId, persons: readonly PersonId[]): Promise<void> {
  if (persons.length === 0) return;
  await trx
    .updateTable('approval')
    .set({ set_aside: true })
    .where('request_id', '=', request)
    .where(isAnyOf('person_id', persons))
    .execute();
}

/** Makes room for what somebody says anew, in the place of what was set aside. The log keeps both. */
export async function forgetSetAside(trx: Trx, request: RequestId, person: PersonId): Promise<void> {
  await trx
    .deleteFrom('approval')
    .where('request_id', '=', request)
    .where('person_id', '=', person)
    .where('set_aside', '=', true)
    .execute();
}

/** The decisions on some requests, oldest first. */
export async function approvalsOf(
  db: Db | Trx,
  requests: readonly RequestId[],
): Promise<ReadonlyMap<RequestId, readonly ApprovalRecord[]>> {
  const found = new Map<RequestId, ApprovalRecord[]>();
  if (requests.length === 0) return found;
  const rows = await db
    .selectFrom('approval')
    .innerJoin('person', 'person.id', 'approval.person_id')
    .innerJoin('request', 'request.id', 'approval.request_id')
    .leftJoin('person_alias as alias', 'alias.person_id', 'approval.person_id')
    .leftJoin('person_alias as requester', 'requester.person_id', 'request.person_id')
    .selectAll('approval')
    .select(['person.directory_key as key', 'alias.same_as', 'request.person_id as asked_by'])
    .select('requester.same_as as asked_by_same_as')
    .where(isAnyOf('request_id', requests))
    .orderBy('decided_at')
    .orderBy('approval.id')
    .execute();
  for (const row of rows) {
    const list = found.get(row.request_id) ?? [];
    const human = row.same_as ?? row.person_id;
    const own = human === (row.asked_by_same_as ?? row.asked_by);
    list.push({
      person: row.person_id,
      key: row.key,
      human,
      own,
      setAside: row.set_aside,
      verdict: row.verdict,
      comment: row.comment,
      at: row.decided_at,
      durationMs: row.duration_ms,
      givenFor: row.given_for,
      signed: signedOf(row),
    });
    found.set(row.request_id, list);
  }
  return found;
}

function signedOf({ document, challenge, assertion }: Selectable<Schema['approval']>): SignedApproval | null {
  return document === null || challenge === null || assertion === null ? null : { document, challenge, assertion };
}

/** A request that some persons approved and that still matters: it waits, or the grant that it made or extended lives. */
export interface ApprovedByThem {
  readonly request: RequestId;
  readonly grant: { readonly id: GrantId; readonly request: RequestId; readonly person: PersonId } | null;
}

/** What some persons approved and is pending, or lives. */
export async function approvedBy(db: Db | Trx, persons: readonly PersonId[]): Promise<readonly ApprovedByThem[]> {
  const { rows } = await sql<{ request: RequestId; id: GrantId | null; of: RequestId; person: PersonId }>`
    select distinct r.id as request, g.id, g.request_id as of, g.person_id as person
    from approval a join request r on r.id = a.request_id
    left join "grant" g on (g.request_id = r.id or g.id = r.extends_grant)
      and g.state in ('scheduled', 'activating', 'active', 'ending')
    where a.person_id = any(${persons}) and a.verdict = 'approve' and (r.state = 'pending' or g.id is not null)
    order by r.id, g.id`.execute(db);
  return rows.map(({ request, id, of, person }) => ({
    request,
    grant: id === null ? null : { id, request: of, person },
  }));
}
