import type { Generated } from 'kysely';
import type { CurfewRole, MergeGrants, ProposalOutcome, ProposedAction } from '../core/administration.ts';
import type { AccountId, PersonId, ProposalId } from '../core/ids.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

/** Tables of the roles of Curfew itself, and of what admins propose. */
export interface AdministrationTables {
  role_assignment: {
    person_id: PersonId;
    role: CurfewRole;
    since: Timestamp;
    until: NullableTimestamp;
    appointed_by: PersonId | null;
    confirmed_by: PersonId | null;
  };
  proposal: {
    id: ProposalId;
    action: ProposedAction;
    person_id: PersonId;
    role: CurfewRole | null;
    other_id: PersonId | null;
    grants: MergeGrants | null;
    account_id: AccountId | null;
    reason: string;
    proposed_by: PersonId;
    proposed_at: Timestamp;
    lapses_at: Timestamp;
    outcome: ProposalOutcome | null;
    decided_by: PersonId | null;
    decided_at: NullableTimestamp;
  };
  admin_code: { singleton: Generated<boolean>; hash: Uint8Array; expires_at: Timestamp; tries_left: number };
}
