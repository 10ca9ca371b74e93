import { sql } from 'kysely';
import type { Epoch, EpochCause, Found, Whereabouts } from '../core/epoch.ts';
import type { GrantState } from '../core/grant.ts';
import type { PersonId, RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { LONGEST_CALL_MS } from './bindings.ts';
import { fromNow, isAnyOf } from './columns.ts';
import { saveGrantState, toGrant, type GrantRecord } from './grants.ts';
import type { Db, Trx } from './schema.ts';

/** An advisory lock of its own: the ASCII of "epoch". */
const EPOCH_LOCK = 435_678_045_032;

/** What PostgreSQL may refuse to an ordinary role, or not know: then it does not say where it lives, which is no fault. */
const DOES_NOT_SAY = /^(42|0A|55)/;

/** What the database says of itself, its epoch and its log. */
export interface FoundEpoch extends Found {
  readonly cause: EpochCause | null;
  /** Size and root of the last signed checkpoint; root in hexadecimal, empty where nothing was signed yet. */
  readonly size: number;
  readonly root: string;
}

/** Reads all of it in one moment; `null`: no epoch was ever written. `witnessSize`: of which the root is asked for. */
export async function readEpoch(db: Db | Trx, lives: Whereabouts, witnessSize: number): Promise<FoundEpoch | null> {
  const { rows } = await sql<{
    id: string;
    number: number;
    began_at: Instant;
    cause: EpochCause | null;
    cluster: string | null;
    timeline: number | null;
    database_oid: string | null;
    table_oid: string | null;
    size: number | null;
    root: string | null;
    root_at_witness: string | null;
    now: Instant;
  }>`
    select epoch.*, last.size, last.root, app_now() as now,
      (select encode(root, 'hex') from ledger_checkpoint where size = ${witnessSize}) as root_at_witness
    from epoch left join (
      select size, encode(root, 'hex') as root from ledger_checkpoint order by size desc limit 1) as last on true`.execute(
    db,
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { cluster, timeline, database_oid: database, table_oid: table } = row;
  return {
    epoch: { id: row.id, number: row.number, beganAt: row.began_at },
    cause: row.cause,
    lived: { cluster, timeline, database, table },
    lives,
    size: row.size ?? 0,
    root: row.root ?? '',
    rootAtWitness: row.root_at_witness,
    now: row.now,
  };
}

/** Where the database lives now. Never within a transaction, which what it may not ask would end. */
export async function readWhereabouts(db: Db): Promise<Whereabouts> {
  const { rows } = await sql<{ database: string; table: string }>`
    select (select oid::text from pg_database where datname = current_database()) as database,
      '"grant"'::regclass::oid::text as table`.execute(db);
  return { ...(await readCluster(db)), database: rows[0]?.database ?? null, table: rows[0]?.table ?? null };
}

async function readCluster(db: Db): Promise<Pick<Whereabouts, 'cluster' | 'timeline'>> {
  try {
    // The timeline that is written to now; the one in the control file is that of the last checkpoint.
    const { rows } = await sql<{ cluster: string; timeline: number }>`
      select system_identifier::text as cluster,
        ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint as timeline
      from pg_control_system()`.execute(db);
    return rows[0] ?? { cluster: null, timeline: null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!DOES_NOT_SAY.test(code)) throw error;
    return { cluster: null, timeline: null };
  }
}

/** Writes the first epoch, unless there is one. */
export async function beginFirstEpoch(db: Db, id: string, lives: Whereabouts): Promise<void> {
  await db
    .insertInto('epoch')
    .values({ id, number: 1, began_at: sql<string>`app_now()`, ...columnsOf(lives) })
    .onConflict((conflict) => conflict.constraint('epoch_pk').doNothing())
    .execute();
}

/** Lets one node at a time judge and begin; until the transaction ends. */
export async function lockEpoch(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${EPOCH_LOCK})`.execute(trx);
}

export async function saveEpoch(trx: Trx, epoch: Epoch, cause: EpochCause, lives: Whereabouts): Promise<void> {
  const { id, number, beganAt } = epoch;
  await trx
    .updateTable('epoch')
    .set({ id, number, began_at: toIso(beganAt), cause, ...columnsOf(lives) })
    .execute();
}

/** The database lives elsewhere and has lost nothing. */
export async function saveWhereabouts(trx: Trx, lives: Whereabouts): Promise<void> {
  await trx.updateTable('epoch').set(columnsOf(lives)).execute();
}

function columnsOf({ cluster, timeline, database, table }: Whereabouts) {
  return { cluster, timeline, database_oid: database, table_oid: table };
}

/**
 * Voids every code, token, session and challenge. What was signed out of, or used up, in the time that is lost would be good again. Whatever
 * keeps another one in a table adds it here. The code of the first admin is made anew at the next start, where it is still needed.
 */
export async function voidSignIns(trx: Trx): Promise<void> {
  for (const table of ['oidc_payload', 'browser_session', 'passkey_challenge', 'admin_code'] as const)
    await trx.deleteFrom(table).execute();
}

/** All pending requests, locked. Whoever locks grants as well has done so before. */
export async function lockPending(
  trx: Trx,
): Promise<readonly { readonly id: RequestId; readonly person: PersonId; readonly lapsesAt: Instant }[]> {
  const { rows } = await sql<{ id: RequestId; person: PersonId; lapsesAt: Instant }>`
    select id, person_id as person, lapses_at as "lapsesAt" from request where state = 'pending'
    order by id for update`.execute(trx);
  return rows;
}

/** Writes that pending requests lapsed because of the new epoch. */
export async function saveLapsed(trx: Trx, ids: readonly RequestId[], now: Instant): Promise<void> {
  await trx
    .updateTable('request')
    .set({ state: 'lapsed', lapse_cause: 'new-epoch', decided_at: toIso(now), due_at: null })
    .where(isAnyOf('id', ids))
    .execute();
}

/** Most rows that one statement marks: a million of them are many statements, and none of them takes or locks too long. */
const MARKED_AT_ONCE = 5_000;

/**
 * Marks all grants that run, whose rows are from before the epoch: the cloud is looked at before one that is being made is given, and once
 * while one is active. On what is being made or ended, a call may have left in the time that is lost and may still land: as if one had left
 * just now, and nothing had been seen since. In the order of their ids, as everybody locks several. Each statement by itself: to be marked
 * costs a look, whatever becomes of the epoch.
 */
export async function markForLook(db: Db, mayLandMs: number): Promise<void> {
  for (let last: string | null = ''; last !== null;) {
    const { rows } = await sql<{ last: string | null }>`
      with picked as materialized (
        select id, slot from "grant"
        where state in ('activating', 'active', 'ending') and id > ${last}
        order by id limit ${MARKED_AT_ONCE} for update),
      marked as (update "grant" set look_first = true where id in (select id from picked)),
      noted as (
        update binding set absent_since = null, last_call_at = greatest(last_call_at, ${fromNow(LONGEST_CALL_MS)}),
          unsettled_until = greatest(unsettled_until, ${fromNow(LONGEST_CALL_MS + mayLandMs)})
        where slot in (select slot from picked))
      select max(id) as last from picked`.execute(db);
    last = rows[0]?.last ?? null;
  }
}

/** Grants that may have started in the time that is lost, locked: those that were to start by now. */
export async function lockStartable(trx: Trx): Promise<readonly GrantRecord[]> {
  const rows = await trx
    .selectFrom('grant')
    .selectAll()
    .where('state', '=', 'scheduled')
    .where('starts_at', '<=', sql<Instant>`(select app_now())`)
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map(toGrant);
}

/**
 * Writes that a grant is being made, in the state that `transitionGrant` computed, and that nobody knows whether a call has left for it. On a
 * slot of its own that is noted; on a shared one whoever begins looks.
 */
export async function saveMayHaveStarted(trx: Trx, { id, slot }: GrantRecord, state: GrantState, now: Instant) {
  const call = { slot, note: { kind: 'leaving', callTimeoutMs: LONGEST_CALL_MS } } as const;
  await saveGrantState(trx, id, state, now, slot.endsWith(`:${id}`) ? call : null);
  await trx.updateTable('grant').set({ look_first: true }).where('id', '=', id).execute();
}

/** Nobody begins on a shared slot while a call of the time that is lost may still land there. In the order of the slots. */
export async function unsettleShared(db: Db, mayLandMs: number): Promise<void> {
  const until = fromNow(LONGEST_CALL_MS + mayLandMs);
  for (let last: string | null = ''; last !== null;) {
    const { rows } = await sql<{ last: string | null }>`
      with picked as materialized (
        select slot from binding where slot not like '%:grt\\_%' and slot > ${last} order by slot limit ${MARKED_AT_ONCE} for update),
      noted as (
        update binding set unsettled_until = greatest(unsettled_until, ${until}) where slot in (select slot from picked))
      select max(slot) as last from picked`.execute(db);
    last = rows[0]?.last ?? null;
  }
}
