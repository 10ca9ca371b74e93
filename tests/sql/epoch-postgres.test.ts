import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from 'pg';
import { createEpochWatch, type WitnessStore } from '../../src/operations/watch-epoch.ts';
import { openPostgres, type Database } from '../../src/store/database.ts';
import { readWhereabouts } from '../../src/store/epoch.ts';
import { acmeOperations } from './acme-operations.ts';
import { sequenceAll, write } from './ledger-under-test.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ durable: false });
}, 120_000);
afterAll(() => (server as TestPostgres | undefined)?.stop(), 60_000);

async function sqlAs(url: string, ...texts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

/** Looks with a witness, as a broker does; none: as one on a machine that never ran one. */
async function look(url: string, store: WitnessStore) {
  const database = await openPostgres(url);
  try {
    const watch = createEpochWatch((await acmeOperations(database)).world, store, 'curfew.test/log');
    const { number } = await watch.look();
    return { number, cause: watch.current()?.cause, lives: await readWhereabouts(database.db) };
  } finally {
    await database.close();
  }
}

function witnessStore(): WitnessStore {
  let text: string | null = null;
  return { read: () => text, write: (next) => void (text = next) };
}

async function within(url: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await openPostgres(url);
  await work(database).finally(() => database.close());
}

test('a copy in the same cluster is another database, although its tables have the same numbers', async () => {
  const url = await server.createDatabase();
  const witness = witnessStore();
  const before = await look(url, witness);
  const copy = new URL(url);
  copy.pathname = '/restored';
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  await sqlAs(maintenance.href, `create database restored template ${new URL(url).pathname.slice(1)}`);
  const after = await look(copy.href, witness);
  expect(after).toMatchObject({ number: 2, cause: 'copied' });
  expect({ ...after.lives, database: '' }).toEqual({ ...before.lives, database: '' });
  expect(after.lives.database).not.toBe(before.lives.database);
  expect(await look(url, witnessStore())).toMatchObject({ number: 1 });
});

test('a table that was made anew has another number, in the same database', async () => {
  const url = await server.createDatabase();
  await look(url, witnessStore());
  // As "pg_restore --clean" does with every table.
  await sqlAs(
    url,
    'create table copied (like "grant" including all)',
    'drop table "grant" cascade',
    'alter table copied rename to "grant"',
  );
  expect(await look(url, witnessStore())).toMatchObject({ number: 2, cause: 'copied' });
});

test('vacuum full, which writes a table anew, is no restore', async () => {
  const url = await server.createDatabase();
  await look(url, witnessStore());
  await sqlAs(url, 'vacuum full');
  expect(await look(url, witnessStore())).toMatchObject({ number: 1 });
});

test('an ordinary role may ask where it lives; one that may not ask watches the rest', async () => {
  const url = new URL(await server.createDatabase());
  const name = url.pathname.slice(1);
  await sqlAs(
    url.href,
    "create role plain login password 'plain'",
    `alter database ${name} owner to plain`,
    'grant all on schema public to plain',
  );
  const plain = new URL(url);
  [plain.username, plain.password] = ['plain', 'plain'];
  const witness = witnessStore();
  expect((await look(plain.href, witness)).lives).toMatchObject({
    cluster: expect.stringMatching(/^\d{15,}$/),
    timeline: 1,
  });
  await sqlAs(url.href, 'revoke execute on function pg_control_system() from public');
  expect(await look(plain.href, witness)).toMatchObject({ number: 1, lives: { cluster: null, timeline: null } });
});

test('a new timeline is a replica that took over to whoever has seen all of the log, and else a restore', async () => {
  const url = await server.createDatabase();
  const witness = witnessStore();
  await within(url, async (database) => {
    await write(database, 3);
    await sequenceAll(database);
  });
  await look(url, witness);
  await server.recover();
  const after = await look(url, witness);
  expect(after.lives.timeline).toBe(2);
  expect(after.number).toBe(1);
  await server.recover();
  expect(await look(url, witnessStore())).toMatchObject({
    number: 2,
    cause: 'another-timeline',
    lives: { timeline: 3 },
  });
}, 120_000);
