import { sql } from 'kysely';
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
  readonly cause: string | null;
  readonly endedAt: number | null;
  readonly endingSince: number | null;
  readonly proof: string | null;
  readonly neededByOthers: string | null;
  readonly standing: string | null;
  readonly lastFault: string | null;
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
}

export interface ApprovalRow {
  readonly request: string;
  readonly person: string;
  readonly verdict: string;
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

const GRANTS = `select id, request_id as request, person_id as person, role, target, slot, method, state, duration_ms::float8 as "durationMs",
  ${ms('starts_at')} as "startsAt", ${ms('activated_at')} as "activatedAt", ${ms('ends_at')} as "endsAt", end_cause as cause,
  ${ms('ended_at')} as "endedAt", ${ms('ending_since')} as "endingSince", proof ->> 'kind' as proof,
  proof -> 'evidence' ->> 'neededByOthersUntil' as "neededByOthers", proof -> 'evidence' ->> 'standingAccessRemains' as standing,
  last_fault as "lastFault", ${ms('due_at')} as "dueAt",
  lease_owner as "leaseOwner", ${ms('lease_until')} as "leaseUntil" from "grant" order by id`;
const REQUESTS = `select id, person_id as person, state, ${ms('lapses_at')} as "lapsesAt", ${ms('decided_at')} as "decidedAt",
  denied_by as "deniedBy" from request order by id`;
const APPROVALS = `select request_id as request, person_id as person, verdict from approval`;
const ENTRIES = `select seq::float8 as seq, body, encode(leaf, 'hex') as leaf from ledger_entry order by seq`;
const CHECKPOINTS = `select size::float8 as size, note from ledger_checkpoint order by size`;

export const readGrants = (base: Database) => read<GrantRow>(base, GRANTS);
export const readRequests = (base: Database) => read<RequestRow>(base, REQUESTS);
export const readApprovals = (base: Database) => read<ApprovalRow>(base, APPROVALS);
export const readEntries = (base: Database) => read<EntryRow>(base, ENTRIES);
export const readCheckpoints = (base: Database) => read<CheckpointRow>(base, CHECKPOINTS);
export const readOutbox = (base: Database, above: number) =>
  read<OutboxRow>(base, `select id::float8 as id, body from ledger_outbox where id > ${above} order by id`);

async function read<Row>(base: Database, text: string): Promise<readonly Row[]> {
  const { rows } = await sql.raw<Row>(text).execute(base.db);
  return rows;
}
