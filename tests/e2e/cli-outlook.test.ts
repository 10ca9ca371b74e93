import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stripVTControlCharacters } from 'node:util';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import type { FakeGrant } from './cli-fake-state.ts';
import { makeHome, until, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;

beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
  await home.run(['--profile', 'bo', 'login', '--as', 'bo']);
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const ACCESS = ['invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Check the invoice export'];
const FULL = 'The policy was full: sessions may last an hour.';
const BUSY = 'an earlier grant is still being ended on the same slot';

async function asked(): Promise<string> {
  return (JSON.parse((await home.run(['request', ...ACCESS, '--json'])).stdout) as { id: string }).id;
}

async function granted(change: Partial<FakeGrant>): Promise<string> {
  const id = await asked();
  await home.run(['--profile', 'bo', 'approve', id]);
  const grant = [...server.state.grants.values()].at(-1);
  if (grant === undefined) throw new Error('nothing was granted');
  Object.assign(grant, change);
  return id;
}

describe('what survives the end', () => {
  test('who has to decide reads it, and what the cloud will be told, before saying yes', async () => {
    const id = await asked();
    const card = (await home.run(['--profile', 'bo', 'why', id])).stdout;
    expect(card).toMatch(/^ +will call +Makes a session of invoice-reader\.$/m);
    expect(card).toMatch(/^ +after +nothing survives$/m);
    const waiting = (await home.run(['--profile', 'bo', 'ls', '--waiting'])).stdout;
    expect(waiting).toMatch(/^ +After the end: nothing survives$/m);
    const approved = (await home.run(['--profile', 'bo', 'approve', id])).stdout;
    expect(approved).toMatch(/^ +after +nothing survives$/m);
    expect(approved).not.toContain('does');
  });

  test('a grant of which the cloud says something else says so: in ls, in why and where it is used', async () => {
    const id = await granted({ residual: { maxMs: 3_600_000, words: FULL } });
    const words = `not as was said before the approval: ${FULL}`;
    expect((await home.run(['ls'])).stdout).toContain(`invoice-reader on aws/prod, after its end: ${words}`);
    expect((await home.run(['why', id])).stdout).toMatch(new RegExp(`after +${words}`));
    expect((await home.run(['why', id])).stdout).not.toContain('nothing survives');
    const used = await home.run(['assume', 'invoice-reader', '--on', 'aws/prod', '--', 'true']);
    expect(used).toMatchObject({ code: 0, stderr: expect.stringContaining(`After its end: ${words}`) as string });
  });

  test('a grant that keeps what was said has no line of its own, until it is being ended', async () => {
    const id = await granted({});
    const ls = async () => (await home.run(['ls'])).stdout;
    expect(await ls()).not.toContain('after its end');
    expect((await home.run(['assume', 'invoice-reader', '--on', 'aws/prod', '--', 'true'])).stderr).toBe('');
    Object.assign([...server.state.grants.values()].at(-1) ?? {}, { status: 'ending', cause: 'returned' });
    expect(await ls()).toContain('invoice-reader on aws/prod, after its end: nothing survives');
    expect((await home.run(['why', id])).stdout.match(/after +nothing survives/g)).toHaveLength(1);
    Object.assign([...server.state.grants.values()].at(-1) ?? {}, { status: 'ended', endedAt: Date.now() });
    expect(await ls()).not.toContain('after its end');
    expect((await home.run(['why', id])).stdout).not.toContain('nothing survives');
  });

  test('what can outlive a proven end is told, with its last moment, for as long as it can be alive', async () => {
    const id = await granted({ residual: { maxMs: 3_600_000, words: FULL } });
    const grant = [...server.state.grants.values()].at(-1) ?? {};
    Object.assign(grant, { status: 'ended', endedAt: Date.now() - 600_000 });
    const line = new RegExp(`after its end: until [-\\d :]+ at the latest: ${FULL}`);
    expect((await home.run(['ls'])).stdout).toMatch(line);
    expect((await home.run(['why', id])).stdout).toMatch(/after +until [-\d :]+ at the latest/);
    Object.assign(grant, { endedAt: Date.now() - 3_700_000 });
    expect((await home.run(['ls'])).stdout).not.toContain('at the latest');
  });
});

describe('a place in the cloud that somebody else needs', () => {
  test.each([
    ['before Curfew', { standingAccessRemains: true }, /ended \(returned\) at \d\d:\d\d, standing access remains/],
    [
      'by another grant',
      { neededByOthersUntil: new Date(Date.now() + 60_000).toISOString() },
      /ended \(returned\) at \d\d:\d\d, another grant keeps the access until [-\d :]+/,
    ],
  ])(
    '%s: the grant is over, and nothing says that the access is gone or when it will be',
    async (_, evidence, line) => {
      const id = await granted({ residual: { maxMs: 3_600_000, words: FULL } });
      const grant = [...server.state.grants.values()].at(-1) ?? {};
      Object.assign(grant, { status: 'ended', cause: 'returned', endedAt: Date.now() - 1_000, evidence });
      const card = (await home.run(['why', id])).stdout;
      expect(card).toMatch(line);
      expect(card).not.toMatch(/proof:|at the latest/);
    },
  );
});

test.each([
  ['nothing', {}, 0],
  ['what was there before Curfew', { standingAccessRemains: true }, 9],
  ['another grant', { neededByOthersUntil: new Date(Date.now() + 60_000).toISOString() }, 9],
])('revoke says in capitals and by its exit code that %s keeps the access', async (_, evidence, exit) => {
  await granted({});
  const grant = [...server.state.grants.values()].at(-1) ?? { id: '' };
  Object.assign(grant, { evidence });
  const outcome = await home.run(['revoke', grant.id, '--reason', 'The incident is over']);
  expect(outcome.code).toBe(exit);
  expect(outcome.stderr.includes('ACCESS REMAINS')).toBe(exit === 9);
});

describe('a start that waits', () => {
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

  test.each([
    [{ until: soon(40_000), why: 'the cloud takes only so many calls' }, 'starts within a minute'],
    [{ until: soon(36_000_000), why: 'the cloud takes only so many calls' }, /starts at about [-\d :]+/],
    [{ until: null, why: BUSY }, 'waits'],
  ])('says so to whoever waits for it: %o', async (waits, words) => {
    const id = await granted({ status: 'scheduled', waits });
    const said = new RegExp(`^Approved, ${typeof words === 'string' ? words : words.source}: ${waits.why}\\.$`, 'm');
    for (const args of [
      ['wait', id, '--timeout', '1s'],
      ['assume', ...ACCESS, '--timeout', '1s', '--', 'true'],
    ]) {
      const { code, stderr } = await home.run(args);
      expect(stderr).toMatch(said);
      expect(stderr).not.toContain('being set up');
      expect(stderr.match(/^Approved/gm)).toHaveLength(1);
      expect(code).toBe(4);
    }
    expect((await home.run(['ls'])).stdout).toContain(waits.why);
  });

  test('nobody is told a time that nobody knows', async () => {
    await granted({ status: 'scheduled', waits: { until: null, why: BUSY } });
    expect((await home.run(['ls'])).stdout).toContain(`scheduled, waits (${BUSY})`);
  });

  test('a terminal of 80 columns shows it on one line that is rewritten', async () => {
    const id = await granted({ status: 'scheduled', waits: { until: null, why: BUSY } });
    const seen = await home.run(['wait', id, '--timeout', '2s'], {
      tty: true,
      columns: 80,
      meanwhile: ({ stderr }) => until(() => stderr().includes('earlier grant')),
    });
    const lines = seen.stderr.split('\r').filter((line) => line.includes('Approved'));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      const plain = stripVTControlCharacters(line);
      expect(plain.length).toBeLessThan(80);
      expect(plain).toMatch(/^○ Approved, waits: an earlier grant is still being ended on the.* \d+s/);
    }
  });
});
