import type { Generated } from 'kysely';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { MessageKind, NotificationKind, NotificationOutcome } from '../core/notification.ts';
import type { NullableTimestamp, Timestamp } from './columns.ts';

/** Tables of what people are told by e-mail, and what they do not want to be told. */
export interface NotificationTables {
  notification_cursor: { singleton: Generated<boolean>; next_seq: number };
  notification: {
    id: Generated<number>;
    kind: MessageKind;
    occasion: string;
    person_id: PersonId;
    /** `null`: it is about the entry of the log that stands in the occasion. */
    request_id: RequestId | null;
    grant_id: GrantId | null;
    happened_at: Timestamp;
    first_due_at: Timestamp;
    due_at: NullableTimestamp;
    attempts: Generated<number>;
    last_fault: string | null;
    outcome: NotificationOutcome | null;
    settled_at: NullableTimestamp;
  };
  notification_off: { person_id: PersonId; kind: NotificationKind };
  notification_mute: { person_id: PersonId; request_id: RequestId };
}
