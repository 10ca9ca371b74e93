import { createAppend } from '../../src/ledger/append.ts';
import type { NewEntry } from '../../src/ledger/entry.ts';
import { createSigner } from '../../src/ledger/note.ts';
import { sequence } from '../../src/ledger/sequencer.ts';
import { verifyLog, type VerifyReport } from '../../src/ledger/verify.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { readCheckpoints, readEntries } from '../../src/store/ledger-entries.ts';
import { sql } from 'kysely';

export const MASTER_KEY = systemRandom.bytes(32);
export const SIGNER = createSigner('curfew.test/log', makeEd25519Pem());
export const append = createAppend(MASTER_KEY, systemRandom);

/** Writes `count` entries in one transaction. */
export async function write(database: Database, count: number, entry: Partial<NewEntry> = {}): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    const at = await appNow(trx);
    for (let n = 0; n < count; n += 1) {
      await append(trx, {
        kind: 'request.lapsed',
        at,
        actor: { kind: 'system', id: 'test' },
        subjects: {},
        facts: {},
        ...entry,
      });
    }
  });
}

export async function sequenceAll(database: Database): Promise<void> {
  while ((await sequence(database.db, SIGNER, await appNow(database.db))) > 0);
}

/** Verifies what is stored as the export gives it. */
export function verifyStored(database: Database, remembered?: { size: number; root: string }): Promise<VerifyReport> {
  return verifyLog(
    {
      async *entries() {
        for (const row of await readEntries(database.db, 0, 10_000)) {
          yield { seq: row.seq, body: row.body, leaf: Buffer.from(row.leaf).toString('hex') };
        }
      },
      async *checkpoints() {
        yield* await readCheckpoints(database.db, 0, 10_000);
      },
    },
    { vkey: SIGNER.vkey, ...(remembered === undefined ? {} : { remembered }) },
  );
}

/** Changes rows as somebody who owns the database could. */
export async function tamper(database: Database, ...statements: readonly string[]): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    for (const statement of statements) await sql.raw(statement).execute(trx);
  });
}
