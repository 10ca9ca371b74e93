import { sql } from 'kysely';
import { toGrant, type GrantRecord, type GrantRow } from './grants.ts';
import type { Db } from './schema.ts';

/** A grant that is over, and whether it ended before its time. */
export interface PastGrant {
  readonly grant: GrantRecord;
  readonly early: boolean;
}

/**
 * One grant for each identity on each native role whose access was over within the last `withinMs`, of early ends before others: it may
 * have left something in the cloud which nothing needs any more. Not where another grant still needs the slot, or is being ended there.
 */
export async function overSince(db: Db, withinMs: number): Promise<readonly PastGrant[]> {
  const { rows } = await sql<GrantRow>`
    select distinct on (provider, method, definition -> 'target' -> 'native', definition -> 'role' -> provider, principal) *
    from "grant"
    where state in ('ended', 'failed') and activated_at is not null
      and ended_at > (select app_now()) - ${withinMs} * interval '1 millisecond'
      and not exists (
        select from "grant" other
        where other.slot = "grant".slot and other.state in ('activating', 'active', 'ending'))
    order by provider, method, definition -> 'target' -> 'native', definition -> 'role' -> provider, principal, end_cause = 'expired', id`.execute(
    db,
  );
  return rows.map((row) => ({ grant: toGrant(row), early: row.end_cause !== 'expired' }));
}
