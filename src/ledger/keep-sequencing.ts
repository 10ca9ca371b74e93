import type { Log } from '../platform/log.ts';
import { appNow } from '../store/database.ts';
import type { Db } from '../store/schema.ts';
import { LogInconsistent } from './log-inconsistent.ts';
import type { LogSigner } from './note.ts';
import { sequence } from './sequencer.ts';

/** Whether the log was found to contradict what was signed; nothing is signed then until a person has looked. */
export interface LedgerHealth {
  contradicts: string | null;
}

/** Gives everything that waits its place in the log, and notes when that cannot be done. */
export async function sequenceAll(db: Db, signer: LogSigner, health: LedgerHealth, log: Log): Promise<void> {
  try {
    while ((await sequence(db, signer, await appNow(db))) > 0);
    health.contradicts = null;
  } catch (error) {
    if (!(error instanceof LogInconsistent)) throw error;
    // Said once and not four times a second; readiness says it for as long as it is true.
    if (health.contradicts === null) log.error({ error: error.message }, 'the ledger is not signed any more');
    health.contradicts = error.message;
  }
}
