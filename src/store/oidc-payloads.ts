import { toIso, type Instant } from '../core/time.ts';
import { at } from './columns.ts';
import type { Db } from './schema.ts';

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
  };
  await db
    .insertInto('oidc_payload')
    .values({ model: row.model, id_hash: row.idHash, ...values })
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

/** Ends a sign-in: every code and token that came out of one authorization, of one model or of all. */
export async function deleteOidcPayloadsOfGrant(db: Db, grantId: string, model?: string): Promise<void> {
  const query = db.deleteFrom('oidc_payload').where('grant_id', '=', grantId);
  await (model === undefined ? query : query.where('model', '=', model)).execute();
}

/** The authorization that an artifact belongs to, or `null`. */
export async function grantIdOfOidcPayload(db: Db, model: string, idHash: string): Promise<string | null> {
  const row = await db
    .selectFrom('oidc_payload')
    .select('grant_id')
    .where('model', '=', model)
    .where('id_hash', '=', idHash)
    .executeTakeFirst();
  return row?.grant_id ?? null;
}

/** Removes what ended before `before`. */
export async function deleteExpiredOidcPayloads(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom('oidc_payload').where('expires_at', '<', at(before)).execute();
}
