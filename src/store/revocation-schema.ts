import type { Generated } from 'kysely';
import type { GrantId, PersonId, RevocationId } from '../core/ids.ts';
import type { RevocationReach, RevocationScope } from '../core/revocation.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

/** Tables of the kill switch. */
export interface RevocationTables {
  revocation: {
    id: RevocationId;
    scope: RevocationScope['kind'];
    person_id: PersonId | null;
    target: string | null;
    reason: string;
    ordered_by: PersonId;
    ordered_at: Timestamp;
    reach: RevocationReach;
    asks_until: NullableTimestamp;
    confirmed_by: PersonId | null;
    confirmed_at: NullableTimestamp;
    holds: boolean;
    started_at: NullableTimestamp;
    swept_at: NullableTimestamp;
    finished_at: NullableTimestamp;
    withdrawn: Generated<number>;
    lifted_by: PersonId | null;
    lifted_at: NullableTimestamp;
  };
  revocation_grant: { revocation_id: RevocationId; grant_id: GrantId };
}
