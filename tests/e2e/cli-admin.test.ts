import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;
beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
});
afterEach(async () => {
  await server.close();
  home.remove();
});

const ID = `prp_${'a'.repeat(20)}`;
const [BO, EVE] = [
  { key: 'bo', name: 'Bo Lind' },
  { key: 'eve', name: 'Eve \u001b[31mRed' },
];
const PROPOSAL = {
  ...{ id: ID, action: 'appoint', role: 'auditor', person: EVE, proposedBy: BO },
  ...{
    proposedAt: '2026-11-22T10:00:00.000Z',
    lapsesAt: '2026-11-23T10:00:00.000Z',
    mayConfirm: true,
    mayRefuse: true,
  },
};
const HOLDER = { person: BO, role: 'admin', since: '2026-11-22T10:00:00.000Z', active: true };
const ADMINISTRATION = {
  holders: [{ ...HOLDER, appointedBy: null, confirmedBy: null }],
  proposals: [PROPOSAL],
};
const answers = (match: string, body: object, status = 200) =>
  (server.state.override = { match, status, body, once: false });
const sent = () => server.state.calls.at(-1);

test('lists who holds what and what waits, with names that cannot draw on the terminal', async () => {
  answers('GET /v1/administration', ADMINISTRATION);
  const shown = await home.run(['admin', 'list']);
  expect(shown.stdout).toMatch(/Bo Lind \(bo\) +admin .*the code of the console/);
  expect(shown.stdout).toMatch(new RegExp(`${ID} +appoint +Eve .*auditor +Bo Lind`));
  expect(shown.stdout).not.toContain('\u001b[31m');
  expect(shown.stderr).toContain(`admin confirm ${ID}`);
  const plain = await home.run(['admin', 'list', '--plain']);
  expect(plain.stdout.split('\n').slice(0, 2)).toEqual([
    'what\tperson\trole\tsince\tby\tid',
    'holds\tbo\tadmin\t2026-11-22T10:00:00.000Z\t\t',
  ]);
  expect(JSON.parse((await home.run(['admin', 'list', '--json'])).stdout)).toMatchObject({ proposals: [{ id: ID }] });
  answers('GET /v1/administration', { holders: [], proposals: [] });
  expect((await home.run(['admin', 'list'])).stderr).toContain('on the console of the broker');
});

test('proposes, and says what the second person types', async () => {
  answers('POST /v1/administration/proposals', PROPOSAL, 201);
  const made = await home.run(['admin', 'appoint', 'eve', '--as', 'auditor']);
  expect([made.code, made.stdout]).toEqual([0, `${ID}\n`]);
  expect(made.stderr).toContain(`curfew admin confirm ${ID}`);
  expect((await home.run(['admin', 'dismiss', 'eve', '--as', 'auditor'])).code).toBe(0);
  expect(sent()).toBe('POST /v1/administration/proposals');
});

test('confirms and refuses', async () => {
  answers(`POST /v1/administration/proposals/${ID}`, PROPOSAL);
  expect((await home.run(['admin', 'confirm', ID])).stderr).toContain('Eve  [31mRed is auditor now.');
  expect(sent()).toBe(`POST /v1/administration/proposals/${ID}/confirm`);
  expect((await home.run(['admin', 'refuse', ID])).code).toBe(0);
  expect(sent()).toBe(`POST /v1/administration/proposals/${ID}/refuse`);
});

test('reads the code from the terminal or from standard input, and takes none as an argument', async () => {
  answers('POST /v1/administration/claim', ADMINISTRATION);
  const asked = await home.run(['admin', 'claim'], { typed: ['abcd-efgh'] });
  expect([asked.code, asked.stderr.includes('code on the broker')]).toEqual([0, true]);
  expect(server.state.bodies.at(-1)).toBe('{"code":"abcd-efgh"}');
  expect((await home.run(['admin', 'claim'], { piped: 'ijkl-mnop\n' })).code).toBe(0);
  expect(server.state.bodies.at(-1)).toBe('{"code":"ijkl-mnop"}');
  const before = server.state.calls.length;
  expect((await home.run(['admin', 'claim', 'abcd-efgh'])).code).toBe(2);
  expect((await home.run(['admin', 'claim'], { piped: '\n' })).code).toBe(2);
  expect(server.state.calls).toHaveLength(before);
});

test('what is wrong in the command line is sent nowhere', async () => {
  const before = server.state.calls.length;
  for (const words of [
    ['appoint', 'eve'],
    ['appoint', 'eve', '--as', 'king'],
    ['confirm', 'rev_x'],
    ['refuse', '../me'],
  ])
    expect([words, (await home.run(['admin', ...words])).code]).toEqual([words, 2]);
  expect(server.state.calls).toHaveLength(before);
});
