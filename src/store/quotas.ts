import { sql, type RawBuilder } from 'kysely';
import type { Instant } from '../core/time.ts';
import { fromNow } from './columns.ts';
import type { Db } from './schema.ts';

/** A rate, and how many calls of it are taken. What was not used is kept for `burst` calls. */
export interface Taking {
  readonly key: string;
  readonly perSecond: number;
  readonly burst: number;
  readonly calls: number;
}

/** However many calls went ahead at once, nobody is sent further back for them than this. */
const LONGEST_AHEAD_MS = 10 * 60_000;

/**
 * Takes the next free place in a rate that all nodes share. Returns when it is, `null` for at once. The place is taken in any case: this
 * is the generic cell rate algorithm (ITU-T I.371), whose whole state is where the queue ends.
 */
export async function takePlace(db: Db, taking: Taking): Promise<Instant | null> {
  return take(db, taking, sql<boolean>`false`);
}

/** Counts a call that waits for nobody. */
export async function takeAhead(db: Db, taking: Taking): Promise<void> {
  await take(db, taking, sql<boolean>`quota.next_at > ${fromNow(LONGEST_AHEAD_MS)}`);
}

async function take(
  db: Db,
  { key, perSecond, burst, calls }: Taking,
  isNotCounted: RawBuilder<boolean>,
): Promise<Instant | null> {
  const costMs = (1_000 * calls) / perSecond;
  const keptMs = (1_000 * burst) / perSecond;
  const { rows } = await sql<{ at: Instant; waits: boolean }>`
    with taken as (
      insert into quota (key, next_at) values (${key}, ${fromNow(costMs - keptMs)})
      on conflict on constraint quota_pk do update
        set next_at = case when ${isNotCounted} then quota.next_at
          else greatest(quota.next_at, ${fromNow(-keptMs)}) + ${costMs} * interval '1 millisecond' end
      returning next_at - ${costMs} * interval '1 millisecond' as at)
    select at, at > app_now() as waits from taken`.execute(db);
  const place = rows[0];
  return place?.waits === true ? place.at : null;
}
