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

async function asked(): Promise<string> {
  return (JSON.parse((await home.run([...ASK, '--json'])).stdout) as { id: string }).id;
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

  test('ls shows live access with its time, open requests, and what waits for a decision', async () => {
    const id = await asked();
    await home.run(['request', 'log-reader', '--on', 'aws/prod', '--reason', 'Read the logs']);
    const mine = await home.run(['ls']);
    expect(mine.stdout).toMatch(/log-reader on aws\/prod +active, ends in (14m \d\ds|15m 00s)/);
    expect(mine.stdout).toContain(id);
    const bo = await home.run(['--profile', 'bo', 'ls']);
    expect(bo.stderr).toContain('1 request waits for your decision');
    expect((await home.run(['--profile', 'bo', 'ls', '--waiting'])).stdout).toContain(id);
    const data = JSON.parse((await home.run(['ls', '--json'])).stdout) as { grants: unknown[]; requests: unknown[] };
    expect([data.grants.length, data.requests.length]).toEqual([1, 2]);
    expect((await home.run(['ls', '--plain'])).stdout).toMatch(
      /^grant\tgrt_\w+\tactive\tlog-reader\taws\/prod\t\d{4}-/,
    );
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
      const { stdout, stderr } = await home.run(['--profile', 'bo', ...args], { tty: true });
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
    expect(outcome.stdout).toMatch(/log-reader on aws\/prod +ended \(returned\).*proof: observed/);
    expect(statuses()).toEqual(['ended']);
  });

  test('of several one is named, picked, or all are given back', async () => {
    await hold(2);
    expect((await home.run(['done'])).code).toBe(2);
    expect(statuses()).toEqual(['active', 'active']);
    await home.run(['done', 'log-reader', '--on', 'aws/dev']);
    expect(statuses()).toEqual(['active', 'ended']);
    await hold(2);
    await home.run(['done'], { typed: ['1'] });
    expect(statuses().filter((status) => status === 'ended')).toHaveLength(2);
    await home.run(['done', '--all']);
    expect(statuses().every((status) => status === 'ended')).toBe(true);
  });

  test('nothing to give back is no failure; something that is not held is', async () => {
    expect(await home.run(['done'])).toMatchObject({ code: 0, stdout: '' });
    expect((await home.run(['done', 'log-reader', '--on', 'aws/prod'])).code).toBe(3);
  });

  test('revoke needs a reason', async () => {
    await hold(1);
    const [id = ''] = server.state.grants.keys();
    expect((await home.run(['--profile', 'bo', 'revoke', id])).code).toBe(2);
    expect((await home.run(['--profile', 'bo', 'revoke', id, '--reason', 'The incident is over'])).code).toBe(0);
    expect(statuses()).toEqual(['ended']);
  });
});
