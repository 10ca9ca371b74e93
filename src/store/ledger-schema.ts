import type { Generated, GeneratedAlways } from 'kysely';
import type { PersonId } from '../core/ids.ts';
import type { Timestamp } from './columns.ts';

/** Tables of the ledger. `bytea` is read and written as bytes. */
export interface LedgerTables {
  ledger_outbox: {
    id: Generated<number>;
    entry_id: string;
    body: string;
    request_id: string | null;
    grant_id: string | null;
  };
  ledger_entry: {
    seq: number;
    entry_id: string;
    body: string;
    leaf: Uint8Array;
    request_id: string | null;
    grant_id: string | null;
    /** Read out of the body by the database, to search by. */
    kind: GeneratedAlways<string>;
    happened_at: GeneratedAlways<string>;
    actor_id: GeneratedAlways<string | null>;
    person_id: GeneratedAlways<string | null>;
  };
  ledger_tile: { level: number; n: number; hashes: Uint8Array };
  ledger_checkpoint: { size: number; root: Uint8Array; note: string; signed_at: Timestamp };
  ledger_head: { singleton: Generated<boolean>; size: number };
  subject_key: { person_id: PersonId; wrapped: Uint8Array };
  ledger_personal: { entry_id: string; field: string; person_id: PersonId; sealed: Uint8Array };
}
