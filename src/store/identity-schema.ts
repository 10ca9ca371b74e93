import type { JsonColumn, NullableTimestamp, Timestamp } from './columns.ts';

/** Tables of sign-in and of idempotent requests. Secrets are kept as SHA-256 only. */
export interface IdentityTables {
  oidc_payload: {
    model: string;
    id_hash: string;
    payload: JsonColumn;
    grant_id: string | null;
    uid: string | null;
    user_code_hash: string | null;
    consumed_at: NullableTimestamp;
    expires_at: NullableTimestamp;
  };
  idempotency: {
    person_id: string;
    key: string;
    fingerprint: string;
    status: number | null;
    response: JsonColumn | null;
    created_at: Timestamp;
  };
}
