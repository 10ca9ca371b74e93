import { sql, type RawBuilder } from 'kysely';
import type { Instant } from '../core/time.ts';
import { at, fromNow } from './columns.ts';
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
 * Takes the next free place in each of several rates that all nodes share, none before the one that the rate ahead of it gave. Returns when the
 * last of them is, `null` for at once. The places are taken in any case: this is the generic cell rate algorithm (ITU-T I.371), whose whole state
 * is where the queue ends.
 */
export async function takePlaces(db: Db, takings: readonly Taking[]): Promise<Instant | null> {
  let place: Instant | null = null;
  for (const taking of takings) place = (await take(db, taking, place, sql<boolean>`false`)) ?? place;
  return place;
}

/** Counts a call that waits for nobody, in each of several rates. */
export async function takeAhead(db: Db, takings: readonly Taking[]): Promise<void> {
  const isFarBehind = sql<boolean>`quota.next_at > ${fromNow(LONGEST_AHEAD_MS)}`;
  for (const taking of takings) await take(db, taking, null, isFarBehind);
}

/** `notBefore`: an earlier place is of no use. `null`: now is not too early. Returns when the place is, if that is later. */
async function take(
  db: Db,
  { key, perSecond, burst, calls }: Taking,
  notBefore: Instant | null,
  isNotCounted: RawBuilder<boolean>,
): Promise<Instant | null> {
  const costMs = (1_000 * calls) / perSecond;
  const keptMs = (1_000 * burst) / perSecond;
  const wanted = notBefore === null ? sql`app_now()` : sql`greatest(app_now(), ${at(notBefore)})`;
  const { rows } = await sql<{ at: Instant; waits: boolean }>`
    with taken as (
      insert into quota (key, next_at) values (${key}, ${wanted} + ${costMs - keptMs} * interval '1 millisecond')
      on conflict on constraint quota_pk do update
        set next_at = case when ${isNotCounted} then quota.next_at
          else greatest(quota.next_at, ${wanted} - ${keptMs} * interval '1 millisecond') + ${costMs} * interval '1 millisecond' end
      returning next_at - ${costMs} * interval '1 millisecond' as at)
    select at, at > ${wanted} as waits from taken`.execute(db);
  const place = rows[0];
  return place?.waits === true ? place.at : null;
}
