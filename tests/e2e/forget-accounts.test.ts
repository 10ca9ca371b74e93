import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import { openAsItIs } from '../../src/store/database.ts';
import { freePorts } from '../free-ports.ts';
import { createUserAgent } from './api-user-agent.ts';
import { SESSION, startBrowserWorld, walk, type BrowserWorld } from './browser-world.ts';
import { makeHome, type Home, type RunOptions } from './cli-harness.ts';

/** The provider gives everybody another subject; `mallory` is somebody else there. */
const ACCOUNTS = ['ana', 'bo', 'ana-2', 'bo-2', 'mallory'];
let idp: DemoIdp;
let world: BrowserWorld;
let home: Home;
beforeAll(async () => {
  const port = await freePorts(1);
  idp = await startDemoIdp({
    port: 0,
    people: ACCOUNTS.map((key) => ({ key, name: key, title: 'works here', email: `${key}@acme.example` })),
    clientRedirects: [`http://localhost:${port}/sign-in/callback`],
  });
  world = await startBrowserWorld({ port, provider: idp });
  home = makeHome(world.base);
});
afterAll(async () => {
  await world.close();
  await idp.close();
  home.remove();
});

const run = (words: readonly string[], options: RunOptions = {}) => admin(['forget-accounts', ...words], options);
const admin = (words: readonly string[], options: RunOptions = {}) =>
  home.run(['admin', ...words], {
    ...options,
    env: {
      CURFEW_DATA_DIR: world.dataDir,
      CURFEW_RULES_DIR: join(world.dataDir, 'rules'),
      CURFEW_OIDC_ISSUER: idp.issuer,
      CURFEW_OIDC_CLIENT_ID: idp.clientId,
    },
  });
const issuer = () => ['--issuer', idp.issuer];
const give = (key: string, subject: string): void => {
  const file = join(world.dataDir, 'rules', 'directory.yaml');
  const entry = new RegExp(`^( {2}${key}:[^]*?accounts: \\{)(?: oidc: [\\w-]+,)?`, 'm');
  writeFileSync(file, readFileSync(file, 'utf8').replace(entry, `$1 oidc: ${subject},`));
};
async function enter(account: string): Promise<number> {
  const agent = createUserAgent();
  const { status } = await walk(agent, world.base, account, '/');
  return agent.cookie(new URL(world.base).host, SESSION) === null ? status : 200;
}
/** Changes the database while no broker has it, and back. */
async function inDatabase(statement: string): Promise<void> {
  const { db, close } = await openAsItIs({ folder: join(world.dataDir, 'database') });
  await sql.raw(statement).execute(db);
  await close();
}

test('an operator lets the directory introduce everybody anew, and nobody else can', async () => {
  const ana = await world.signIn('ana');
  await world.signIn('bo');
  await world.restart([], async () => {
    give('ana', 'ana-2');
    give('bo', 'bo-2');
  });
  expect([await enter('ana-2'), await enter('bo-2')]).toEqual([403, 403]);

  await world.restart([], async () => {
    const typed = [idp.issuer];
    const nothing = async (words: readonly string[], options: RunOptions, said: string) => {
      const { code, stderr } = await run(words, options);
      expect([code === 0, stderr]).toEqual([false, expect.stringContaining(said)]);
    };
    // Without the issuer, without somebody who reads it, and without a yes that names it.
    await nothing([], { typed }, '--issuer');
    await nothing(issuer(), { piped: `${idp.issuer}\n` }, 'at a terminal');
    await nothing([...issuer(), '--no-input'], { typed }, 'at a terminal');
    await nothing(issuer(), { typed: ['yes'] }, 'Nothing was done');
    await nothing(['--issuer', 'https://nowhere.example'], { typed }, `It did at: ${idp.issuer}`);
    // Of a database that this machine has not seen last, of another epoch, and of another version.
    const witness = join(world.dataDir, 'witness.json');
    renameSync(witness, `${witness}.away`);
    await nothing(issuer(), { typed }, 'has seen this database');
    renameSync(`${witness}.away`, witness);
    const seen = readFileSync(witness, 'utf8');
    const { epoch } = JSON.parse(seen) as { epoch: string };
    writeFileSync(witness, seen.replace(epoch, [...epoch].toReversed().join('')));
    await nothing(issuer(), { typed }, 'in another epoch');
    writeFileSync(witness, seen);
    await inDatabase(`insert into schema_migration values ('9999_later.sql', 'x', app_now())`);
    await nothing(issuer(), { typed }, '9999_later.sql is not of this version');
    await inDatabase(`delete from schema_migration where name = '9999_later.sql'`);
  });
  expect([await enter('ana-2'), (await ana.get('/v1/me')).status]).toEqual([403, 200]);

  await world.restart([], async () => {
    const { code, stderr } = await run(issuer(), { typed: [idp.issuer] });
    expect([code, stderr]).toEqual([0, expect.stringContaining('Done: 2 accounts')]);
    expect(stderr).toContain(`This forgets 2 accounts of 2 people at ${idp.issuer}`);
    expect(stderr.indexOf('This forgets')).toBeLessThan(stderr.indexOf('Type the issuer'));
  });
  expect((await ana.get('/v1/me')).status).toBe(401);
  expect([await enter('ana-2'), await enter('bo-2')]).toEqual([200, 200]);
  const again = await world.signIn('ana-2');
  expect((await again.get('/v1/me')).json).toMatchObject({ person: { key: 'ana' } });
  const { json } = await again.get('/v1/administration');
  expect(json['forgotten']).toMatchObject([{ issuer: idp.issuer, accounts: 2 }]);
  // Once: the next one that the directory gives is a conflict again.
  await world.restart([], async () => give('ana', 'mallory'));
  expect(await enter('mallory')).toBe(403);
}, 120_000);

test('an operator has a code for an admin where all who were one have left, and not before', async () => {
  const typed = ['new admin'];
  await world.restart([], async () => {
    const { code, stderr } = await admin(['new-code'], { typed });
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('Nobody ever was an admin')]);
  });
  await world.restart([], async () =>
    inDatabase(
      "insert into role_assignment (person_id, role, since) select id, 'admin', app_now() from person where directory_key = 'bo'",
    ),
  );
  await world.restart([], async () => {
    const { code, stderr } = await admin(['new-code'], { typed });
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('An admin can act, and appoints others: bo')]);
    const file = join(world.dataDir, 'rules', 'directory.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^( {2}bo:\n)/m, '$1    active: false\n'));
  });
  await world.restart([], async () => {
    for (const [options, said] of [
      [{ piped: 'new admin\n' }, 'at a terminal'],
      [{ typed: ['yes'] }, 'Nothing was done'],
    ] as const) {
      const { code, stderr } = await admin(['new-code'], options);
      expect([code === 0, stderr]).toEqual([false, expect.stringContaining(said)]);
    }
    const { code, stderr } = await admin(['new-code'], { typed });
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/All admins have left the directory: bo\.[^]*([a-z2-7]{4}-){4}[a-z2-7]{4}/),
    ]);
  });
}, 120_000);
