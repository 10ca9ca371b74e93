import { randomBytes } from 'node:crypto';
import type { EventKind } from '../src/ledger/entry.ts';
import { createAppend } from '../src/ledger/append.ts';
import { leafHash, rangeHash } from '../src/ledger/merkle.ts';
import { createSigner, signCheckpoint } from '../src/ledger/note.ts';
import { proveEntry } from '../src/ledger/prove.ts';
import { appendToTiles, overTiles } from '../src/ledger/tiles.ts';
import { systemClock } from '../src/platform/clock.ts';
import { makeEd25519Pem } from '../src/platform/key-files.ts';
import { systemRandom } from '../src/platform/random.ts';
import { appNow, openPostgres, type Database } from '../src/store/database.ts';
import { insertCheckpoint, insertEntries, lockHead, setHead } from '../src/store/ledger-entries.ts';
import { outboxSize } from '../src/store/ledger-outbox.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { keepSequencing } from './engine-over.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

/** Entries of one transaction, and transactions under way at once. */
const TOGETHER = 20;
const AT_ONCE = 8;
/** Leaves that are put into the tree at once while the log of the proofs is made: whole tiles. */
const STEP = 256 * 256;
const WARM_UP = 100;
const ENTRY = {
  kind: 'finding.raised' satisfies EventKind,
  actor: { kind: 'system', id: 'bench' },
  subjects: {},
  facts: {
    finding: 'of the bench',
    attempts: 1,
    rung: 0,
    message: 'an entry of the usual length, which says what was seen',
  },
} as const;

/** Durable entries a second, grouped as an engine groups them, and proofs that an entry stands in a long log. */
export const bench: Bench = {
  name: 'ledger',
  title: 'The log: durable entries, and inclusion proofs',
  async run({ quick }) {
    const server = await startPostgres();
    try {
      const rows: BenchRow[] = [];
      for (const measure of [entries, proofs]) {
        const database = await openPostgres(await server.createDatabase());
        try {
          rows.push(await measure(database, quick));
        } finally {
          await database.close();
        }
      }
      return { rows };
    } finally {
      await server.stop();
    }
  },
};

/** Until the last of them has its place under a signed checkpoint. */
async function entries({ db }: Database, quick: boolean): Promise<BenchRow> {
  const append = createAppend(systemRandom.bytes(32), systemRandom);
  const wanted = quick ? 4_000 : 200_000;
  const stop = new AbortController();
  const sequencing = keepSequencing(db, stop.signal);
  let begun = 0;
  const writer = async (): Promise<void> => {
    while (begun < wanted) {
      begun += TOGETHER;
      await db.transaction().execute(async (trx) => {
        const at = await appNow(trx);
        await append(trx, ...Array.from({ length: TOGETHER }, () => ({ ...ENTRY, at })));
      });
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
  while ((await outboxSize(db)) > 0) await systemClock.sleep(10);
  const perSecond = (1_000 * begun) / (performance.now() - startedAt);
  stop.abort();
  await sequencing;
  return {
    name: `entries, ${TOGETHER} a transaction, ${AT_ONCE} transactions at once`,
    unit: 'per second',
    budget: '>= 10,000',
    ...distribution([perSecond]),
    note: `${begun.toLocaleString('en')} entries, until the last was under a signed checkpoint`,
  };
}

/** Entries of a log whose tree is whole; of the entries themselves only those that are asked for are stored. */
async function proofs(database: Database, quick: boolean): Promise<BenchRow> {
  const { db } = database;
  const size = quick ? 200_000 : 10_000_000;
  const asked = quick ? 200 : 2_000;
  const places = new Map(
    Array.from({ length: asked + WARM_UP }, (_, n) => [Math.floor(Math.random() * size), `{"entry":${n}}`]),
  );
  const signer = createSigner('bench/log', makeEd25519Pem());
  for (let from = 0; from < size; from += STEP) {
    const count = Math.min(STEP, size - from);
    const noise = randomBytes(count * 32);
    const leaves = Array.from({ length: count }, (_, n) => {
      const body = places.get(from + n);
      return body === undefined ? noise.subarray(n * 32, n * 32 + 32) : leafHash(body);
    });
    await db.transaction().execute((trx) => appendToTiles(trx, from, leaves));
  }
  await db.transaction().execute(async (trx) => {
    await lockHead(trx);
    await setHead(trx, size);
    const rows = [...places].map(([seq, body]) => ({
      seq,
      entryId: seq.toString(16).padStart(32, '0'),
      body,
      leaf: leafHash(body),
      request: null,
      grant: null,
    }));
    await insertEntries(trx, rows);
    const root = await overTiles(trx, (read) => rangeHash(read, 0, size));
    await insertCheckpoint(trx, { size, root, note: signCheckpoint(signer, size, root) }, await appNow(trx));
  });
  const samples: number[] = [];
  for (const seq of places.keys()) {
    const startedAt = performance.now();
    if ((await proveEntry(db, seq)) === null) throw new Error(`there is no proof of entry ${seq}`);
    samples.push(performance.now() - startedAt);
  }
  return {
    name: `inclusion proof, ${size.toLocaleString('en')} entries`,
    unit: 'ms',
    budget: 'p99 <= 5 ms',
    ...distribution(samples.slice(WARM_UP)),
  };
}
