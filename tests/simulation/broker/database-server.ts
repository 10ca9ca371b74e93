import { CompiledQuery, sql } from 'kysely';
import type { Database } from '../../../src/store/database.ts';
import type { Scheduler } from '../kernel/scheduler.ts';

/** Tables that the checkers read; what was written decides what they read again. */
const WATCHED = ['grant', 'request', 'approval', 'ledger_outbox', 'revocation', 'revocation_grant'] as const;
export type WatchedTable = (typeof WATCHED)[number];

/** A statement that writes a table, also beside another one, by its name with or without quotes. */
const WRITES = Object.fromEntries(
  WATCHED.map((table) => [table, new RegExp(`\\b(insert into|update|delete from) "?${table}"?(?![\\w"])`, 'i')]),
) as Readonly<Record<WatchedTable, RegExp>>;

/**
 * The one real database behind all simulated connections. It has a single connection, so a transaction takes no virtual
 * time and nodes interleave between transactions. `app_now()` is the true virtual time.
 */
export class DatabaseServer {
  readonly #base: Database;
  readonly #scheduler: Scheduler;
  #tellsTime = Number.NaN;
  /** Who has a transaction open. */
  #open: string | null = null;
  /** The beginning of the transaction that is open; it leaves with its first statement. */
  #begun: Promise<void> | null = null;
  #written = new Set<WatchedTable>();
  /** Called after what a node wrote in a transaction is committed. */
  onCommit: (written: ReadonlySet<WatchedTable>, by: string) => Promise<void> = async () => {};
  /** Called after a node changed claims or due times, which it does outside of transactions. */
  onClaim: (by: string) => Promise<void> = async () => {};

  constructor(base: Database, scheduler: Scheduler) {
    this.#base = base;
    this.#scheduler = scheduler;
  }

  begin(who: string): void {
    this.#alone();
    this.#open = who;
    this.#begun = null;
  }

  async commit(): Promise<void> {
    const by = this.#open ?? 'nobody';
    const isBegun = this.#begun !== null;
    await this.#begun;
    if (isBegun) await this.#run('commit');
    this.#open = null;
    const written = this.#written;
    this.#written = new Set();
    if (written.size > 0) await this.#scheduler.during(() => this.onCommit(written, by));
  }

  async rollback(): Promise<void> {
    if (this.#open === null) return;
    this.#open = null;
    this.#written = new Set();
    if (this.#begun === null) return;
    await this.#begun.catch(() => {});
    // The time was told within the transaction, and is forgotten with it.
    this.#tellsTime = Number.NaN;
    await this.#run('rollback');
  }

  async execute(query: CompiledQuery, by: string, inTransaction: boolean) {
    // By far the most frequent question, and the answer is known.
    if (query.sql === 'select app_now() as now') return { rows: [{ now: this.#scheduler.now }] };
    if (inTransaction) await (this.#begun ??= this.#run(`begin${this.#time('; ')}`));
    else {
      this.#alone();
      const time = this.#time('');
      if (time !== '') await this.#run(time);
    }
    const result = await this.#scheduler.during(() => this.#base.db.executeQuery(query));
    if (!isWrite(query.sql)) return result;
    const isPlain = /^\s*(insert|update|delete)/i.test(query.sql);
    const changed = result.rows.length > 0 || ('numAffectedRows' in result && (result.numAffectedRows ?? 0n) > 0n);
    // What a statement has written beside its own table is not counted in its answer.
    if (isPlain && !changed) return result;
    const written = WATCHED.filter((table) => WRITES[table].test(query.sql));
    if (inTransaction) for (const table of written) this.#written.add(table);
    else if (written.includes('grant')) await this.#scheduler.during(() => this.onClaim(by));
    else if (written.length > 0) await this.#scheduler.during(() => this.onCommit(new Set(written), by));
    return result;
  }

  /** Sees that nobody's transaction is in the way. */
  #alone(): void {
    if (this.#open === null) return;
    throw new Error(`a transaction of ${this.#open} was open across a wait: nothing else could reach the database`);
  }

  /** The statement that makes the database tell the virtual time; empty when it does so already. */
  #time(before: string): string {
    if (this.#tellsTime === this.#scheduler.now) return '';
    this.#tellsTime = this.#scheduler.now;
    return `${before}set curfew.now = '${new Date(this.#tellsTime).toISOString()}'`;
  }

  async #run(text: string): Promise<void> {
    await this.#scheduler.during(() => this.#base.db.executeQuery(CompiledQuery.raw(text)));
  }
}

export function isWrite(text: string): boolean {
  return (
    /^\s*(insert|update|delete|truncate)\b/i.test(text) ||
    /^\s*with\b.*\b(insert into|update "|delete from)/is.test(text)
  );
}

/** Replaces the database's clock, once for each database. */
export async function replaceClock(base: Database): Promise<void> {
  await sql
    .raw(
      `create or replace function app_now() returns timestamptz language sql volatile
       as $$ select current_setting('curfew.now')::timestamptz $$`,
    )
    .execute(base.db);
}

/** Rows that migrations put into tables; they come back after everything else is emptied. */
export type FixedRows = ReadonlyMap<string, readonly string[]>;

export async function readFixedRows(base: Database): Promise<FixedRows> {
  const fixed = new Map<string, readonly string[]>();
  for (const table of await tables(base)) {
    const { rows } = await sql<{ row: string }>`select to_jsonb(one)::text as row from ${sql.table(table)} one`.execute(
      base.db,
    );
    if (rows.length > 0)
      fixed.set(
        table,
        rows.map(({ row }) => row),
      );
  }
  return fixed;
}

/** Empties the database between two runs. */
export async function emptyDatabase(base: Database, fixed: FixedRows): Promise<void> {
  const all = await tables(base);
  const list = all.map((table) => `"${table}"`).join(', ');
  await base.db.transaction().execute(async (trx) => {
    // The guards of the append-only tables are triggers, and only triggers are switched off.
    await sql.raw(`set local session_replication_role = replica`).execute(trx);
    await sql.raw(`truncate ${list} restart identity cascade`).execute(trx);
    for (const [table, rows] of fixed) {
      for (const row of rows) {
        await sql`insert into ${sql.table(table)} select * from jsonb_populate_record(null::${sql.table(table)}, ${row}::jsonb)`.execute(
          trx,
        );
      }
    }
  });
}

async function tables(base: Database): Promise<readonly string[]> {
  const { rows } = await sql<{
    name: string;
  }>`select tablename as name from pg_tables where schemaname = 'public' order by tablename`.execute(base.db);
  return rows.map((row) => row.name);
}
