import type { Generated } from 'kysely';
import type { EpochCause } from '../core/epoch.ts';
import type { Timestamp } from './columns.ts';

export interface EpochTables {
  epoch: {
    singleton: Generated<boolean>;
    id: string;
    number: number;
    began_at: Timestamp;
    cause: EpochCause | null;
    cluster: string | null;
    timeline: number | null;
    database_oid: string | null;
    table_oid: string | null;
  };
}
