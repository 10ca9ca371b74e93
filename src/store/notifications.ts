import { sql, type Selectable } from 'kysely';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { MessageKind, NotificationKind, NotificationOutcome, OwnNews } from '../core/notification.ts';
import { toIso, type Instant } from '../core/time.ts';
import { fromNow, inParts, isAnyOf } from './columns.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** A message that somebody is to get. */
export interface NewNotification {
  readonly kind: MessageKind;
  /** What makes it one message, whoever finds it how often: told once to each person. */
  readonly occasion: string;
  readonly person: PersonId;
  /** `null`: it is about no request. */
  readonly request: RequestId | null;
  readonly grant: GrantId | null;
  readonly happenedAt: Instant;
  readonly dueAt: Instant;
}

/** A message that is being sent, by whoever claimed it. */
export interface ClaimedNotification extends Omit<NewNotification, 'dueAt'> {
  readonly id: number;
  readonly firstDueAt: Instant;
  /** This attempt included. */
  readonly attempts: number;
  /** The time at which it was claimed. */
  readonly now: Instant;
}

/** Where the log is read from; what was written before the first call is no news. */
export async function beginCursor(db: Db): Promise<void> {
  await sql`
    insert into notification_cursor (next_seq) values (coalesce((select size from ledger_head), 0))
    on conflict on constraint notification_cursor_pk do nothing`.execute(db);
}

/** How long ago the oldest entry was written that nobody has looked at, in milliseconds; 0: all were. */
export async function unreadForMs(db: Db): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select greatest(0, extract(epoch from app_now() - happened_at::timestamptz) * 1000)::float8 as ms
    from notification_cursor join ledger_entry on seq = next_seq`.execute(db);
  return rows[0]?.ms ?? 0;
}

/** Whether the log has entries that were not looked at. Locks nothing: it is asked every second. */
export async function isCursorBehind(db: Db): Promise<boolean> {
  const { rows } = await sql<{ behind: boolean }>`
    select next_seq < (select size from ledger_head) as behind from notification_cursor`.execute(db);
  return rows[0]?.behind ?? false;
}

/** Takes the cursor until the transaction ends; `null` when somebody else has it. */
export async function lockCursor(trx: Trx): Promise<number | null> {
  const row = await trx
    .selectFrom('notification_cursor')
    .select('next_seq')
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row?.next_seq ?? null;
}

export async function moveCursor(trx: Trx, nextSeq: number): Promise<void> {
  await trx.updateTable('notification_cursor').set({ next_seq: nextSeq }).execute();
}

/** Bodies of entries that have their place, from `from` on. */
export async function bodiesFrom(
  db: Db | Trx,
  from: number,
  limit: number,
): Promise<readonly { readonly seq: number; readonly body: string }[]> {
  return db
    .selectFrom('ledger_entry')
    .select(['seq', 'body'])
    .where('seq', '>=', from)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** Keeps messages until they are sent; one that is kept already, or was sent, stays as it is. */
export async function insertNotifications(trx: Trx, messages: readonly NewNotification[]): Promise<void> {
  for (const part of inParts(messages))
    await trx
      .insertInto('notification')
      .values(
        part.map((one) => ({
          kind: one.kind,
          occasion: one.occasion,
          person_id: one.person,
          request_id: one.request,
          grant_id: one.grant,
          happened_at: toIso(one.happenedAt),
          first_due_at: toIso(one.dueAt),
          due_at: toIso(one.dueAt),
        })),
      )
      .onConflict((conflict) => conflict.constraint('notification_is_told_once').doNothing())
      .execute();
}

/** Of how many requests that these people made in the last `withinMs` those who can decide are told; nobody with none is in it. */
export async function countToldOf(
  trx: Trx,
  people: readonly PersonId[],
  withinMs: number,
): Promise<Map<PersonId, number>> {
  if (people.length === 0) return new Map();
  const { rows } = await sql<{ person: PersonId; count: number }>`
    select person_id as person, count(*)::int as count from request
    where ${isAnyOf('person_id', people)} and created_at > ${fromNow(-withinMs)}
      and exists (select from notification where occasion = 'waits:' || request.id)
    group by person_id`.execute(trx);
  return new Map(rows.map(({ person, count }) => [person, count]));
}

/** Of how many entries of a kind that a human caused since then, under whichever of these ids, people are told by some news. */
export async function countToldBecauseOf(
  trx: Trx,
  by: readonly PersonId[],
  kind: string,
  news: OwnNews,
  since: Instant,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from ledger_entry
    where ${isAnyOf('actor_id', by)} and kind = ${kind} and happened_at > ${toIso(since)}
      and exists (select from notification where occasion = ${`${news}:`} || seq)`.execute(trx);
  return rows[0]?.count ?? 0;
}

