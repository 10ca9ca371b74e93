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

const BO = { key: 'bo', name: 'Bo Lindqvist' };

function order(n: number, over: object = {}) {
  return {
    id: `rev_${'abcdefgh'[n] ?? 'z'}${'a'.repeat(19)}`,
    status: 'done',
    scope: { kind: 'person', person: { key: 'cem', name: 'Cem Aydin' }, target: null },
    reason: 'The laptop was stolen on the train, and nobody knows who has it now or whether it was locked when it went',
    reach: 'all',
    orderedBy: BO,
    orderedAt: new Date(Date.now() - n * 3_600_000).toISOString(),
    asksUntil: null,
    mayConfirm: false,
    stopsNew: true,
    confirmedAt: null,
    startedAt: null,
    finishedAt: null,
    toZeroMs: 6_230,
    counts: { live: 0, ending: 0, gone: 2 },
    survives: { sessions: 0, until: null, standing: 0 },
    requestsWithdrawn: 0,
    left: [],
    serverTime: new Date().toISOString(),
    ...over,
  };
}

test('the list of orders has all of them, however many pages the server makes of it', async () => {
  server.state.orders = Array.from({ length: 7 }, (_, n) => order(n));
  const ids = server.state.orders.map((one) => (one as { id: string }).id);
  const plain = await home.run(['orders', '--plain']);
  expect(plain.stdout.trim().split('\n').slice(1)).toEqual(ids.map((id) => expect.stringContaining(id) as string));
  const json = JSON.parse((await home.run(['orders', '--all', '--json'])).stdout) as { items: { id: string }[] };
  expect(json.items.map(({ id }) => id)).toEqual(ids);
  const shown = await home.run(['orders']);
  expect(shown.stdout.match(/rev_\w+/g)).toEqual(ids);
  expect(server.state.calls.filter((call) => call.startsWith('GET /v1/revocations'))).toHaveLength(9);
});

test('a terminal gets one line for each order', async () => {
  const asking = { status: 'waiting', scope: { kind: 'all', person: null, target: null }, reach: 'own' };
  server.state.orders = [
    order(0, { ...asking, mayConfirm: true, stopsNew: false, toZeroMs: null, counts: { live: 4, ending: 1, gone: 0 } }),
    order(1, { status: 'ending', toZeroMs: null, counts: { live: 0, ending: 3, gone: 9 } }),
    order(30),
  ];
  const { stdout, stderr } = await home.run(['orders'], { tty: true, env: { NO_COLOR: '1' } });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  // As wide as the terminal of these tests.
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(lines[1]).toMatch(/waiting +everybody, everywhere +Bo Lindqvist +just now +5 +no +The laptop/);
  expect(lines[3]).toMatch(/done +Cem Aydin \(cem\) +Bo Lindqvist +1d ago +0 in 6\.2 s +yes +The laptop/);
  expect(stderr).toContain('curfew revoke --confirm rev_a');
  expect(stderr).toContain('curfew revoke --lift rev_b');
});

test('an order that is done says what goes on all the same', async () => {
  const until = new Date(Date.now() + 3_600_000);
  server.state.orders = [order(0, { survives: { sessions: 2, until: until.toISOString(), standing: 1 } })];
  const [{ id }] = server.state.orders as [{ id: string }];
  const { stderr, code } = await home.run(['revoke', '--status', id], { tty: true, env: { NO_COLOR: '1' } });
  // Only a person can judge what was there before.
  expect(code).toBe(9);
  expect(stderr).toContain('0 left after 6.2 s.');
  expect(stderr.replace(/\s+/g, ' ')).toMatch(
    /Sessions of 2 of them could not be cut and may go on until (\d{4}-\d\d-\d\d )?\d\d:\d\d; no new ones/,
  );
  expect(stderr.replace(/\s+/g, ' ')).toContain(
    'ACCESS REMAINS: 1 of them had the same access from elsewhere before Curfew',
  );
});

test('0 says that it is safe: not while sessions run on that nobody could cut, and again when they have run out', async () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const exits: number[] = [];
  for (const survives of [
    { sessions: 2, until: at(3_600_000), standing: 0 },
    { sessions: 2, until: at(-3_600_000), standing: 0 },
    { sessions: 0, until: null, standing: 0 },
  ]) {
    server.state.orders = [order(0, { survives })];
    const [{ id }] = server.state.orders as [{ id: string }];
    exits.push((await home.run(['revoke', '--status', id, '--json'])).code);
  }
  expect(exits).toEqual([4, 0, 0]);
});

test('nothing is called gone that goes on, in the list either; sessions that have run out are gone', async () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const counts = { live: 0, ending: 0, gone: 4 };
  server.state.orders = [
    order(0, { counts, survives: { sessions: 2, until: at(3_600_000), standing: 1 } }),
    order(1, { counts, survives: { sessions: 2, until: at(-3_600_000), standing: 0 } }),
  ];
  const [{ id }] = server.state.orders as [{ id: string }];
  const lines = (await home.run(['orders'], { tty: true, env: { NO_COLOR: '1' } })).stdout.split('\n');
  expect(lines[1]).toMatch(/0 in 6\.2 s, 3 go on/);
  expect(lines[2]).not.toContain('go on');
  const plain = (await home.run(['orders', '--plain'])).stdout.trim().split('\n');
  expect(plain.map((line) => line.split('\t').at(-1))).toEqual(['goesOn', '3', '0']);
  const shown = await home.run(['revoke', '--status', id], { tty: true, env: { NO_COLOR: '1' } });
  expect(shown.stdout).toContain('1 proven gone, 3 over that go on');
});

test('a time to zero that began with the confirmation says so, and how long it was from the order', async () => {
  const at = (second: number) => new Date(Date.parse('2026-11-22T12:00:00Z') + second * 1_000).toISOString();
  const confirmed = {
    orderedAt: at(0),
    confirmedAt: at(53.3),
    startedAt: at(53.3),
    finishedAt: at(119),
    toZeroMs: 65_700,
  };
  const one = order(0, confirmed) as { id: string };
  server.state.orders = [one];
  const { stdout, stderr } = await home.run(['revoke', '--status', one.id]);
  expect(stdout).toContain('65.7 s from the confirmation, 119.0 s from the order');
  expect(stderr).toContain('0 left after 65.7 s from the confirmation, 119.0 s from the order.');
});
