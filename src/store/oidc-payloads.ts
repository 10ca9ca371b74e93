import type { PersonId, SessionId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, isAnyOf } from './columns.ts';
import type { Db, Trx } from './schema.ts';

/** One stored artifact of the authorization server. Ids are hashes, `sealed` is ciphertext: no row is of use without the key file. */
export interface OidcPayloadRow {
  readonly model: string;
  /** 64 hexadecimal characters. */
  readonly idHash: string;
  readonly sealed: string;
  readonly grantId: string | null;
  readonly uid: string | null;
  readonly userCodeHash: string | null;
  readonly expiresAt: Instant | null;
  /** Whose it is, and the sign-in that it belongs to; `null` before anybody has signed in. */
  readonly person: PersonId | null;
  readonly signIn: SessionId | null;
  readonly savedAt: Instant;
}

export interface FoundOidcPayload {
  readonly idHash: string;
  readonly sealed: string;
  readonly consumedAt: Instant | null;
}

/** Writes an artifact, or replaces it. Whether it was consumed is kept: saving again must not make a used code fresh. */
export async function saveOidcPayload(db: Db, row: OidcPayloadRow): Promise<void> {
  const values = {
    payload: JSON.stringify({ sealed: row.sealed }),
    grant_id: row.grantId,
    uid: row.uid,
    user_code_hash: row.userCodeHash,
    expires_at: row.expiresAt === null ? null : toIso(row.expiresAt),
    person_id: row.person,
    sign_in_id: row.signIn,
  };
  await db
    .insertInto('oidc_payload')
    .values({ model: row.model, id_hash: row.idHash, created_at: toIso(row.savedAt), ...values })
    .onConflict((conflict) => conflict.constraint('oidc_payload_pk').doUpdateSet(values))
    .execute();
}

/** Finds an artifact by one of its three names; `null` when there is none. Expired ones are found too: their reader says so. */
export async function findOidcPayload(
  db: Db,
  model: string,
  by: { readonly idHash: string } | { readonly uid: string } | { readonly userCodeHash: string },
): Promise<FoundOidcPayload | null> {
  const query = db.selectFrom('oidc_payload').select(['id_hash', 'payload', 'consumed_at']).where('model', '=', model);
  const row = await (
    'idHash' in by
      ? query.where('id_hash', '=', by.idHash)
      : 'uid' in by
        ? query.where('uid', '=', by.uid)
        : query.where('user_code_hash', '=', by.userCodeHash)
  ).executeTakeFirst();
  const sealed = row?.payload['sealed'];
  if (row === undefined || typeof sealed !== 'string') return null;
  return { idHash: row.id_hash, sealed, consumedAt: row.consumed_at };
}

