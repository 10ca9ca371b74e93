import { sql } from 'kysely';
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
 * The grants whose access was over within the last `withinMs`, the latest end first: each may have left something in the cloud which nothing
 * needs any more. Not where another grant still needs the slot, or is being ended there. Read in pages, each by itself.
 */
export async function* overSince(db: Db, withinMs: number, page = PAGE): AsyncGenerator<PastGrant> {
  // The time as the database writes it: here it has no microseconds.
  let seen: { readonly at: string; readonly id: string } | null = null;
  for (;;) {
    const behind: ReturnType<typeof sql> = seen === null ? sql`true` : sql`(ended_at, id) < (${seen.at}, ${seen.id})`;
    const { rows }: { rows: (GrantRow & { readonly at: string; readonly free: boolean })[] } = await sql<
      GrantRow & { readonly at: string; readonly free: boolean }
    >`
      select *, ended_at::text as at, not exists (
        select from "grant" other
        where other.slot = "grant".slot and other.state in ('activating', 'active', 'ending')) as free
      from "grant"
      where ended_at > (select app_now()) - ${withinMs} * interval '1 millisecond' and ${behind}
      order by ended_at desc, id desc limit ${page}`.execute(db);
    for (const row of rows)
      if (row.free && row.activated_at !== null) yield { grant: toGrant(row), early: row.end_cause !== 'expired' };
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) return;
    seen = last;
  }
}
