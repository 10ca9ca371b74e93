import { toIso, type Instant } from '../core/time.ts';
import type { Trx } from './schema.ts';

/** The one code with which the first admin can be claimed; only its hash is kept. */
export interface AdminCode {
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
  readonly expiresAt: Instant;
  readonly triesLeft: number;
}

/** Puts a code in the place of the one before, if there was one. */
export async function keepAdminCode(trx: Trx, code: AdminCode): Promise<void> {
  const values = { hash: code.hash, expires_at: toIso(code.expiresAt), tries_left: code.triesLeft };
  await trx
    .insertInto('admin_code')
    .values(values)
    .onConflict((conflict) => conflict.constraint('admin_code_pk').doUpdateSet(values))
    .execute();
}

/** The code, locked: of two who claim at one instant, the second sees what became of the first. */
export async function lockAdminCode(trx: Trx): Promise<AdminCode | null> {
  const row = await trx.selectFrom('admin_code').selectAll().forUpdate().executeTakeFirst();
  return row === undefined ? null : { hash: row.hash, expiresAt: row.expires_at, triesLeft: row.tries_left };
}

export async function countWrongTry(trx: Trx, triesLeft: number): Promise<void> {
  await trx.updateTable('admin_code').set({ tries_left: triesLeft }).execute();
}

export async function forgetAdminCode(trx: Trx): Promise<void> {
  await trx.deleteFrom('admin_code').execute();
}