/** Takes the message that has been due for longest, for `leaseMs`: if nothing is heard of it by then, somebody else sends it. */
export async function claimNotification(db: Db, leaseMs: number): Promise<ClaimedNotification | null> {
  const due = sql<number>`(
    select id from notification where due_at <= (select app_now())
    order by due_at limit 1 for update skip locked)`;
  const row = await db
    .updateTable('notification')
    .set({ due_at: fromNow(leaseMs), attempts: sql<number>`attempts + 1` })
    .where('id', '=', due)
    .returningAll()
    .returning(sql<Instant>`app_now()`.as('now'))
    .executeTakeFirst();
  return row === undefined ? null : toClaimed(row);
}

function toClaimed(row: Selectable<Schema['notification']> & { readonly now: Instant }): ClaimedNotification {
  return {
    id: row.id,
    kind: row.kind,
    occasion: row.occasion,
    person: row.person_id,
    request: row.request_id,
    grant: row.grant_id,
    happenedAt: row.happened_at,
    firstDueAt: row.first_due_at,
    attempts: row.attempts,
    now: row.now,
  };
}

/** Notes what became of a message. The first note stays. */
export async function settleNotification(
  db: Db,
  id: number,
  outcome: NotificationOutcome,
  fault: string | null = null,
): Promise<void> {
  await sql`
    update notification set outcome = ${outcome}, last_fault = ${fault}, due_at = null, settled_at = app_now()
    where id = ${id} and outcome is null`.execute(db);
}

/** Notes why a message could not be sent, and when to try again; not where somebody else has tried since. */
export async function postponeNotification(
  db: Db,
  { id, attempts }: Pick<ClaimedNotification, 'id' | 'attempts'>,
  inMs: number,
  fault: string,
): Promise<void> {
  await db
    .updateTable('notification')
    .set({ due_at: fromNow(inMs), last_fault: fault })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('outcome', 'is', null)
    .execute();
}

/** Forgets messages that were settled so long ago. */
export async function forgetNotifications(db: Db, olderMs: number): Promise<void> {
  await sql`
    delete from notification where settled_at < (select app_now()) - ${olderMs} * interval '1 millisecond'`.execute(db);
}

/** How many messages should have gone out and did not, and why the one that was tried last did not. */
export async function waitingNotifications(db: Db): Promise<{ readonly count: number; readonly fault: string | null }> {
  const { rows } = await sql<{ count: number; fault: string | null }>`
    select count(*)::int as count, (array_agg(last_fault order by due_at desc))[1] as fault
    from notification where due_at is not null and attempts > 0`.execute(db);
  return rows[0] ?? { count: 0, fault: null };
}

/** Whether somebody does not want this message: the kind is off, or the request is muted. */
export async function isMuted(
  db: Db,
  { person, kind, request }: Pick<NewNotification, 'person' | 'kind' | 'request'>,
): Promise<boolean> {
  const { rows } = await sql<{ muted: boolean }>`
    select exists (select from notification_off where person_id = ${person} and kind = ${kind})
      or exists (select from notification_mute where person_id = ${person} and request_id = ${request}) as muted`.execute(
    db,
  );
  return rows[0]?.muted ?? false;
}

/** What somebody does not want to be told. */
export async function findMutes(
  db: Db | Trx,
  person: PersonId,
): Promise<{ readonly off: readonly NotificationKind[]; readonly muted: readonly RequestId[] }> {
  const off = await db.selectFrom('notification_off').select('kind').where('person_id', '=', person).execute();
  const muted = await db
    .selectFrom('notification_mute')
    .select('request_id')
    .where('person_id', '=', person)
    .orderBy('request_id')
    .execute();
  return { off: off.map(({ kind }) => kind), muted: muted.map((row) => row.request_id) };
}

/** Makes whoever changes the same person's choices wait until the transaction ends. */
export async function lockMutes(trx: Trx, person: PersonId): Promise<void> {
  await sql`select from person where id = ${person} for no key update`.execute(trx);
}

/** Puts these kinds in the place of those that were off before. */
export async function replaceOff(trx: Trx, person: PersonId, off: readonly NotificationKind[]): Promise<void> {
  await trx.deleteFrom('notification_off').where('person_id', '=', person).execute();
  if (off.length === 0) return;
  await trx
    .insertInto('notification_off')
    .values(off.map((kind) => ({ person_id: person, kind })))
    .execute();
}

/** Mutes a request for somebody, or no longer. Returns whether that changed anything. */
export async function saveMute(trx: Trx, person: PersonId, request: RequestId, muted: boolean): Promise<boolean> {
  if (!muted) {
    const gone = await trx
      .deleteFrom('notification_mute')
      .where('person_id', '=', person)
      .where('request_id', '=', request)
      .executeTakeFirst();
    return gone.numDeletedRows > 0n;
  }
  const made = await trx
    .insertInto('notification_mute')
    .values({ person_id: person, request_id: request })
    .onConflict((conflict) => conflict.constraint('notification_mute_pk').doNothing())
    .executeTakeFirst();
  return (made.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
