import { sql, type Selectable } from 'kysely';
import type { PersonId, RecoveryId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at } from './columns.ts';
import type { StoredAssertion } from './passkey-schema.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** Somebody who lost all passkeys asks for the right to register a new one. */
export interface RecoveryRecord {
  readonly id: RecoveryId;
  readonly person: PersonId;
  readonly askedAt: Instant;
  readonly lapsesAt: Instant;
  /** Until when a new passkey may be registered; `null` until enough others have confirmed. */
  readonly openUntil: Instant | null;
  readonly closedAt: Instant | null;
}

export async function insertRecovery(
  trx: Trx,
  recovery: Pick<RecoveryRecord, 'id' | 'person' | 'askedAt' | 'lapsesAt'>,
): Promise<void> {
  await trx
    .insertInto('passkey_recovery')
    .values({
      id: recovery.id,
      person_id: recovery.person,
      asked_at: toIso(recovery.askedAt),
      lapses_at: toIso(recovery.lapsesAt),
    })
    .execute();
}

/** Reads a recovery; `lock` keeps everybody else from moving it on until the transaction ends. */
export async function findRecovery(db: Db | Trx, id: RecoveryId, lock = false): Promise<RecoveryRecord | null> {
  const query = db.selectFrom('passkey_recovery').selectAll().where('id', '=', id);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : toRecovery(row);
}

/** The recovery of a person that is not closed, locked; it may have lapsed. */
export async function lockRecoveryOf(trx: Trx, person: PersonId): Promise<RecoveryRecord | null> {
  const row = await trx
    .selectFrom('passkey_recovery')
    .selectAll()
    .where('person_id', '=', person)
    .where('closed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toRecovery(row);
}

/** Recoveries that wait for a confirmation, or for the new passkey, oldest first. */
export async function waitingRecoveries(db: Db, now: Instant): Promise<readonly RecoveryRecord[]> {
  const rows = await db
    .selectFrom('passkey_recovery')
    .selectAll()
    .where('closed_at', 'is', null)
    .where((row) => {
      const [asks, opened] = [row('open_until', 'is', null), row('open_until', '>', at(now))];
      return row.or([row.and([asks, row('lapses_at', '>', at(now))]), opened]);
    })
    .orderBy('asked_at')
    .limit(100)
    .execute();
  return rows.map(toRecovery);
}

export async function openRecovery(trx: Trx, id: RecoveryId, until: Instant): Promise<void> {
  await trx
    .updateTable('passkey_recovery')
    .set({ open_until: toIso(until) })
    .where('id', '=', id)
    .execute();
}

export async function closeRecovery(trx: Trx, id: RecoveryId, now: Instant): Promise<void> {
  await trx
    .updateTable('passkey_recovery')
    .set({ closed_at: toIso(now) })
    .where('id', '=', id)
    .execute();
}

/** Who has confirmed a recovery, first one first, and whether the passkey that they did it with is still theirs. */
export async function confirmationsOf(
  db: Db | Trx,
  id: RecoveryId,
): Promise<readonly { readonly person: PersonId; readonly keyStands: boolean }[]> {
  const { rows } = await sql<{ person: PersonId; keyStands: boolean }>`
    select said.person_id as person, exists (
      select from passkey where credential_hash = said.assertion ->> 'credential' and removed_at is null) as "keyStands"
    from passkey_recovery_confirmation as said where recovery_id = ${id} order by confirmed_at`.execute(db);
  return rows;
}

/** Keeps a confirmation, in the place of what the same person said before and does not count any more; the log has both. */
export async function keepConfirmation(
  trx: Trx,
  confirmation: {
    readonly recovery: RecoveryId;
    readonly person: PersonId;
    readonly document: string;
    readonly challenge: string;
    readonly assertion: StoredAssertion;
    readonly at: Instant;
  },
): Promise<void> {
  const said = {
    document: confirmation.document,
    challenge: confirmation.challenge,
    assertion: JSON.stringify(confirmation.assertion),
    confirmed_at: toIso(confirmation.at),
  };
  await trx
    .insertInto('passkey_recovery_confirmation')
    .values({ recovery_id: confirmation.recovery, person_id: confirmation.person, ...said })
    .onConflict((conflict) => conflict.constraint('passkey_recovery_confirmation_pk').doUpdateSet(said))
    .execute();
}

function toRecovery(row: Selectable<Schema['passkey_recovery']>): RecoveryRecord {
  return {
    id: row.id,
    person: row.person_id,
    askedAt: row.asked_at,
    lapsesAt: row.lapses_at,
    openUntil: row.open_until,
    closedAt: row.closed_at,
  };
}
