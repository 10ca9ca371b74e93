import type { PasskeyId, PersonId, RecoveryId } from '../core/ids.ts';
import type { JsonColumn, NullableTimestamp, Timestamp } from './columns.ts';

/** What an authenticator answered, as it is kept: see `src/ledger/assertion.ts`. */
export interface StoredAssertion {
  readonly credential: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

export const CHALLENGE_PURPOSES = ['register', 'step-up', 'approve', 'recover', 'administer'] as const;
export type ChallengePurpose = (typeof CHALLENGE_PURPOSES)[number];

/** Tables of passkeys. */
export interface PasskeyTables {
  passkey: {
    id: PasskeyId;
    person_id: PersonId;
    credential_id: string;
    credential_hash: string;
    public_key: string;
    counter: number;
    name: string;
    transports: JsonColumn<readonly string[]>;
    synced: boolean;
    created_at: Timestamp;
    last_used_at: NullableTimestamp;
    removed_at: NullableTimestamp;
  };
  passkey_challenge: {
    challenge_hash: string;
    purpose: ChallengePurpose;
    person_id: PersonId;
    sign_in: string | null;
    document: string | null;
    comment_salt: Uint8Array | null;
    expires_at: Timestamp;
  };
  passkey_recovery: {
    id: RecoveryId;
    person_id: PersonId;
    asked_at: Timestamp;
    lapses_at: Timestamp;
    open_until: NullableTimestamp;
    closed_at: NullableTimestamp;
  };
  passkey_recovery_confirmation: {
    recovery_id: RecoveryId;
    person_id: PersonId;
    document: string;
    challenge: string;
    assertion: JsonColumn<StoredAssertion>;
    confirmed_at: Timestamp;
  };
}
