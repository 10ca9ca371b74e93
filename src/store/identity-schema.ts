import type { PersonId, SessionId } from '../core/ids.ts';
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
    person_id: PersonId | null;
    sign_in_id: SessionId | null;
    created_at: NullableTimestamp;
    company_subject: string | null;
    company_session: string | null;
  };
  company_logout: { hash: string; expires_at: Timestamp; ended: string | null; heard_at: NullableTimestamp };
  browser_session: {
    id: SessionId;
    person_id: PersonId;
    created_at: Timestamp;
    used_at: Timestamp;
    rotated_at: Timestamp;
    ends_at: Timestamp;
    authenticated_at: NullableTimestamp;
    mfa_at: NullableTimestamp;
    csrf: string;
    agent: string;
    company_subject: string;
    company_session: string | null;
  };
  session_token: {
    hash: string;
    session_id: SessionId;
    used_at: NullableTimestamp;
    replaced_at: NullableTimestamp;
  };
  favourite: { person_id: PersonId; ordinal: number; role: string; target: string };
  idempotency: {
    person_id: string;
    key: string;
    fingerprint: string;
    status: number | null;
    response: JsonColumn | null;
    created_at: Timestamp;
  };
}
