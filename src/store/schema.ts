import type { ColumnType, Generated, Kysely, Transaction } from 'kysely';
import type { JsonObject } from '../core/json.ts';
import type { ApprovalId, CredentialId, GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { GrantState, EndCause } from '../core/grant.ts';
import type { GivenFor } from '../core/meaning.ts';
import type { Proof } from '../core/proof.ts';
import type { Residual } from '../core/residual.ts';
import type { LapseCause, RequestState } from '../core/request.ts';
import type { SlotKey } from '../core/slot.ts';
import type { ProviderName } from '../core/target.ts';
import type { JsonColumn, NullableJson, NullableTimestamp, Timestamp } from './columns.ts';
import type { AdministrationTables } from './administration-schema.ts';
import type { EpochTables } from './epoch-schema.ts';
import type { IdentityTables } from './identity-schema.ts';
import type { LedgerTables } from './ledger-schema.ts';
import type { PasskeyTables, StoredAssertion } from './passkey-schema.ts';
import type { NotificationTables } from './notification-schema.ts';
import type { PersonsTables } from './persons-schema.ts';
import type { RevocationTables } from './revocation-schema.ts';

interface SpineTables {
  installation: { singleton: Generated<boolean>; demo: boolean; created_at: Timestamp };
  person: { id: PersonId; directory_key: string; first_seen_at: Timestamp; left_at: NullableTimestamp };
  policy_version: {
    version: string;
    loaded_at: Timestamp;
    sources: JsonColumn<readonly { path: string; text: string }[]>;
  };
  request: {
    id: RequestId;
    person_id: PersonId;
    state: Generated<RequestState['kind']>;
    prior_state: Generated<string>;
    reason: string;
    ticket: string | null;
    duration_ms: number;
    starts_at: NullableTimestamp;
    question: JsonColumn;
    decision: JsonColumn;
    policy_version: string;
    created_at: Timestamp;
    lapses_at: Timestamp;
    decided_at: NullableTimestamp;
    denied_by: 'approver' | 'policy' | null;
    lapse_cause: LapseCause | null;
    due_at: NullableTimestamp;
    extends_grant: GrantId | null;
    extends_until: NullableTimestamp;
    extension_outcome: 'extended' | 'refused' | null;
  };
  request_item: { request_id: RequestId; ordinal: number; role: string; target: string };
  request_transition: { from_state: string; to_state: string };
  approval: {
    id: ApprovalId;
    request_id: RequestId;
    person_id: PersonId;
    verdict: 'approve' | 'deny';
    comment: string | null;
    decided_at: Timestamp;
    duration_ms: number | null;
    document: string | null;
    challenge: string | null;
    assertion: NullableJson<StoredAssertion>;
    set_aside: Generated<boolean>;
    given_for: NullableJson<readonly GivenFor[]>;
  };
  binding: {
    slot: SlotKey;
    provider: ProviderName;
    method: string;
    native: ColumnType<JsonObject, string | undefined, string>;
    last_call_at: NullableTimestamp;
    absent_since: NullableTimestamp;
    rung: Generated<number>;
    standing: Generated<boolean>;
    written_until: NullableTimestamp;
    unsettled_until: NullableTimestamp;
    outside_turn_until: NullableTimestamp;
  };
  grant_transition: { from_state: string; to_state: string };
  grant: {
    id: GrantId;
    request_id: RequestId;
    ordinal: number;
    person_id: PersonId;
    slot: SlotKey;
    role: string;
    target: string;
    provider: ProviderName;
    method: string;
    principal: string;
    duration_ms: number;
    definition: JsonColumn;
    state: Generated<GrantState['kind']>;
    prior_state: Generated<string>;
    starts_at: Timestamp;
    activated_at: NullableTimestamp;
    ends_at: NullableTimestamp;
    bound_until: NullableTimestamp;
    extension_request: RequestId | null;
    extension_until: NullableTimestamp;
    extended: Generated<number>;
    retry_of: GrantId | null;
    tries_again: Generated<boolean>;
    residual: NullableJson<Residual>;
    usable_at: NullableTimestamp;
    reissue_after: NullableTimestamp;
    ending_since: NullableTimestamp;
    end_cause: EndCause | null;
    ended_at: NullableTimestamp;
    proof: NullableJson<Proof>;
    due_at: NullableTimestamp;
    lease_owner: string | null;
    lease_until: NullableTimestamp;
    attempts: Generated<number>;
    last_fault: string | null;
    cell_at: NullableTimestamp;
    look_first: Generated<boolean>;
    edit_told: Generated<boolean>;
  };
  credential: {
    id: CredentialId;
    grant_id: GrantId;
    fingerprint: string;
    policy_hash: string | null;
    issued_at: Timestamp;
    expires_at: Timestamp;
  };
  cloud_lock: { key: string; owner: string; until: Timestamp };
  quota: { key: string; next_at: Timestamp };
  upkeep: { task: string; done_until: Timestamp };
}

/** Every table. Other rooms declare theirs beside their queries and they are joined here. */
export type Schema = SpineTables &
  LedgerTables &
  IdentityTables &
  NotificationTables &
  RevocationTables &
  AdministrationTables &
  PasskeyTables &
  EpochTables &
  PersonsTables;

/** A connection outside a transaction. Never use it while a transaction is open: on PGlite that waits for ever. */
export type Db = Kysely<Schema>;
/** An open transaction; what every function that writes takes. */
export type Trx = Transaction<Schema>;
