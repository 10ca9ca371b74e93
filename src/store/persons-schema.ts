import type { AccountId, PersonId } from '../core/ids.ts';
import type { Generated } from 'kysely';
import type { NullableTimestamp, Timestamp } from './columns.ts';

/** How it was proven that an account is a person's: an administrator wrote it into the directory, or the person signed in there. */
export type AccountProof = 'directory' | 'sign-in';

/** Tables of persons, their accounts, and the directory. */
export interface PersonsTables {
  linked_account: {
    id: AccountId;
    person_id: PersonId;
    issuer: string;
    subject: string;
    proof: AccountProof;
    signs_in: Generated<boolean>;
    linked_at: Timestamp;
    conflict_at: NullableTimestamp;
    conflict_with: PersonId | null;
    /** `null`: nobody claims it, or somebody did before that was kept. */
    conflict_proof: AccountProof | null;
    ended_at: NullableTimestamp;
    ended_by: 'person' | 'administrator' | 'operator' | null;
    /** When an operator had it forgotten, whoever released it later. */
    forgotten_at: NullableTimestamp;
    /** When its person proved it again after others of theirs there were forgotten; `null`: none were, or they did not since. */
    shown_again_at: NullableTimestamp;
  };
  person_alias: {
    person_id: PersonId;
    same_as: PersonId;
    merged_at: Timestamp;
    merged_by: PersonId;
    /** `null`: merged before it took two. */
    confirmed_by: PersonId | null;
  };
  directory_snapshot: {
    source: string;
    version: string;
    taken_at: Timestamp;
    accepted_at: Timestamp;
    sealed: string;
  };
}
