import { sql, type Selectable } from 'kysely';
import type { CredentialId, GrantId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { GrantRecord } from './grants.ts';
import type { Db, Schema, Trx } from './schema.ts';

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
  return rows.map(toCredential);
}

/**
 * What was handed out, by the same method, under grants of the same native role on the same target that ended before their time within the
 * last `withinMs`, and is not over yet: the cloud would still take it, if nothing denied it there. No more than a thousand, those that are
 * good for longest.
 */
export async function issuedOnRole(
  db: Db,
  { id, definition, provider, method }: Pick<GrantRecord, 'id' | 'definition' | 'provider' | 'method'>,
  withinMs: number,
): Promise<readonly CredentialRecord[]> {
  const native = sql<string | null>`definition -> 'role' -> ${provider}::text ->> 'role'`;
  const rows = await db
    .selectFrom('grant')
    .innerJoin('credential', 'credential.grant_id', 'grant.id')
    .selectAll('credential')
    .where('target', '=', definition.target.key)
    .where('method', '=', method)
    .where(sql<boolean>`${native} is not distinct from (select ${native} from "grant" where id = ${id})`)
    .where(sql<boolean>`end_cause <> 'expired'`)
    .where(sql<boolean>`ended_at > (select app_now()) - ${withinMs} * interval '1 millisecond'`)
    .where(sql<boolean>`expires_at > (select app_now())`)
    .orderBy('credential.expires_at', 'desc')
    .orderBy('credential.id')
    .limit(1_000)
    .execute();
  return rows.map(toCredential);
}

function toCredential(row: Selectable<Schema['credential']>): CredentialRecord {
  return {
    id: row.id,
    grant: row.grant_id,
    fingerprint: row.fingerprint,
    policyHash: row.policy_hash,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
  };
}
