import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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

const hold = (role = 'log-reader', duration = '15m') =>
  home.run(['request', role, '--on', 'aws/prod', '--for', duration, '--reason', 'Read the logs']);
const onlyGrant = () => {
  const [grant] = [...server.state.grants.values()].slice(-1);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
};

const CREDS = ['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod'];
const cacheFiles = () =>
  existsSync(join(home.path, 'cache/curfew/creds'))
    ? readdirSync(join(home.path, 'cache/curfew/creds')).map((name) => join(home.path, 'cache/curfew/creds', name))
    : [];

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

  test('replaces those that AWS ends before the grant a minute early, and not those that end with it', async () => {
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

  test.each([120_000, -120_000])(
    'knows which are dead although the clock of this machine is %d ms off, and fetches new ones once',
    async (offsetMs) => {
      await hold('log-reader', '60m');
      await home.run(CREDS, { laterMs: offsetMs });
      // Later than what was issued, and earlier than what will be, however fast this machine is.
      await pause(5);
      onlyGrant().reissueAfter = new Date().toISOString();
      await pause(5);
      for (const sinceMs of [31_000, 62_000, 93_000]) await home.run(CREDS, { laterMs: offsetMs + sinceMs });
      expect(server.state.issued).toBe(2);
    },
  );

  test('waits for a grant that is being set up', async () => {
    server.state.settleMs = 500;
    await hold();
    expect((await home.run(CREDS)).code).toBe(0);
  });

  test('without a grant: exit 3, silence, and one line, which is the command to run', async () => {
    expect(await home.run(CREDS)).toEqual({
      code: 3,
      stdout: '',
      stderr: "/opt/curfew/bin/curfew request log-reader --on aws/prod --reason 'why you need it' --wait\n",
    });
    const bo = await home.run(['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod', '--profile', 'bo'], {
      env: { PATH: '/usr/bin:/opt/curfew/bin' },
    });
    expect(bo.stderr).toBe("curfew --profile bo request log-reader --on aws/prod --reason 'why you need it' --wait\n");
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
    server.state.override = {
      match: 'POST /v1/grants/',
      status: 504,
      body: { code: 'provider-unreachable', detail: 'The cloud did not answer.' },
      once: false,
    };
    const outcome = await home.run(CREDS);
    expect(outcome).toMatchObject({ code: 8, stdout: '' });
    expect(outcome.stderr.split('\n')).toHaveLength(2);
  });

  test('mistakes are explained by the full parser', async () => {
    expect((await home.run(['creds', 'aws', '--role', 'x'])).code).toBe(2);
    expect((await home.run(['creds', 'aws', '--help'])).stdout).toContain(
      'creds aws --role invoice-reader --on aws/prod',
    );
    await hold();
    expect((await home.run(['--profile', 'default', ...CREDS])).code).toBe(0);
  });
});
