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
  ...{ id: ID, action: 'appoint', role: 'auditor', person: EVE, proposedBy: BO, reason: 'Who \u001b[2Jlooks' },
  ...{
    proposedAt: '2026-11-22T10:00:00.000Z',
    lapsesAt: '2026-11-23T10:00:00.000Z',
    mayConfirm: true,
    mayRefuse: true,
    changesVersion: 'v1',
  },
};
const HOLDER = { person: BO, role: 'admin', since: '2026-11-22T10:00:00.000Z', active: true };
const ADMINISTRATION = {
  holders: [{ ...HOLDER, appointedBy: null, confirmedBy: null }],
  proposals: [PROPOSAL],
};
const WHY = ['--reason', 'They are one'];
const answers = (match: string, body: object, status = 200) =>
  (server.state.override = { match, status, body, once: false });
const sent = () => server.state.calls.at(-1);

test('lists who holds what and what waits, with names that cannot draw on the terminal', async () => {
  answers('GET /v1/administration', ADMINISTRATION);
  const shown = await home.run(['admin', 'list']);
  expect(shown.stdout).toMatch(/Bo Lind \(bo\) +admin .*the code of the console/);
  expect(shown.stdout).toMatch(new RegExp(`${ID} +appoint Eve .*\\(eve\\) as auditor\n +Bo Lind \\(bo\\): Who`));
  expect(shown.stdout).not.toMatch(/\u001b\[(31m|2J)/);
  expect(shown.stderr).toContain(`admin confirm ${ID}`);
  const plain = await home.run(['admin', 'list', '--plain']);
  expect(plain.stdout.split('\n').slice(0, 2)).toEqual([
    'what\tperson\trole\tsince\tby\tid\twith\treason',
    'holds\tbo\tadmin\t2026-11-22T10:00:00.000Z\t\t\t\t',
  ]);
  expect(JSON.parse((await home.run(['admin', 'list', '--json'])).stdout)).toMatchObject({ proposals: [{ id: ID }] });
  answers('GET /v1/administration', { holders: [], proposals: [] });
  expect((await home.run(['admin', 'list'])).stderr).toContain('on the console of the broker');
});

test('proposes, and says what the second person types', async () => {
  answers('POST /v1/administration/proposals', PROPOSAL, 201);
  const made = await home.run(['admin', 'appoint', 'eve', '--as', 'auditor', ...WHY]);
  expect([made.code, made.stdout]).toEqual([0, `${ID}\n`]);
  expect(made.stderr).toContain(`curfew admin confirm ${ID}`);
  expect((await home.run(['admin', 'dismiss', 'eve', '--as', 'auditor', ...WHY])).code).toBe(0);
  expect(sent()).toBe('POST /v1/administration/proposals');
});

test('confirms and refuses', async () => {
  answers(`POST /v1/administration/proposals/${ID}`, PROPOSAL);
  expect((await home.run(['admin', 'confirm', ID])).stderr).toContain('Done: appoint Eve  [31mRed (eve) as auditor.');
  expect(sent()).toBe(`POST /v1/administration/proposals/${ID}/confirm`);
  for (const word of ['refuse', 'withdraw']) {
    expect((await home.run(['admin', word, ID])).stderr).toContain('Nothing changes: appoint Eve');
    expect(sent()).toBe(`POST /v1/administration/proposals/${ID}/refuse`);
  }
});

const MERGE = {
  ...{ ...PROPOSAL, action: 'merge', role: undefined, other: BO, grants: 'end' },
  losesRequests: [{ id: 'req_1', person: EVE, items: [{ role: 'reader', target: 'aws/prod' }] }],
  losesGrants: [{ id: 'grt_1', person: EVE, role: 'reader', target: 'aws/prod', endsAt: null }],
  widensOrders: [{ id: 'rev_1', person: EVE, to: BO, ends: 2 }],
};
const RELEASE = {
  ...{ ...PROPOSAL, action: 'release', role: undefined },
  account: {
    ...{ id: `lnk_${'k'.repeat(20)}`, issuer: 'https://i.example', subject: 's-1' },
    ...{ provenFor: [EVE], signsIn: true, claimedBy: BO },
  },
};

test('at a terminal it is shown before it is confirmed, and the yes is to what was shown', async () => {
  const path = `POST /v1/administration/proposals/${ID}/confirm`;
  const listing = (proposals: readonly object[]) => answers('GET /v1/administration', { holders: [], proposals });
  listing([MERGE]);
  const no = await home.run(['admin', 'confirm', ID], { typed: ['no'] });
  expect(no.code).not.toBe(0);
  expect(no.stderr).toContain('grt_1 of Eve  [31mRed (eve) ends: reader on aws/prod');
  expect(no.stderr).toContain(`admin refuse ${ID}`);
  expect(sent()).toBe('GET /v1/administration');
  // What is over stands in no list; a yes to nothing confirms nothing, and the server says what came of it.
  listing([]);
  await home.run(['admin', 'confirm', ID], { typed: ['yes'] });
  expect([sent(), server.state.bodies.at(-1)]).toEqual([path, '{"seen":"nothing"}']);

  answers(path, MERGE);
  for (const [words, body] of [
    [['--yes'], '{}'],
    [['--seen', 'v7'], '{"seen":"v7"}'],
  ] as const) {
    expect((await home.run(['admin', 'confirm', ID, ...words], { typed: [] })).code).toBe(0);
    expect([sent(), server.state.bodies.at(-1)]).toEqual([path, body]);
  }
});

test('proposes a merge and a release, and says what they would take away before anybody confirms', async () => {
  answers('POST /v1/administration/proposals', MERGE, 201);
  const merged = await home.run(['admin', 'merge', 'eve', 'bo', ...WHY, '--end-grants']);
  expect([merged.code, merged.stdout]).toEqual([0, `${ID}\n`]);
  expect(JSON.parse(server.state.bodies.at(-1) ?? '')).toEqual({
    ...{ action: 'merge', person: 'eve', other: 'bo', grants: 'end', reason: 'They are one' },
  });
  expect(merged.stderr).toContain('req_1 of Eve  [31mRed (eve) loses an approval: reader on aws/prod');
  expect(merged.stderr).toContain('grt_1 of Eve  [31mRed (eve) ends: reader on aws/prod');
  expect(merged.stderr).toContain('(eve), stops that of Bo Lind (bo) too: 2 live now, which it ends');
  expect(merged.stderr).not.toContain('whom it is about');
  await home.run(['admin', 'merge', 'eve', 'bo', ...WHY]);
  expect(server.state.bodies.at(-1)).toContain('"grants":"keep"');
  answers('POST /v1/administration/proposals', RELEASE, 201);
  const released = await home.run(['admin', 'release', RELEASE.account.id, ...WHY]);
  expect(released.stderr).toContain('it does not sign Eve  [31mRed (eve) in any more');
  expect(released.stderr).toContain('Bo Lind (bo) claims it');
  answers('GET /v1/administration', { holders: [], proposals: [MERGE, RELEASE] });
  const listed = await home.run(['admin', 'list']);
  expect(listed.stdout).toContain(`${ID}  count Bo Lind (bo) as Eve  [31mRed (eve)`);
  expect(listed.stdout).toContain('let the account s-1 at https://i.example pass on');
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
    ['appoint', 'eve', ...WHY],
    ['appoint', 'eve', '--as', 'king', ...WHY],
    ['appoint', 'eve', '--as', 'admin'],
    ['merge', 'eve', 'bo'],
    ['merge', 'eve', ...WHY],
    ['release', 'prp_x', ...WHY],
    ['confirm', 'rev_x'],
    ['refuse', '../me'],
  ])
    expect([words, (await home.run(['admin', ...words])).code]).toEqual([words, 2]);
  expect(server.state.calls).toHaveLength(before);
});
