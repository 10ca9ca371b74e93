import { sql, type RawBuilder } from 'kysely';
import { toGrant, type GrantRecord, type GrantRow } from './grants.ts';
import type { Db } from './schema.ts';

/** A grant that is over, and whether it ended before its time. */
export interface PastGrant {
  readonly grant: GrantRecord;
  readonly early: boolean;
}

/** How many are read at once. */
const PAGE = 500;

/**
 * The grants whose access was over within the last `withinMs`, of early ends before others, the latest end first: each may have left something
 * in the cloud which nothing needs any more. Not where another grant still needs the slot, or is being ended there. Read in pages, each by itself.
 */
export async function* overSince(db: Db, withinMs: number, page = PAGE): AsyncGenerator<PastGrant> {
  for (const early of [true, false])
    for await (const grant of readPages(db, withinMs, early, page)) yield { grant, early };
}

async function* readPages(db: Db, withinMs: number, early: boolean, page: number): AsyncGenerator<GrantRecord> {
  // The time as the database writes it: here it has no microseconds.
  let seen: { readonly at: string; readonly id: string } | null = null;
  for (;;) {
    const behind: RawBuilder<unknown> =
      seen === null ? sql`true` : sql`(ended_at, id) < (${seen.at}::timestamptz, ${seen.id})`;
    const { rows }: { rows: Row[] } = await sql<Row>`
      select *, ended_at::text as at, not exists (
        select from "grant" other
        where other.slot = "grant".slot and other.state in ('activating', 'active', 'ending')) as free
      from "grant"
      where ended_at > (select app_now()) - ${withinMs} * interval '1 millisecond' and ${behind}
        and ${early ? sql`end_cause <> 'expired'` : sql`end_cause = 'expired'`}
      order by ended_at desc, id desc limit ${page}`.execute(db);
    for (const row of rows) if (row.free && row.activated_at !== null) yield toGrant(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) return;
    seen = last;
  }
}

type Row = GrantRow & { readonly at: string; readonly free: boolean };