/** Marks an artifact as used. False when it was used already, or is gone: of two callers at one instant one gets true. */
export async function consumeOidcPayload(db: Db, model: string, idHash: string, now: Instant): Promise<boolean> {
  const result = await db
    .updateTable('oidc_payload')
    .set({ consumed_at: toIso(now) })
    .where('model', '=', model)
    .where('id_hash', '=', idHash)
    .where('consumed_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Removes an artifact and returns what it held; `null` when somebody else has taken it. */
export async function takeOidcPayload(db: Db, model: string, idHash: string): Promise<string | null> {
  const row = await db
    .deleteFrom('oidc_payload')
    .where('model', '=', model)
    .where('id_hash', '=', idHash)
    .returning('payload')
    .executeTakeFirst();
  const sealed = row?.payload['sealed'];
  return typeof sealed === 'string' ? sealed : null;
}

/** The sign-in that an artifact belongs to, and whether the artifact is used up; `null`: it is gone, or belongs to none. */
export async function signInOfOidcPayload(
  db: Db,
  model: string,
  idHash: string,
): Promise<{ readonly signIn: SessionId; readonly consumed: boolean } | null> {
  const row = await db
    .selectFrom('oidc_payload')
    .select(['sign_in_id', 'consumed_at'])
    .where('model', '=', model)
    .where('id_hash', '=', idHash)
    .executeTakeFirst();
  if (row === undefined || row.sign_in_id === null) return null;
  return { signIn: row.sign_in_id, consumed: row.consumed_at !== null };
}

/** Removes what ended before `before`. */
export async function deleteExpiredOidcPayloads(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom('oidc_payload').where('expires_at', '<', at(before)).execute();
}

/** Removes the oldest artifacts of a model above a number: what nobody finishes must not pile up. By their ends, which come in order. */
export async function deleteSurplusOidcPayloads(db: Db, model: string, most: number): Promise<void> {
  const surplus = await db
    .selectFrom('oidc_payload')
    .select('expires_at')
    .where('model', '=', model)
    .orderBy('expires_at', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  if (surplus?.expires_at == null) return;
  await db
    .deleteFrom('oidc_payload')
    .where('model', '=', model)
    .where('expires_at', '<=', at(surplus.expires_at))
    .execute();
}

/** A sign-in of the command line. */
export interface CliSignIn {
  readonly id: SessionId;
  readonly createdAt: Instant;
  /** When it was refreshed last. */
  readonly usedAt: Instant;
  readonly endsAt: Instant;
}

/** A person's sign-ins at command lines that can still be refreshed, the newest first. */
export async function cliSignInsOf(db: Db, person: PersonId, now: Instant): Promise<readonly CliSignIn[]> {
  const rows = await db
    .selectFrom('oidc_payload')
    .select(['sign_in_id', 'model', 'created_at', 'consumed_at', 'expires_at'])
    .where('person_id', '=', person)
    .where('expires_at', '>', at(now))
    .execute();
  const found = new Map<SessionId, CliSignIn>();
  for (const { sign_in_id: id, model, consumed_at, created_at, expires_at } of rows) {
    // Used up or not refreshable: the row of tokens goes on with another one.
    if (id === null || created_at === null || expires_at === null || model !== 'RefreshToken' || consumed_at !== null)
      continue;
    const first = rows.find((row) => row.sign_in_id === id && row.model === 'Grant')?.created_at ?? created_at;
    found.set(id, { id, createdAt: first, usedAt: created_at, endsAt: expires_at });
  }
  return [...found.values()].sort((a, b) => b.createdAt - a.createdAt);
}

/** Whether the authorization of a sign-in is still there. */
export async function signInStands(db: Db, id: SessionId): Promise<boolean> {
  return (await standingOf(db, [id])).has(id);
}

/** Of which of some sign-ins the authorization is still there. */
export async function standingOf(db: Db, ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('oidc_payload')
    .select('sign_in_id')
    .where(isAnyOf('sign_in_id', ids))
    .where('model', '=', 'Grant')
    .execute();
  return new Set(rows.flatMap((row) => (row.sign_in_id === null ? [] : [row.sign_in_id])));
}

/** Ends a person's own sign-in: everything that came out of it. False when there is none of that name. */
export async function deleteSignIn(trx: Trx, id: SessionId, person: PersonId): Promise<boolean> {
  const result = await trx
    .deleteFrom('oidc_payload')
    .where('sign_in_id', '=', id)
    .where('person_id', '=', person)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Ends a sign-in, whosever it is: everything that came out of it. Whose it was, for the one of several callers who ended it; `null`: it stood no more. */
export async function takeSignIn(trx: Trx, id: SessionId): Promise<PersonId | null> {
  const rows = await trx
    .deleteFrom('oidc_payload')
    .where('sign_in_id', '=', id)
    .returning(['model', 'person_id'])
    .execute();
  return rows.find((row) => row.model === 'Grant')?.person_id ?? null;
}

/** Ends all sign-ins of a person at command lines, and returns them. */
export async function deleteSignInsOf(trx: Trx, person: PersonId): Promise<readonly SessionId[]> {
  const rows = await trx.deleteFrom('oidc_payload').where('person_id', '=', person).returning('sign_in_id').execute();
  return [...new Set(rows.flatMap((row) => (row.sign_in_id === null ? [] : [row.sign_in_id])))];
}
