import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync, lstatSync, chmodSync } from 'node:fs';
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

const hold = (role = 'log-reader', duration = '15m') => home.run(['request', role, '--on', 'aws/prod', '--for', duration, '--reason', 'Read the logs']);
const onlyGrant = () => {
  const [grant] = [...server.state.grants.values()].slice(-1);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
};

/** Runs a child that writes what it sees into a file, because its output goes to the terminal and not through us. */
async function assume(script: string, args: readonly string[] = ['assume', 'log-reader', '--on', 'aws/prod'], options = {}): Promise<Outcome & { seen: string }> {
  const file = join(home.path, 'seen');
  const outcome = await home.run([...args, '--', 'sh', '-c', script, 'sh', file], options);
  return { ...outcome, seen: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

describe('assume', () => {
  test('gives the credentials to the child alone, with what it needs to find the cloud', async () => {
    await hold();
    const { code, stdout, stderr, seen } = await assume('env > "$1"', undefined, { env: { AWS_PROFILE: 'mine', AWS_ENDPOINT_URL_S3: 'http://elsewhere', CURFEW_OWN_COMPILE_CACHE: '1', NODE_COMPILE_CACHE: '/c' } });
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
    const outcome = await home.run(['assume', 'log-reader@aws/prod', '--', 'sh', '-c', 'printf "%s|" "$@" > "$0"', file, '--profile', 'x', '--json', '--', '-h']);
    expect(outcome.code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('--profile|x|--json|--|-h|');
  });

  test('passes signals on to the child', async () => {
    await hold();
    const { code, seen } = await assume('trap "echo got-term > $1; exit 7" TERM; echo ready > "$1"; while :; do sleep 0.02; done', undefined, {
      meanwhile: async (running: { signal(name: 'SIGTERM'): void }) => {
        await until(() => existsSync(join(home.path, 'seen')) && readFileSync(join(home.path, 'seen'), 'utf8') === 'ready\n');
        running.signal('SIGTERM');
      },
    });
    expect({ code, seen }).toEqual({ code: 7, seen: 'got-term\n' });
  });

  test('without a grant it asks, waits, and goes on when it is approved', async () => {
    const { code, seen } = await assume('echo ran > "$1"', ['assume', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check the export'], {
      meanwhile: async () => {
        await until(() => server.state.requests.size === 1);
        await home.run(['--profile', 'bo', 'approve', [...server.state.requests.keys()][0] ?? '']);
      },
    });
    expect({ code, seen }).toEqual({ code: 0, seen: 'ran\n' });
  });

  test('on a terminal it asks for the reason', async () => {
    const { code, seen, stderr } = await assume('echo ran > "$1"', undefined, { typed: ['Read the logs', '15m'] });
    expect({ code, seen }).toEqual({ code: 0, seen: 'ran\n' });
    expect(stderr).toContain('You do not hold log-reader on aws/prod; asking for it.');
  });

  test('a request that is pending is waited for, and no second one is made', async () => {
    await hold('invoice-reader');
    const { code, stderr } = await assume('exit 0', ['assume', 'invoice-reader', '--on', 'aws/prod', '--timeout', '1s', '--reason', 'Check the export']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/curfew wait req_/);
    expect(server.state.requests.size).toBe(1);
  });

  test('with --no-input and no reason it asks for nothing, exits 3, and prints the command', async () => {
    const { code, stderr } = await assume('exit 0', ['--no-input', 'assume', 'log-reader', '--on', 'aws/prod'], { tty: true });
    expect(code).toBe(3);
    expect(stderr).toContain('/opt/curfew/bin/curfew request log-reader --on aws/prod --wait');
    expect(server.state.requests.size).toBe(0);
  });

  test('a denial exits 3, and the command does not run', async () => {
    const { code, seen } = await assume('echo ran > "$1"', ['assume', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check the export'], {
      meanwhile: async () => {
        await until(() => server.state.requests.size === 1);
        await home.run(['--profile', 'bo', 'deny', [...server.state.requests.keys()][0] ?? '', '--comment', 'Use staging']);
      },
    });
    expect({ code, seen }).toEqual({ code: 3, seen: '' });
  });

  test('without a command it says where one goes', async () => {
    expect((await home.run(['assume', 'log-reader@aws/prod'])).code).toBe(2);
  });
});

const CREDS = ['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod'];
const cacheFiles = () => (existsSync(join(home.path, 'cache/curfew/creds')) ? readdirSync(join(home.path, 'cache/curfew/creds')).map((name) => join(home.path, 'cache/curfew/creds', name)) : []);

describe('creds aws', () => {
  test('prints exactly the document of credential_process', async () => {
    await hold();
    const outcome = await home.run(CREDS);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toEqual({
      Version: 1,
      AccessKeyId: 'ASIAFAKE1',
      SecretAccessKey: 'secret-1',
      SessionToken: 'token-1',
      Expiration: new Date(onlyGrant().endsAt).toISOString(),
    });
  });

  test("Expiration is the earlier of AWS's and the grant's end", async () => {
    server.state.credentialLifeMs = 60_000;
    await hold();
    const { Expiration } = JSON.parse((await home.run(CREDS)).stdout) as { Expiration: string };
    expect(Date.parse(Expiration)).toBeLessThan(onlyGrant().endsAt - 800_000);
  });

  test('keeps them in a file of 0600, and asks nobody for half a minute', async () => {
    await hold();
    const first = await home.run(CREDS);
    server.state.calls.length = 0;
    expect(await home.run(CREDS)).toEqual(first);
    expect(server.state.calls).toEqual([]);
    expect(cacheFiles().map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
    expect(statSync(join(home.path, 'cache/curfew/creds')).mode & 0o777).toBe(0o700);
  });

  test('then asks whether the grant lives, once, and keeps the credentials', async () => {
    await hold();
    const first = await home.run(CREDS);
    server.state.calls.length = 0;
    expect(await home.run(CREDS, { laterMs: 31_000 })).toEqual(first);
    expect(server.state.calls).toEqual([`GET /v1/grants/${onlyGrant().id}`]);
    expect(server.state.issued).toBe(1);
  });

  test('a grant that was given back or taken away drops them', async () => {
    await hold();
    await home.run(CREDS);
    await home.run(['--profile', 'bo', 'revoke', onlyGrant().id, '--reason', 'The incident is over']);
    const outcome = await home.run(CREDS, { laterMs: 31_000 });
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(cacheFiles()).toEqual([]);
    await hold();
    await home.run(CREDS);
    await home.run(['done']);
    expect(cacheFiles()).toEqual([]);
    expect((await home.run(CREDS)).code).toBe(3);
  });

  test('a server that is down, slow or broken does not stop credentials that hold', async () => {
    await hold();
    const first = await home.run(CREDS);
    server.state.delay = { match: 'GET /v1/grants/', ms: 2_000 };
    const before = Date.now();
    expect(await home.run(CREDS, { laterMs: 31_000 })).toEqual(first);
    expect(Date.now() - before).toBeLessThan(1_900);
    server.state.delay = null;
    server.state.override = { match: 'GET /v1/grants/', status: 500, body: {}, once: true };
    expect(await home.run(CREDS, { laterMs: 31_000 })).toEqual(first);
    await server.close();
    expect(await home.run(CREDS, { laterMs: 31_000 })).toEqual(first);
    // With an access token that ran out as well.
    expect(await home.run(CREDS, { laterMs: 700_000 })).toEqual(first);
    // But not beyond their end.
    expect((await home.run(CREDS, { laterMs: 901_000 })).code).toBe(1);
    server = await startFakeServer();
  });

  test("replaces those that AWS ends before the grant a minute early, and not those that end with it", async () => {
    server.state.credentialLifeMs = 900_000;
    await hold('log-reader', '60m');
    await home.run(CREDS);
    await home.run(CREDS, { laterMs: 830_000 });
    expect(server.state.issued).toBe(1);
    await home.run(CREDS, { laterMs: 845_000 });
    expect(server.state.issued).toBe(2);
    await home.run(['done', '--all']);
    server.state.credentialLifeMs = 3_600_000;
    await hold();
    await home.run(CREDS);
    await home.run(CREDS, { laterMs: 895_000 });
    expect(server.state.issued).toBe(3);
  });

  test('fetches new ones when the server says that the old ones no longer work', async () => {
    await hold();
    await home.run(CREDS);
    onlyGrant().reissueAfter = new Date(Date.now() + 10).toISOString();
    expect(JSON.parse((await home.run(CREDS, { laterMs: 31_000 })).stdout)).toMatchObject({ AccessKeyId: 'ASIAFAKE2' });
  });

  test('waits for a grant that is being set up', async () => {
    server.state.settleMs = 500;
    await hold();
    expect((await home.run(CREDS)).code).toBe(0);
  });

  test('without a grant: exit 3, silence, and one line, which is the command to run', async () => {
    expect(await home.run(CREDS)).toEqual({ code: 3, stdout: '', stderr: '/opt/curfew/bin/curfew request log-reader --on aws/prod --wait\n' });
    const bo = await home.run(['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod', '--profile', 'bo'], { env: { PATH: '/usr/bin:/opt/curfew/bin' } });
    expect(bo.stderr).toBe('curfew --profile bo request log-reader --on aws/prod --wait\n');
  });

  test('while a request is pending: exit 4 and how to wait', async () => {
    await hold('invoice-reader');
    const outcome = await home.run(['creds', 'aws', '--role', 'invoice-reader', '--on', 'aws/prod']);
    expect(outcome).toMatchObject({ code: 4, stdout: '' });
    expect(outcome.stderr).toMatch(/^\/opt\/curfew\/bin\/curfew wait req_\w+\n$/);
  });

  test('without a login: exit 5 and how to sign in', async () => {
    await home.run(['logout']);
    expect(await home.run(CREDS)).toEqual({ code: 5, stdout: '', stderr: '/opt/curfew/bin/curfew login\n' });
  });

  test('signing out takes the credentials along', async () => {
    await hold();
    await home.run(CREDS);
    await home.run(['logout']);
    expect(cacheFiles()).toEqual([]);
  });

  test('a cache that was damaged is as good as none', async () => {
    await hold();
    await home.run(CREDS);
    for (const file of cacheFiles()) writeFileSync(file, '{"half":');
    expect((await home.run(CREDS)).code).toBe(0);
    expect(server.state.issued).toBe(2);
  });

  test('a provider that fails exits 8, and no secret is in the message', async () => {
    await hold();
    server.state.override = { match: 'POST /v1/grants/', status: 504, body: { code: 'provider-unreachable', detail: 'The cloud did not answer.' }, once: false };
    const outcome = await home.run(CREDS);
    expect(outcome).toMatchObject({ code: 8, stdout: '' });
    expect(outcome.stderr.split('\n')).toHaveLength(2);
  });

  test('mistakes are explained by the full parser', async () => {
    expect((await home.run(['creds', 'aws', '--role', 'x'])).code).toBe(2);
    expect((await home.run(['creds', 'aws', '--help'])).stdout).toContain('creds aws --role invoice-reader --on aws/prod');
    await hold();
    expect((await home.run(['--profile', 'default', ...CREDS])).code).toBe(0);
  });
});

describe('aws-profile', () => {
  const config = () => join(home.path, '.aws', 'config');
  const write = (...more: string[]) => home.run(['aws-profile', 'invoice-reader', '--on', 'aws/prod', '--write', ...more]);
  const BLOCK = `# >>> curfew: invoice-reader on aws/prod >>>
[profile curfew-invoice-reader-prod]
credential_process = /opt/curfew/bin/curfew creds aws --role invoice-reader --on aws/prod
region = eu-central-1
endpoint_url = http://localhost:4566
# <<< curfew: invoice-reader on aws/prod <<<
`;
  const asIs = () => BLOCK;

  test('prints the profile without touching a file', async () => {
    const outcome = await home.run(['aws-profile', 'invoice-reader', '--on', 'aws/prod']);
    expect(outcome.stdout).toContain('[profile curfew-invoice-reader-prod]');
    expect(existsSync(config())).toBe(false);
  });

  test('writes a marked block, the same each time', async () => {
    expect((await write()).code).toBe(0);
    expect(readFileSync(config(), 'utf8')).toBe(asIs());
    const before = statSync(config()).mtimeMs;
    expect((await write()).code).toBe(0);
    expect(readFileSync(config(), 'utf8')).toBe(asIs());
    expect(statSync(config()).mtimeMs).toBe(before);
    expect(statSync(config()).mode & 0o777).toBe(0o600);
  });

  test('keeps every other byte, the mode, and a link', async () => {
    mkdirSync(join(home.path, '.aws'));
    mkdirSync(join(home.path, 'dotfiles'));
    const real = join(home.path, 'dotfiles', 'aws-config');
    const before = Buffer.concat([Buffer.from('[default]\nregion = x\n\n# caf\u00e9 '), Buffer.from([0xff, 0xfe]), Buffer.from('\n[profile curfew-invoice-reader-production]\nregion=y')]);
    writeFileSync(real, before);
    chmodSync(real, 0o644);
    symlinkSync(real, config());
    await write();
    const after = readFileSync(real);
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(after.subarray(before.length).toString()).toBe(`\n\n${asIs()}`);
    expect(statSync(real).mode & 0o777).toBe(0o644);
    expect(lstatSync(config()).isSymbolicLink()).toBe(true);
  });

  test('replaces its block in the middle of a file', async () => {
    mkdirSync(join(home.path, '.aws'));
    writeFileSync(config(), `[default]\r\nregion = x\r\n# >>> curfew: invoice-reader on aws/prod >>>\r\nold\r\n# <<< curfew: invoice-reader on aws/prod <<<\r\n[profile z]\r\n`);
    await write();
    expect(readFileSync(config(), 'utf8')).toBe(`[default]\r\nregion = x\r\n${asIs().replaceAll('\n', '\r\n')}[profile z]\r\n`);
  });

  test('refuses a block without an end, and a profile of the same name that is not ours', async () => {
    mkdirSync(join(home.path, '.aws'));
    for (const [text, words] of [
      ['# >>> curfew: invoice-reader on aws/prod >>>\n[profile mine]\n', 'has no end'],
      ['[profile curfew-invoice-reader-prod]\nregion = x\n', 'which curfew did not write'],
    ] as const) {
      writeFileSync(config(), text);
      const outcome = await write();
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain(words);
      expect(readFileSync(config(), 'utf8')).toBe(text);
    }
    expect((await write('--name', 'other')).code).toBe(0);
  });

  test('AWS_CONFIG_FILE is honoured; another profile of ours gets another name', async () => {
    const file = join(home.path, 'elsewhere', 'config');
    await home.run(['--profile', 'bo', 'aws-profile', 'invoice-reader@aws/prod', '--write'], { env: { AWS_CONFIG_FILE: file } });
    expect(readFileSync(file, 'utf8')).toContain('[profile curfew-invoice-reader-prod-bo]\ncredential_process = /opt/curfew/bin/curfew creds aws --role invoice-reader --on aws/prod --profile bo\n');
    expect(existsSync(config())).toBe(false);
  });

  test('a path with a space is quoted; one that a shell would read differently is refused', async () => {
    const spaced = await home.run(['aws-profile', 'invoice-reader@aws/prod'], { env: { CURFEW_CALLED_AS: '/opt/my tools/curfew' } });
    expect(spaced.stdout).toContain('credential_process = "/opt/my tools/curfew" creds aws');
    const odd = await home.run(['aws-profile', 'invoice-reader@aws/prod', '--write'], { env: { CURFEW_CALLED_AS: '/opt/$(touch x)/curfew' } });
    expect(odd.code).toBe(1);
    expect(existsSync(config())).toBe(false);
  });

  test('something that does not exist gets no profile', async () => {
    expect((await home.run(['aws-profile', 'invoice-raeder', '--on', 'aws/prod', '--write'])).code).toBe(1);
    expect(existsSync(config())).toBe(false);
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
    writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${opened}.tmp' && mv '${opened}.tmp' '${opened}'\n`, { mode: 0o755 });
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
    const outputs = [await home.run(['ls']), await home.run(['done']), await home.run(['why', [...server.state.requests.keys()][0] ?? ''])];
    for (const { stdout, stderr } of outputs) expect(`${stdout}${stderr}`).not.toMatch(/secret-|token-|[ar]t-[0-9a-f]{18}/);
    const elsewhere = execFileSync('grep', ['-rlE', 'secret-[0-9]|[ar]t-[0-9a-f]{18}', home.path], { encoding: 'utf8' }).trim().split('\n');
    expect(elsewhere.every((file) => file.includes('/profiles/') || file.includes('/creds/'))).toBe(true);
  });
});
