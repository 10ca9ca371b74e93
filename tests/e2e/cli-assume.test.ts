import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, until, type Home, type Outcome } from './cli-harness.ts';

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

const hold = (role = 'log-reader', duration = '15m') =>
  home.run(['request', role, '--on', 'aws/prod', '--for', duration, '--reason', 'Read the logs']);
const onlyGrant = () => {
  const [grant] = [...server.state.grants.values()].slice(-1);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
};

/** Runs a child that writes what it sees into a file, because its output goes to the terminal and not through us. */
async function assume(
  script: string,
  args: readonly string[] = ['assume', 'log-reader', '--on', 'aws/prod'],
  options = {},
): Promise<Outcome & { seen: string }> {
  const file = join(home.path, 'seen');
  const outcome = await home.run([...args, '--', 'sh', '-c', script, 'sh', file], options);
  return { ...outcome, seen: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

describe('assume', () => {
  test('gives the credentials to the child alone, with what it needs to find the cloud', async () => {
    await hold();
    const { code, stdout, stderr, seen } = await assume('env > "$1"', undefined, {
      env: {
        AWS_PROFILE: 'mine',
        AWS_ENDPOINT_URL_S3: 'http://elsewhere',
        CURFEW_OWN_COMPILE_CACHE: '1',
        NODE_COMPILE_CACHE: '/c',
      },
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(seen).toContain('AWS_ACCESS_KEY_ID=ASIAFAKE1\n');
    expect(seen).toContain('AWS_SECRET_ACCESS_KEY=secret-1\n');
    expect(seen).toContain('AWS_SESSION_TOKEN=token-1\n');
    expect(seen).toMatch(/AWS_CREDENTIAL_EXPIRATION=\d{4}-/);
    expect(seen).toContain('AWS_REGION=eu-central-1\nAWS_DEFAULT_REGION=eu-central-1\n'.split('\n')[0]);
    expect(seen).toContain('AWS_ENDPOINT_URL=http://localhost:4566\n');
    expect(seen).toContain(`CURFEW_GRANT=${onlyGrant().id}\n`);
    expect(seen).not.toMatch(/AWS_PROFILE|AWS_ENDPOINT_URL_S3|CURFEW_CALLED_AS|NODE_COMPILE_CACHE/);
    expect(process.env['AWS_ACCESS_KEY_ID']).toBeUndefined();
  });

  test("returns the child's exit code; 127 and 126 as shells do; 128 and the number of a signal", async () => {
    await hold();
    expect((await assume('exit 42')).code).toBe(42);
    expect((await assume('kill -TERM $$')).code).toBe(143);
    const missing = await home.run(['assume', 'log-reader@aws/prod', '--', 'no-such-command-at-all']);
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain('there is no command no-such-command-at-all');
    writeFileSync(join(home.path, 'plain'), 'text');
    expect((await home.run(['assume', 'log-reader@aws/prod', '--', join(home.path, 'plain')])).code).toBe(126);
  });

  test('words behind the dashes belong to the child, whatever they look like', async () => {
    await hold();
    const file = join(home.path, 'words');
    const outcome = await home.run([
      'assume',
      'log-reader@aws/prod',
      '--',
      'sh',
      '-c',
      'printf "%s|" "$@" > "$0"',
      file,
      '--profile',
      'x',
      '--json',
      '--',
      '-h',
    ]);
    expect(outcome.code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('--profile|x|--json|--|-h|');
  });

  test('passes signals on to the child', async () => {
    await hold();
    const { code, seen } = await assume(
      'trap "echo got-term > $1; exit 7" TERM; echo ready > "$1"; while :; do sleep 0.02; done',
      undefined,
      {
        meanwhile: async (running: { signal(name: 'SIGTERM'): void }) => {
          await until(
            () => existsSync(join(home.path, 'seen')) && readFileSync(join(home.path, 'seen'), 'utf8') === 'ready\n',
          );
          running.signal('SIGTERM');
        },
      },
    );
    expect({ code, seen }).toEqual({ code: 7, seen: 'got-term\n' });
  });

  test('without a grant it asks, waits, and goes on when it is approved', async () => {
    const { code, seen } = await assume(
      'echo ran > "$1"',
      ['assume', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check the export'],
      {
        meanwhile: async () => {
          await until(() => server.state.requests.size === 1);
          await home.run(['--profile', 'bo', 'approve', [...server.state.requests.keys()][0] ?? '']);
        },
      },
    );
    expect({ code, seen }).toEqual({ code: 0, seen: 'ran\n' });
  });

  test('on a terminal it asks for the reason', async () => {
    const { code, seen, stderr } = await assume('echo ran > "$1"', undefined, { typed: ['Read the logs', '15m'] });
    expect({ code, seen }).toEqual({ code: 0, seen: 'ran\n' });
    expect(stderr).toContain('You do not hold log-reader on aws/prod; asking for it.');
  });

  test('a request that is pending is waited for, and no second one is made', async () => {
    await hold('invoice-reader');
    const { code, stderr } = await assume('exit 0', [
      'assume',
      'invoice-reader',
      '--on',
      'aws/prod',
      '--timeout',
      '1s',
      '--reason',
      'Check the export',
    ]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/curfew wait req_/);
    expect(server.state.requests.size).toBe(1);
  });

  test('with --no-input and no reason it asks for nothing, exits 3, and prints the command', async () => {
    const { code, stderr } = await assume('exit 0', ['--no-input', 'assume', 'log-reader', '--on', 'aws/prod'], {
      tty: true,
    });
    expect(code).toBe(3);
    expect(stderr).toContain(
      "/opt/curfew/bin/curfew request log-reader --on aws/prod --reason 'why you need it' --wait",
    );
    expect(server.state.requests.size).toBe(0);
  });

  test('a denial exits 3, and the command does not run', async () => {
    const { code, seen } = await assume(
      'echo ran > "$1"',
      ['assume', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check the export'],
      {
        meanwhile: async () => {
          await until(() => server.state.requests.size === 1);
          await home.run([
            '--profile',
            'bo',
            'deny',
            [...server.state.requests.keys()][0] ?? '',
            '--comment',
            'Use staging',
          ]);
        },
      },
    );
    expect({ code, seen }).toEqual({ code: 3, seen: '' });
  });

  test('without a command it says where one goes', async () => {
    expect((await home.run(['assume', 'log-reader@aws/prod'])).code).toBe(2);
  });
});

describe('console and prompt', () => {
  test('the address is printed only when asked for', async () => {
    await hold();
    const printed = await home.run(['console', 'log-reader', '--on', 'aws/prod', '--print']);
    expect(printed).toMatchObject({ code: 0, stdout: `${server.state.console}\n`, stderr: '' });
    const without = await home.run(['console', 'log-reader', '--on', 'aws/prod']);
    expect(without.code).toBe(1);
    expect(`${without.stdout}${without.stderr}`).not.toContain('SigninToken');
  });

  test('a browser gets it as a redirect from this machine, so that no process list shows it; once', async () => {
    await hold();
    const opened = join(home.path, 'opened');
    const browser = join(home.path, 'browser');
    writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${opened}.tmp' && mv '${opened}.tmp' '${opened}'\n`, {
      mode: 0o755,
    });
    const outcome = await home.run(['console', 'log-reader', '--on', 'aws/prod'], {
      env: { BROWSER: browser },
      meanwhile: async () => {
        await until(() => existsSync(opened));
        const address = readFileSync(opened, 'utf8');
        expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/);
        const location = await new Promise((resolve) => get(address, (answer) => resolve(answer.headers.location)));
        expect(location).toBe(server.state.console);
      },
    });
    expect(outcome.code).toBe(0);
    expect(`${outcome.stdout}${outcome.stderr}`).not.toContain('SigninToken');
  });

  test('prompt shows what is live, without asking anybody, and is silent without', async () => {
    expect(await home.run(['prompt'])).toEqual({ code: 0, stdout: '', stderr: '' });
    await hold();
    server.state.calls.length = 0;
    expect((await home.run(['prompt'])).stdout).toMatch(/^log-reader@aws\/prod 1[45]m\n$/);
    expect((await home.run(['--profile', 'bo', 'prompt'])).stdout).toBe('');
    expect((await home.run(['prompt'], { laterMs: 900_000 })).stdout).toBe('');
    expect(server.state.calls).toEqual([]);
    await home.run(['done']);
    expect((await home.run(['prompt'])).stdout).toBe('');
  });
});

describe('no secret leaves its place', () => {
  test('neither output nor files other than the cache and the profile hold one', async () => {
    await hold();
    const outputs = [
      await home.run(['ls']),
      await home.run(['done']),
      await home.run(['why', [...server.state.requests.keys()][0] ?? '']),
    ];
    for (const { stdout, stderr } of outputs)
      expect(`${stdout}${stderr}`).not.toMatch(/secret-|token-|[ar]t-[0-9a-f]{18}/);
    const elsewhere = execFileSync('grep', ['-rlE', 'secret-[0-9]|[ar]t-[0-9a-f]{18}', home.path], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(elsewhere.every((file) => file.includes('/profiles/') || file.includes('/creds/'))).toBe(true);
  });
});
