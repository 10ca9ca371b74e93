import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, type Home } from './cli-harness.ts';

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

const ASK = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Check the invoice export'];

async function asked(more: readonly string[] = []): Promise<string> {
  return (JSON.parse((await home.run([...ASK, ...more, '--json'])).stdout) as { id: string }).id;
}

describe('deciding and looking', () => {
  test('approve, deny and withdraw', async () => {
    const [first, second, third] = [await asked(), await asked(), await asked()];
    expect(await home.run(['--profile', 'bo', 'approve', first, '--plain'])).toMatchObject({
      code: 0,
      stdout: `${first}\tapproved\n`,
    });
    expect(await home.run(['--profile', 'bo', 'deny', second, '--comment', 'Use staging', '--plain'])).toMatchObject({
      code: 0,
      stdout: `${second}\tdenied\n`,
    });
    expect(await home.run(['withdraw', third, '--plain'])).toMatchObject({ code: 0, stdout: `${third}\twithdrawn\n` });
  });

  test("one's own request, and a request that is decided, cannot be approved", async () => {
    const id = await asked();
    const own = await home.run(['approve', id]);
    expect(own.code).toBe(3);
    expect(own.stderr).toContain('Nobody approves their own request');
    await home.run(['withdraw', id]);
    const late = await home.run(['--profile', 'bo', 'approve', id]);
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('It is withdrawn');
  });

  test('a denial needs a word', async () => {
    expect((await home.run(['--profile', 'bo', 'deny', await asked()])).code).toBe(2);
  });

  test('a planned start is shown to both sides before anybody decides, and apart from live access after', async () => {
    const id = await asked(['--at', '2036-11-25T03:00Z']);
    for (const [args, shown] of [
      [['ls'], 'pending from 2036-11-25 03:00, Bo Lind can decide'],
      [['why', id], 'at 2036-11-25 03:00, if it is approved by then'],
      [['--profile', 'bo', 'ls', '--waiting'], '15m from 2036-11-25 03:00'],
    ] as const)
      expect((await home.run(args)).stdout).toContain(shown);
    await home.run(['--profile', 'bo', 'approve', id]);
    Object.assign([...server.state.grants.values()].at(-1) ?? {}, { status: 'scheduled' });
    expect((await home.run(['ls'])).stdout).toMatch(/^Planned access\n/);
    expect((await home.run(['why', id])).stdout).not.toContain('if it is approved by then');
  });

  test('an empty comment is said to be empty, and how to write one', async () => {
    const { code, stderr } = await home.run(['--profile', 'bo', 'deny', await asked(), '--comment', ' ']);
    expect(code).toBe(2);
    expect(stderr).toContain('The comment is empty.\n-> Say why, and what should change: --comment');
  });

  test('a denial shows who said no, and their words: in the card, to whoever waits, in why and for scripts', async () => {
    const id = await asked();
    await home.run(['--profile', 'bo', 'deny', id, '--comment', 'Please use staging']);
    const waited = await home.run(['wait', id]);
    expect(waited.code).toBe(3);
    expect(waited.stderr).toContain('Bo Lind said no: Please use staging');
    expect(waited.stdout).toMatch(/denied by +✗ Bo Lind \(bo\): Please use staging/);
    expect((await home.run(['why', id])).stdout).toMatch(/denied by +✗ Bo Lind \(bo\): Please use staging/);
    expect(JSON.parse((await home.run(['wait', id, '--json'])).stdout)).toMatchObject({
      decisions: [{ by: { key: 'bo' }, verdict: 'deny', comment: 'Please use staging' }],
    });
  });

  test('what was said with a yes is shown too', async () => {
    const id = await asked();
    const { stdout } = await home.run(['--profile', 'bo', 'approve', id, '--comment', 'Until noon']);
    expect(stdout).toMatch(/comment +Bo Lind \(bo\): Until noon/);
  });

  test('how long ago a request was over counts from then, and not from when it was made', async () => {
    const id = await asked();
    const made = server.state.requests.get(id);
    if (made !== undefined) made.createdAt -= 11 * 60_000;
    await home.run(['withdraw', id]);
    expect((await home.run(['ls'])).stdout).toMatch(/withdrawn just now/);
  });

  test('access that ran out was over at its end, whenever that was proven; access given back, when it was', async () => {
    const hour = 3_600_000;
    const endsAt = Date.parse('2026-11-19T12:00:00Z');
    for (const [cause, endedAt] of [
      ['expired', endsAt + hour],
      ['returned', endsAt - hour],
    ] as const) {
      await home.run(['request', 'log-reader', '--on', 'aws/prod', '--reason', 'Read the logs']);
      Object.assign([...server.state.grants.values()].at(-1) ?? {}, { status: 'ended', cause, endsAt, endedAt });
    }
    const { stdout } = await home.run(['ls']);
    expect(stdout).toContain('ended (expired) at 2026-11-19 12:00');
    expect(stdout).toContain('ended (returned) at 2026-11-19 11:00');
    const ends = (await home.run(['ls', '--plain'])).stdout.split('\n').map((line) => line.split('\t')[6]);
    expect(ends.slice(0, 3)).toEqual(['ends', '2026-11-19T12:00:00.000Z', '2026-11-19T11:00:00.000Z']);
    Object.assign([...server.state.grants.values()].at(-1) ?? {}, { status: 'ending', endedAt: null });
    expect((await home.run(['ls', '--plain'])).stdout).toMatch(/\tending\tlog-reader\taws\/prod\tana\t\n/);
  });

  test('ls counts all that waits for a decision, on however many pages it comes', async () => {
    for (let n = 0; n < 4; n += 1) await asked();
    expect((await home.run(['--profile', 'bo', 'ls'])).stderr).toContain('4 requests wait for your decision');
  });

  test('ls shows live access with its time, open requests, and what waits for a decision', async () => {
    const id = await asked();
    await home.run(['request', 'log-reader', '--on', 'aws/prod', '--reason', 'Read the logs']);
    const mine = await home.run(['ls']);
    expect(mine.stdout).toMatch(/log-reader on aws\/prod +active, ends in (14m \d\ds|15m 00s)/);
    expect(mine.stdout).toContain(id);
    const bo = await home.run(['--profile', 'bo', 'ls']);
    expect(bo.stderr).toContain('1 request waits for your decision');
    const { stdout: waiting } = await home.run(['--profile', 'bo', 'ls', '--waiting']);
    expect(waiting).toContain(id);
    // The key is what "revoke --person" takes.
    expect(waiting).toContain('Ana Torres (ana)');
    const data = JSON.parse((await home.run(['ls', '--json'])).stdout) as { grants: unknown[]; requests: unknown[] };
    expect([data.grants.length, data.requests.length]).toEqual([1, 2]);
    expect((await home.run(['ls', '--plain'])).stdout).toMatch(
      /^kind\tid\tstatus\trole\ttarget\twho\tends\ngrant\tgrt_\w+\tactive\tlog-reader\taws\/prod\tana\t\d{4}-/,
    );
  });

  test('what waits for a decision is listed to its end, however many pages it has', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.push(await asked());
    for (const scope of ['--waiting', '--all']) {
      const { stdout } = await home.run(['--profile', 'bo', 'ls', scope, '--json']);
      const { items } = JSON.parse(stdout) as { items: readonly { id: string }[] };
      expect(items.map((one) => one.id).sort()).toEqual([...ids].sort());
    }
  });

  test("the countdown is the server's, whatever this machine's clock says", async () => {
    await home.run(['request', 'log-reader', '--on', 'aws/prod', '--reason', 'Read the logs']);
    const outcome = await home.run(['ls'], { laterMs: 300_000 });
    expect(outcome.stdout).toMatch(/ends in (14m|15m)/);
  });

  test('why tells the rules, and what has happened', async () => {
    const outcome = await home.run(['why', await asked()]);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain('Finance may read invoices.');
    expect(outcome.stdout).toContain('the answer would be the same');
    expect(outcome.stdout).toContain('asked for it');
  });

  test('search lists what can be had and why not', async () => {
    const outcome = await home.run(['search', 'aws/prod']);
    expect(outcome.stdout).toMatch(/invoice-reader +aws\/prod +tier 2 +approval +up to 2h +Use invoice-reader/);
    expect(outcome.stdout).toContain('A guardrail forbids it.');
    expect(outcome.stderr).toContain('request invoice-reader --on aws/prod');
    expect((await home.run(['search', 'nothing-like-it'])).stdout).toBe('');
  });

  test('search --plain shows what the table shows: the same words, how long, and why', async () => {
    const { stdout } = await home.run(['search', '--plain']);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'role\ttarget\ttier\thow\tmax\twhat\twhy',
      'invoice-reader\taws/prod\t2\tapproval\t2h\tUse invoice-reader\tNeeds 1 of group:finance-leads.',
      'log-reader\taws/prod\t2\tautomatic\t2h\tUse log-reader\tNeeds 1 of group:finance-leads.',
    ]);
    expect(stdout).toContain('warehouse-reader\tgcp/analytics\t2\tnot yet\t\t');
  });

  test('what others wrote cannot draw on the terminal of the one who decides', async () => {
    await home.run(['--profile', 'eve', 'login', '--as', 'eve']);
    const reason = 'harmless\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202Etxt.exe\r\nsecond line';
    const id = (
      JSON.parse((await home.run(['--profile', 'eve', ...ASK.slice(0, 6), '--reason', reason, '--json'])).stdout) as {
        id: string;
      }
    ).id;
    for (const args of [
      ['ls', '--waiting'],
      ['approve', id],
    ]) {
      const { stdout, stderr } = await home.run(['--profile', 'bo', ...args], { typed: ['yes'] });
      const drawn = `${stdout}${stderr}`.replace(/\u001b\[[\d;]*m/g, '');
      expect(drawn).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(`${stdout}${stderr}`).not.toContain('\u001b[31mRed');
    }
  });

  test('colour only on a terminal, and not against NO_COLOR or on a dumb one', async () => {
    await asked();
    const colourful = (outcome: { stdout: string; stderr: string }) =>
      `${outcome.stdout}${outcome.stderr}`.includes('\u001b[');
    expect(colourful(await home.run(['ls'], { tty: true }))).toBe(true);
    expect(colourful(await home.run(['ls']))).toBe(false);
    expect(colourful(await home.run(['ls'], { tty: true, env: { NO_COLOR: '1' } }))).toBe(false);
    expect(colourful(await home.run(['ls'], { tty: true, env: { TERM: 'dumb' } }))).toBe(false);
    expect(colourful(await home.run(['ls', '--plain'], { tty: true }))).toBe(false);
  });

  test('help begins with examples and goes to standard output', async () => {
    const outcome = await home.run(['request', '-h']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout.indexOf('Examples')).toBeLessThan(outcome.stdout.indexOf('Usage'));
    expect((await home.run([])).code).toBe(0);
    expect((await home.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('giving back', () => {
  async function hold(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1)
      await home.run([
        'request',
        'log-reader',
        '--on',
        `aws/${index === 0 ? 'prod' : 'dev'}`,
        '--reason',
        'Read the logs',
      ]);
  }
  const statuses = () => [...server.state.grants.values()].map((grant) => grant.status);

  test('done gives the only grant back, without a name', async () => {
    await hold(1);
    const outcome = await home.run(['done']);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toMatch(/log-reader on aws\/prod +ended \(returned\).*proof: seen in the cloud/);
    expect(statuses()).toEqual(['ended']);
  });

  test('of several one is named, picked, or all are given back', async () => {
    await hold(2);
    const [first] = [...server.state.grants.keys()];
    const many = await home.run(['done']);
    expect(many.code).toBe(2);
    expect(many.stderr).toMatch(new RegExp(`${first}: log-reader on aws/prod, 1[45]m \\d\\ds left`));
    expect(statuses()).toEqual(['active', 'active']);
    await home.run(['done', 'log-reader', '--on', 'aws/dev']);
    expect(statuses()).toEqual(['active', 'ended']);
    await hold(2);
    await home.run(['done'], { typed: ['1'] });
    expect(statuses().filter((status) => status === 'ended')).toHaveLength(2);
    await home.run(['done', '--all']);
    expect(statuses().every((status) => status === 'ended')).toBe(true);
  });

  test('two grants of one role are told apart by their ids, or given back with --all', async () => {
    await hold(1);
    await hold(1);
    const named = ['done', 'log-reader', '--on', 'aws/prod'];
    const { code, stderr } = await home.run(named);
    expect(code).toBe(2);
    for (const id of server.state.grants.keys()) expect(stderr).toContain(id);
    expect(stderr).toContain('done log-reader --on aws/prod --all');
    expect(statuses()).toEqual(['active', 'active']);
    await home.run([...named, '--all']);
    expect(statuses()).toEqual(['ended', 'ended']);
  });

  test('done takes the id of a grant, the id of its request, a role, or a target alone', async () => {
    const [grantOf, endedAfter] = [
      () => [...server.state.grants.values()].at(-1),
      async (args: readonly string[]) =>
        (await home.run(['done', ...args])).code === 0 && statuses().at(-1) === 'ended',
    ];
    await hold(1);
    expect(await endedAfter([grantOf()?.id ?? ''])).toBe(true);
    await hold(1);
    expect(await endedAfter([grantOf()?.request ?? ''])).toBe(true);
    await hold(1);
    expect((await home.run(['done', '--on', 'aws/dev'])).code).toBe(3);
    expect(await endedAfter(['log-reader'])).toBe(true);
    await hold(1);
    expect(await endedAfter(['--on', 'aws/prod'])).toBe(true);
    const nothing = await home.run(['done', grantOf()?.request ?? '']);
    expect(nothing).toMatchObject({ code: 3 });
    expect(nothing.stderr).toContain('You do not hold anything of req_');
  });

  test('done --all goes on when something was over already, or cannot be given back', async () => {
    await hold(3);
    const [first = '', second = '', third = ''] = [...server.state.grants.values()].reverse().map((grant) => grant.id);
    const over = { status: 410, body: { status: 410, code: 'grant-ended', detail: 'It is over.' }, once: true };
    server.state.override = { match: `POST /v1/grants/${first}/return`, ...over };
    const all = await home.run(['done', '--all', '--plain']);
    expect(all.code).toBe(0);
    for (const id of [first, second, third]) expect(all.stdout).toContain(id);
    expect(statuses().filter((status) => status === 'ended')).toHaveLength(2);
    await hold(1);
    const late = {
      status: 503,
      body: { status: 503, code: 'recorded-late', detail: 'The record follows.' },
      once: true,
    };
    server.state.override = { match: `POST /v1/grants/${first}/return`, ...late };
    const some = await home.run(['done', '--all', '--plain']);
    expect(some.code).toBe(1);
    expect(some.stdout).toContain([...server.state.grants.keys()].at(-1));
    expect(some.stderr).toContain('The record follows.');
  });

  test('nothing to give back is no failure; something that is not held is', async () => {
    expect(await home.run(['done'])).toMatchObject({ code: 0, stdout: '' });
    expect((await home.run(['done', 'log-reader', '--on', 'aws/prod'])).code).toBe(3);
  });

  test('revoke needs a reason', async () => {
    await hold(1);
    const [id = ''] = server.state.grants.keys();
    expect((await home.run(['--profile', 'bo', 'revoke', id])).code).toBe(2);
    const empty = await home.run(['--profile', 'bo', 'revoke', id, '--reason', '']);
    expect(empty.stderr).toContain('Say why it has to end');
    expect((await home.run(['--profile', 'bo', 'revoke', id, '--reason', 'The incident is over'])).code).toBe(0);
    expect(statuses()).toEqual(['ended']);
  });
});
