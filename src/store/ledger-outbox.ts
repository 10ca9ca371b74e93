import type { QueryCreator } from 'kysely';
import type { GrantId, RequestId } from '../core/ids.ts';
import { inParts, isAnyOf } from './columns.ts';
import { besides } from './besides.ts';
import type { SealedField } from './ledger-personal.ts';
import type { Db, Schema, Trx } from './schema.ts';

export interface OutboxEntry {
  readonly id: number;
  readonly entryId: string;
  readonly body: string;
  readonly request: string | null;
  readonly grant: string | null;
}

/** Entries that wait for their place, in this order, and what was sealed for them: with one statement, unless they are very many. */
export async function insertOutbox(
  trx: Trx,
  entries: readonly { entryId: string; body: string; request: RequestId | null; grant: GrantId | null }[],
  personal: readonly SealedField[],
): Promise<void> {
  const sealed = personal.map(({ entryId, field, subject, sealed }) => ({
    entry_id: entryId,
    field,
    person_id: subject,
    sealed,
  }));
  const [beside, ...further] = inParts(sealed);
  for (const part of further) await trx.insertInto('ledger_personal').values(part).execute();
  let start: QueryCreator<Schema> =
    beside === undefined ? trx : besides(trx, (query) => query.insertInto('ledger_personal').values(beside));
  for (const part of inParts(entries)) {
    await start
      .insertInto('ledger_outbox')
      .values(
        part.map(({ entryId, body, request, grant }) => ({
          entry_id: entryId,
          body,
          request_id: request,
          grant_id: grant,
        })),
      )
      .execute();
    start = trx;
  }
}

/** Whether anything waits; takes no lock and writes nothing. */
export async function isOutboxEmpty(trx: Trx): Promise<boolean> {
  return (await trx.selectFrom('ledger_outbox').select('id').limit(1).executeTakeFirst()) === undefined;
}

/** The next entries that wait for a place, in the order in which they were written. */
export async function readOutbox(trx: Trx, limit: number): Promise<readonly OutboxEntry[]> {
  const rows = await trx.selectFrom('ledger_outbox').selectAll().orderBy('id').limit(limit).execute();
  return rows.map((row) => ({
    id: row.id,
    entryId: row.entry_id,
    body: row.body,
    request: row.request_id,
    grant: row.grant_id,
  }));
}

export async function deleteOutbox(trx: Trx, ids: readonly number[]): Promise<void> {
  await trx.deleteFrom('ledger_outbox').where(isAnyOf('id', ids)).execute();
}

/** How many entries wait; for readiness and metrics. */
export async function outboxSize(db: Db): Promise<number> {
  const row = await db
    .selectFrom('ledger_outbox')
    .select((expression) => expression.fn.countAll<number>().as('n'))
    .executeTakeFirst();
  return Number(row?.n ?? 0);
}
