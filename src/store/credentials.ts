import type { CredentialId, GrantId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

/** What is kept of a credential: nothing that could be used. */
export interface CredentialRecord {
  readonly id: CredentialId;
  readonly grant: GrantId;
  readonly fingerprint: string;
  readonly policyHash: string | null;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

export async function insertCredential(trx: Trx, credential: CredentialRecord): Promise<void> {
  await trx
    .insertInto('credential')
    .values({
      id: credential.id,
      grant_id: credential.grant,
      fingerprint: credential.fingerprint,
      policy_hash: credential.policyHash,
      issued_at: toIso(credential.issuedAt),
      expires_at: toIso(credential.expiresAt),
    })
    .execute();
}

/** Everything that was handed out under a grant, oldest first. May be thousands: no entry of the ledger holds them all. */
export async function credentialsOf(db: Db | Trx, grant: GrantId): Promise<readonly CredentialRecord[]> {
  const rows = await db
    .selectFrom('credential')
    .selectAll()
    .where('grant_id', '=', grant)
    .orderBy('issued_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    grant: row.grant_id,
    fingerprint: row.fingerprint,
    policyHash: row.policy_hash,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
  }));
}
