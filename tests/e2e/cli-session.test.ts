import { readFileSync, statSync, writeFileSync, existsSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, until, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;

beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const profileFile = (name = 'default') => join(home.path, 'config/curfew/profiles', `${name}.json`);
const profile = (name?: string) => JSON.parse(readFileSync(profileFile(name), 'utf8')) as Record<string, unknown>;

describe('signing in', () => {
  test('a demo person signs in without a browser, by PKCE and with cookies', async () => {
    const outcome = await home.run(['login', '--as', 'ana']);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toBe(`Signed in as Ana Torres (ana) to ${server.url}.\n`);
    const who = await home.run(['whoami', '--json']);
    expect(JSON.parse(who.stdout)).toMatchObject({
      person: { key: 'ana' },
      profile: 'default',
      apiVersion: 'curfew.dev/v1',
    });
  });

  test('the login is kept in a file that only its owner can read, in a folder that only they can enter', async () => {
    await home.run(['login', '--as', 'ana']);
    expect(statSync(profileFile()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.path, 'config/curfew/profiles')).mode & 0o777).toBe(0o700);
  });

  test('profiles keep several people apart', async () => {
    await home.run(['login', '--as', 'ana']);
    await home.run(['--profile', 'bo', 'login', '--as', 'bo']);
    const [ana, bo, byEnvironment] = [
      await home.run(['whoami', '--plain']),
      await home.run(['whoami', '--plain', '--profile', 'bo']),
      await home.run(['whoami', '--plain'], { env: { CURFEW_PROFILE: 'bo' } }),
    ];
    expect(ana.stdout).toMatch(/^ana\tAna Torres\t/);
    expect(bo.stdout).toMatch(/^bo\tBo Lind\t/);
    expect(byEnvironment.stdout).toBe(bo.stdout);
  });

  test('a profile cannot be named like a path', async () => {
    const outcome = await home.run(['--profile', '../../etc/x', 'whoami']);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain('cannot be the name of a profile');
  });

  test('a person whom the demo does not have is named, with some whom it has', async () => {
    const outcome = await home.run(['login', '--as', 'nobody']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('There is no demo person "nobody"');
    expect(outcome.stderr).toContain('ana, bo, eve');
  });

  test('--as is refused where people have accounts', async () => {
    server.state.demo = false;
    const outcome = await home.run(['login', '--as', 'ana']);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('--as is for the demo');
  });

  test.each([
    ['wrongIssuer', 'another sign-in service (iss)'],
    ['wrongState', 'another sign-in (state)'],
  ] as const)('a callback with %s is refused before the code is redeemed', async (fault, words) => {
    server.state[fault] = true;
    const outcome = await home.run(['login', '--as', 'ana']);
    expect(outcome.code).toBe(5);
    expect(outcome.stderr).toContain(words);
    expect(server.state.calls.filter((call) => call.startsWith('POST /oauth/token'))).toEqual([]);
    expect(existsSync(profileFile())).toBe(false);
  });

  test('a server that claims another address is not signed in to', async () => {
    const other = await startFakeServer();
    const discovery = {
      name: 'Curfew',
      version: '1',
      issuer: `${other.url}/oauth`,
      clientId: 'curfew-cli',
      api: `${server.url}/v1`,
      demo: true,
    };
    server.state.override = { match: 'GET /.well-known/curfew', status: 200, body: discovery, once: false };
    const outcome = await home.run(['login', '--as', 'ana']);
    await other.close();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('says that it is');
    expect(other.state.calls).toEqual([]);
  });

  test('the browser comes back to a random port, and a callback with a foreign state is ignored', async () => {
    const outcome = await home.run(['login', '--no-browser'], {
      meanwhile: async (running) => {
        await until(() => running.stderr().includes('/oauth/authorize?'));
        const url = /http\S+authorize\?\S+/.exec(running.stderr())?.[0] ?? '';
        const redirectUri = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
        expect(redirectUri.hostname).toBe('127.0.0.1');
        expect(await fetch(`${redirectUri.href}?code=stolen&state=guess`).then((answer) => answer.status)).toBe(404);
        await browse(`${url}&login_hint=ana`);
      },
    });
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toContain('Signed in as Ana Torres');
  });

  test.each([
    [[], null],
    [['--fresh'], '1'],
  ])('login %j asks for the greatest age %s, in every way to sign in', async (flags, age) => {
    const asked = () => server.state.calls.findLast((call) => call.startsWith('GET /oauth/authorize?')) ?? '';
    const ageIn = (call: string) => new URL(call.slice('GET '.length), server.url).searchParams.get('max_age');
    await home.run(['login', ...flags, '--no-browser'], {
      meanwhile: async (running) => {
        await until(() => running.stderr().includes('/oauth/authorize?'));
        await browse(`${/http\S+authorize\?\S+/.exec(running.stderr())?.[0] ?? ''}&login_hint=ana`);
      },
    });
    expect(ageIn(asked())).toBe(age);
    server.state.calls.length = 0;
    await home.run(['login', ...flags, '--as', 'ana']);
    expect(ageIn(asked())).toBe(age);
    await home.run(['login', ...flags, '--device']);
    const device = server.state.bodies.findLast(
      (body) => body.includes('scope=openid') && !body.includes('grant_type'),
    );
    expect(new URLSearchParams(device).get('max_age')).toBe(age);
  });

  test('Ctrl-C at the browser sign-in ends with 130', async () => {
    const outcome = await home.run(['login', '--no-browser'], {
      meanwhile: async (running) => {
        await until(() => running.stderr().includes('/oauth/authorize?'));
        running.signal('SIGINT');
      },
    });
    expect(outcome.code).toBe(130);
  });

  test('the device flow shows the code and waits for the other device', async () => {
    const outcome = await home.run(['login', '--device']);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('BCDF-GHJK');
    expect(outcome.stdout).toContain('Signed in as Ana Torres');
  });
});

describe('staying signed in', () => {
  test('an access token that ran out is renewed without a word', async () => {
    await home.run(['login', '--as', 'ana']);
    const before = profile()['refreshToken'];
    const outcome = await home.run(['whoami', '--plain'], { laterMs: 700_000 });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(profile()['refreshToken']).not.toBe(before);
  });

  test('commands that run side by side renew once: a refresh token used twice would end the login', async () => {
    await home.run(['login', '--as', 'ana']);
    writeFileSync(profileFile(), JSON.stringify({ ...profile(), accessTokenEndsAt: 0 }));
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => home.run(['whoami', '--plain'])));
    expect(outcomes.map((outcome) => outcome.code)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(server.state).toMatchObject({ refreshes: 1, reused: 0 });
  });

  test('the lock of a process that died is broken', async () => {
    await home.run(['login', '--as', 'ana']);
    writeFileSync(profileFile(), JSON.stringify({ ...profile(), accessTokenEndsAt: 0 }));
    writeFileSync(`${profileFile()}.lock`, `999999999 ${hostname()}`);
    expect(await home.run(['whoami', '--plain'])).toMatchObject({ code: 0 });
  });

  test('the lock of a process elsewhere is broken only when it is old', async () => {
    await home.run(['login', '--as', 'ana']);
    writeFileSync(profileFile(), JSON.stringify({ ...profile(), accessTokenEndsAt: 0 }));
    writeFileSync(`${profileFile()}.lock`, '1 another-machine');
    utimesSync(`${profileFile()}.lock`, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    expect(await home.run(['whoami', '--plain'])).toMatchObject({ code: 0 });
  });

  test('a login that is over exits 5 with the command that signs in again', async () => {
    await home.run(['--profile', 'bo', 'login', '--as', 'bo']);
    writeFileSync(
      profileFile('bo'),
      JSON.stringify({ ...profile('bo'), refreshToken: 'rt-unknown', accessTokenEndsAt: 0 }),
    );
    const outcome = await home.run(['--profile', 'bo', 'ls']);
    expect(outcome).toMatchObject({ code: 5, stdout: '' });
    expect(outcome.stderr).toContain('/opt/curfew/bin/curfew --profile bo login --as bo');
  });

  test('a token that the server does not take is renewed once, and then the login is over', async () => {
    await home.run(['login', '--as', 'ana']);
    server.state.override = {
      match: 'GET /v1/me',
      status: 401,
      body: { code: 'unauthenticated', detail: 'no' },
      once: true,
    };
    expect(await home.run(['whoami'])).toMatchObject({ code: 0 });
    server.state.override = {
      match: 'GET /v1/me',
      status: 401,
      body: { code: 'unauthenticated', detail: 'no' },
      once: false,
    };
    expect(await home.run(['whoami'])).toMatchObject({ code: 5 });
  });

  test('tokens of one server are not sent to another', async () => {
    await home.run(['login', '--as', 'ana']);
    const other = await startFakeServer();
    const outcome = await home.run(['--server', other.url, 'whoami']);
    await other.close();
    expect(outcome.code).toBe(5);
    expect(other.state.calls).toEqual([]);
  });

  test('plain http is spoken to this machine alone', async () => {
    const outcome = await home.run(['--server', 'http://curfew.example', 'whoami']);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('https://curfew.example');
  });

  test('logout forgets the login here and ends it on the server', async () => {
    await home.run(['login', '--as', 'ana']);
    const stolen = profile();
    expect(await home.run(['logout'])).toMatchObject({ code: 0, stdout: 'Signed out.\n' });
    expect(existsSync(profileFile())).toBe(false);
    writeFileSync(profileFile(), JSON.stringify(stolen));
    expect((await home.run(['whoami'])).code).toBe(5);
  });

  test('without a login every command exits 5 and says how to sign in', async () => {
    const outcome = await home.run(['ls']);
    expect(outcome).toMatchObject({ code: 5, stdout: '' });
    expect(outcome.stderr).toContain('/opt/curfew/bin/curfew login');
  });

  test('a server that is down exits 1 and says how to start it', async () => {
    await home.run(['login', '--as', 'ana']);
    await server.close();
    const outcome = await home.run(['ls']);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain(`Curfew does not answer at ${server.url}`);
    expect(outcome.stderr).toContain('npm start');
    server = await startFakeServer();
  });
});

/** A browser as simple as it can be: follows redirects and keeps cookies. */
async function browse(url: string): Promise<void> {
  const jar = new Map<string, string>();
  let at: string | null = url;
  while (at !== null) {
    const from: string = at;
    at = await new Promise((resolve, reject) => {
      const cookie = [...jar]
        .filter(([key]) => new URL(from).pathname.startsWith(key.split(' ')[1] ?? '/'))
        .map(([key, value]) => `${key.split(' ')[0] ?? ''}=${value}`)
        .join('; ');
      get(from, { headers: cookie === '' ? {} : { cookie } }, (answer) => {
        answer.resume();
        for (const line of answer.headers['set-cookie'] ?? []) {
          const [, name = '', value = '', path = '/'] = /^([^=]+)=([^;]*);.*?Path=([^;]+)/.exec(line) ?? [];
          if (line.includes('Max-Age=0')) jar.delete(`${name} ${path}`);
          else jar.set(`${name} ${path}`, value);
        }
        resolve(answer.headers.location === undefined ? null : new URL(answer.headers.location, from).href);
      }).on('error', reject);
    });
  }
}
