import { sql } from 'kysely';
import type { Db } from './schema.ts';

/** A request or a grant and the state that its row has. */
export interface StateRow {
  readonly kind: 'request' | 'grant';
  readonly id: string;
  readonly state: string;
}

/** All rows in the order of their ids, beginning behind `after`. */
export async function readStates(db: Db, after: string | null, limit: number): Promise<readonly StateRow[]> {
  const { rows } = await sql<StateRow>`
    select kind, id, state from (
      select 'request' as kind, id, state from request
      union all select 'grant' as kind, id, state from "grant"
    ) as rows where id > ${after ?? ''} order by id limit ${limit}`.execute(db);
  return rows.map((row) => ({ kind: row.kind, id: row.id, state: row.state }));
}
