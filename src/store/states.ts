import { sql } from 'kysely';
import { toIso, type Instant } from '../core/time.ts';
import type { Db } from './schema.ts';

/** A request or a grant and the state that its row has. */
export interface StateRow {
  readonly kind: 'request' | 'grant';
  readonly id: string;
  readonly state: string;
  /** When the access ends or has ended, RFC 3339. `null` for a request, and for a grant that never started. */
  readonly endsAt: string | null;
}

/** All rows in the order of their ids, beginning behind `after`. */
export async function readStates(db: Db, after: string | null, limit: number): Promise<readonly StateRow[]> {
  const { rows } = await sql<{ kind: StateRow['kind']; id: string; state: string; ends_at: Instant | null }>`
    select kind, id, state, ends_at from (
      select 'request' as kind, id, state, null::timestamptz as ends_at from request
      union all select 'grant' as kind, id, state, ends_at from "grant"
    ) as rows where id > ${after ?? ''} order by id limit ${limit}`.execute(db);
  return rows.map(({ kind, id, state, ends_at: endsAt }) => ({
    kind,
    id,
    state,
    endsAt: endsAt === null ? null : toIso(endsAt),
  }));
}
