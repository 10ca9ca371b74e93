import { CompiledQuery, sql } from 'kysely';
import type { Database } from '../../../src/store/database.ts';

/** Rows as the checkers read them, straight from the tables: none of the broker's own reading is trusted. Times are epoch milliseconds. */
export interface GrantRow {
  readonly id: string;
  readonly request: string;
  readonly person: string;
  readonly role: string;
  readonly target: string;
  readonly slot: string;
  readonly method: string;
  readonly state: string;
  readonly durationMs: number;
  readonly startsAt: number;
  readonly activatedAt: number | null;
  readonly endsAt: number | null;
  readonly boundUntil: number | null;
  readonly extensionUntil: number | null;
  readonly extended: number;
  /** The grant that it is the retry of. */
  readonly retryOf: string | null;
  readonly cause: string | null;
  readonly endedAt: number | null;
  readonly endingSince: number | null;
  readonly proof: string | null;
  readonly neededByOthers: string | null;
  readonly standing: string | null;
  /** How long sessions may outlive its end, as it was said when its access was made. */
  readonly residualMs: number | null;
  /** How long sessions may outlive its end, as its proof says; `null`: it says nothing of them. */
  readonly provenMs: number | null;
  readonly lastFault: string | null;
  /** Whether it is beginning, and its place noted as one where nothing was called. */
  readonly uncalled: boolean;
  readonly dueAt: number | null;
  readonly leaseOwner: string | null;
  readonly leaseUntil: number | null;
}

export interface RequestRow {
  readonly id: string;
  readonly person: string;
  readonly state: string;
  readonly lapsesAt: number;
  readonly decidedAt: number | null;
  readonly deniedBy: string | null;
  /** The grant whose end it asks to move, and until when. */
  readonly extends: string | null;
  readonly until: number | null;
}

export interface ApprovalRow {
  readonly request: string;
  readonly person: string;
  readonly verdict: string;
  readonly at: number;
  readonly setAside: boolean;
}

/** An order of the kill switch. */
export interface OrderRow {
  readonly id: string;
  readonly scope: string;
  readonly person: string | null;
  readonly target: string | null;
  readonly orderedBy: string;
  readonly reach: string;
  readonly holds: boolean;
  readonly startedAt: number | null;
  readonly sweptAt: number | null;
  readonly finishedAt: number | null;
  readonly confirmedBy: string | null;
  readonly liftedAt: number | null;
}

/** That an order counts a grant among those which have to be gone. */
export interface OrderGrantRow {
  readonly order: string;
  readonly grant: string;
}

export interface OutboxRow {
  readonly id: number;
  readonly body: string;
}

export interface EntryRow {
  readonly seq: number;
  readonly body: string;
  readonly leaf: string;
}

export interface CheckpointRow {
  readonly size: number;
  readonly note: string;
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** The transaction that wrote a row last. There is one session, so a later transaction has a greater number. */
const WRITTEN_BY = 'xmin::text::bigint';

const GRANTS = `select ${WRITTEN_BY} as "writtenBy", id, request_id as request, person_id as person, role, target, slot, method, state, duration_ms::float8 as "durationMs",
  ${ms('starts_at')} as "startsAt", ${ms('activated_at')} as "activatedAt", ${ms('ends_at')} as "endsAt",
  ${ms('bound_until')} as "boundUntil", ${ms('extension_until')} as "extensionUntil", extended, retry_of as "retryOf", end_cause as cause,
  ${ms('ended_at')} as "endedAt", ${ms('ending_since')} as "endingSince", proof ->> 'kind' as proof,
  proof -> 'evidence' ->> 'neededByOthersUntil' as "neededByOthers", proof -> 'evidence' ->> 'standingAccessRemains' as standing,
  (residual ->> 'maxMs')::float8 as "residualMs",
  (proof -> 'evidence' ->> 'sessionsIssuedBeforeMayLastMs')::float8 as "provenMs",
  last_fault as "lastFault", state = 'activating' and exists (select from binding where binding.slot = "grant".slot and last_call_at is null) as uncalled, ${ms('due_at')} as "dueAt",
  lease_owner as "leaseOwner", ${ms('lease_until')} as "leaseUntil" from "grant" where ${WRITTEN_BY} > $1`;
const REQUESTS = `select ${WRITTEN_BY} as "writtenBy", id, person_id as person, state, ${ms('lapses_at')} as "lapsesAt", ${ms('decided_at')} as "decidedAt",
  denied_by as "deniedBy", extends_grant as extends, ${ms('extends_until')} as until from request where ${WRITTEN_BY} > $1`;
const ORDERS = `select id, scope, person_id as person, target, ordered_by as "orderedBy", reach, holds, ${ms('started_at')} as "startedAt",
  ${ms('swept_at')} as "sweptAt", ${ms('finished_at')} as "finishedAt", confirmed_by as "confirmedBy", ${ms('lifted_at')} as "liftedAt"
  from revocation order by ordered_at, id`;
const ORDER_GRANTS = `select revocation_id as "order", grant_id as "grant" from revocation_grant order by 1, 2`;
const APPROVALS = `select request_id as request, person_id as person, verdict, ${ms('decided_at')} as at, set_aside as "setAside" from approval`;
const ENTRIES = `select seq::float8 as seq, body, encode(leaf, 'hex') as leaf from ledger_entry order by seq`;
const CHECKPOINTS = `select size::float8 as size, note from ledger_checkpoint order by size`;

/** Rows of a table as they were read last. */
export interface Reading<Row> {
  readonly rows: ReadonlyMap<string, Row>;
  /** The last transaction that is among them. */
  readonly writtenBy: number;
}

export const NOTHING_READ: Reading<never> = { rows: new Map<string, never>(), writtenBy: 0 };

export const readGrants = (base: Database, before: Reading<GrantRow>) => readFurther<GrantRow>(base, GRANTS, before);
export const readRequests = (base: Database, before: Reading<RequestRow>) =>
  readFurther<RequestRow>(base, REQUESTS, before);
export const readApprovals = (base: Database) => read<ApprovalRow>(base, APPROVALS);
export const readOrders = (base: Database) => read<OrderRow>(base, ORDERS);
export const readOrderGrants = (base: Database) => read<OrderGrantRow>(base, ORDER_GRANTS);
export const readEntries = (base: Database) => read<EntryRow>(base, ENTRIES);
export const readCheckpoints = (base: Database) => read<CheckpointRow>(base, CHECKPOINTS);
export const readOutbox = (base: Database, above: number) =>
  read<OutboxRow>(base, `select id::float8 as id, body from ledger_outbox where id > ${above} order by id`);

async function read<Row>(base: Database, text: string): Promise<readonly Row[]> {
  const { rows } = await sql.raw<Row>(text).execute(base.db);
  return rows;
}

/** Only what was written since: the rest is the same object as before. A row that vanished is noticed by reading from nothing. */
async function readFurther<Row extends { readonly id: string }>(
  base: Database,
  text: string,
  before: Reading<Row>,
): Promise<Reading<Row>> {
  const { rows } = await base.db.executeQuery<Row & { readonly writtenBy: number }>(
    CompiledQuery.raw(text, [before.writtenBy]),
  );
  if (rows.length === 0) return before;
  const all = new Map(before.rows);
  let last = before.writtenBy;
  for (const { writtenBy, ...row } of rows) {
    all.set(row.id, row as unknown as Row);
    last = Math.max(last, writtenBy);
  }
  const sorted = [...all].sort(([one], [other]) => (one < other ? -1 : 1));
  return { rows: new Map(sorted), writtenBy: last };
}
