import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('doctor', () => {
  const checks = async (): Promise<Record<string, string>> => {
    const outcome = await home.run(['doctor', '--json']);
    const { checks: found } = JSON.parse(outcome.stdout) as { checks: { name: string; status: string }[] };
    return { exit: String(outcome.code), ...Object.fromEntries(found.map((one) => [one.name, one.status])) };
  };

  test('finds nothing where nothing is wrong', async () => {
    expect(await checks()).toEqual({
      exit: '0',
      server: 'ok',
      version: 'ok',
      clock: 'ok',
      ready: 'ok',
      'sign-in': 'ok',
      policy: 'ok',
      clouds: 'skipped',
    });
  });

  test('shows whoever owns a target what Curfew misses in the cloud, with the command that mends it', async () => {
    const well = { target: 'aws', ok: true, message: 'The broker acts as curfew-broker.' };
    server.state.cloudFindings = [well];
    expect((await home.run(['doctor'])).stdout).toMatch(/clouds +nothing is missing \(1 checks\)/);
    const fix = "aws iam create-role --role-name curfew-provisioner --assume-role-policy-document '{}'";
    server.state.cloudFindings.push({ target: 'aws/prod', ok: false, message: 'curfew-provisioner is missing', fix });
    expect(await checks()).toMatchObject({ exit: '1', 'aws/prod': 'problem' });
    const words = await home.run(['doctor']);
    expect(words.stdout).toContain('curfew-provisioner is missing');
    expect(words.stderr).toContain(`aws/prod: ${fix}`);
  });

  test('sees a wrong clock, another version, refused rules, a server that is not ready, a login that is over', async () => {
    server.state.clockOffsetMs = 600_000;
    server.state.version = '9.9.9';
    server.state.policyProblems = [{ file: 'a.yaml', line: 3, column: 1, message: 'Unknown key "rolles".' }];
    server.state.override = {
      match: 'GET /readyz',
      status: 503,
      body: { status: 'not-ready', checks: { database: { ok: false } } },
      once: false,
    };
    expect(await checks()).toEqual({
      exit: '1',
      server: 'ok',
      version: 'warning',
      clock: 'problem',
      ready: 'problem',
      'sign-in': 'ok',
      policy: 'problem',
      clouds: 'skipped',
    });
    const words = await home.run(['doctor']);
    expect(words.stdout).toMatch(/this machine is (599|600|601)\.\d s behind the server/);
    expect(words.stdout).toContain('not ready: database');
    await home.run(['logout']);
    expect((await checks())['sign-in']).toBe('problem');
  });

  test('says when there is no server, and when it is something else', async () => {
    server.state.override = { match: 'GET /.well-known', status: 200, body: { hello: 'world' }, once: false };
    expect((await home.run(['doctor'])).stdout).toContain('is not Curfew');
    await server.close();
    expect((await home.run(['doctor'])).code).toBe(1);
    server = await startFakeServer();
  });
});

test('policy status exits 1 when newer rules were refused, and says where and why', async () => {
  server.state.policyWarnings = [{ file: 'policies/lab.yaml', line: 9, column: 1, message: 'Matches no target.' }];
  const suspicious = await home.run(['policy', 'status']);
  expect(suspicious.code).toBe(0);
  expect(suspicious.stdout).toContain('policies/lab.yaml:9:1  Matches no target.');
  server.state.policyProblems = [
    {
      file: 'policies/data.yaml',
      line: 12,
      column: 5,
      message: 'Unknown key "rolles".',
      hint: 'Did you mean "roles"?',
    },
  ];
  const outcome = await home.run(['policy', 'status']);
  expect(outcome.code).toBe(1);
  expect(outcome.stdout).toContain('policies/data.yaml:12:5  Unknown key "rolles".');
});

test('policy status names accounts that are claimed where the server does, and is content where it does not', async () => {
  server.state.policyDirectory = { sources: [] };
  expect(await home.run(['policy', 'status'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('up to date'),
  });
  const conflict = {
    account: `lnk_${'c'.repeat(20)}`,
    person: 'ana',
    claimedBy: 'bo',
    since: '2026-11-21T05:00:00.000Z',
  };
  server.state.policyDirectory = { sources: [], conflicts: [conflict] };
  const outcome = await home.run(['policy', 'status']);
  expect(outcome).toMatchObject({ code: 1, stdout: expect.stringMatching(/lnk_c+ .*bo claims an account of ana/) });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('the script for %s names the commands and their flags', async (shell) => {
    const { code, stdout } = await home.run(['completion', shell]);
    expect(code).toBe(0);
    for (const word of ['assume', 'aws-profile', 'reason']) expect(stdout).toContain(word);
  });

  test('bash completes commands, their subcommands and flags', async () => {
    const { stdout } = await home.run(['completion', 'bash']);
    const complete = (...words: string[]) =>
      execFileSync(
        'bash',
        [
          '-c',
          `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _curfew; echo "\${COMPREPLY[@]}"`,
        ],
        { encoding: 'utf8' },
      ).trim();
    expect(complete('curfew', 'req')).toBe('request');
    expect(complete('curfew', '--profile', 'bo', 'audit', '')).toContain('verify');
    expect(complete('curfew', 'request', '--rea')).toBe('--reason');
    expect(complete('curfew', 'assume', 'x', '--', '--')).toBe('');
  });

  test('another shell is refused', async () => {
    expect((await home.run(['completion', 'tcsh'])).code).toBe(2);
  });
});

describe('the launcher', () => {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const launcher = join(root, 'bin/curfew');
  const run = (path: string, args: string[], env: Record<string, string> = {}, cwd = tmpdir()) => {
    const { status, stdout, stderr } = spawnSync(path, args, {
      encoding: 'utf8',
      cwd,
      env: { ...home.env, ...env, CURFEW_CALLED_AS: '' },
    });
    return { status, stdout, stderr };
  };

  test('works by absolute path, relative path, link to a link, and on the PATH, from any folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'curfew link-'));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(launcher, join(folder, 'first'));
    symlinkSync('../first', join(folder, 'bin', 'curfew'));
    const version = { status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' };
    expect(run(launcher, ['--version'])).toEqual(version);
    expect(run('./bin/curfew', ['--version'], {}, root)).toEqual(version);
    expect(run(join(folder, 'bin', 'curfew'), ['--version'])).toEqual(version);
    const path = `${join(folder, 'bin')}:/usr/bin:/bin`;
    expect(run('/bin/sh', ['-c', 'curfew --version'], { PATH: path })).toEqual(version);
    expect(run('/bin/sh', ['-c', 'curfew ls --profile nobody'], { PATH: path }).stderr).toContain(
      '-> curfew --profile nobody login',
    );
    rmSync(folder, { recursive: true });
  });

  test('keeps compiled code in the cache folder of the user alone', () => {
    run(launcher, ['--version']);
    expect(readdirSync(join(home.path, 'cache/curfew')).includes('compiled')).toBe(true);
    expect(run(launcher, ['--version'], { XDG_CACHE_HOME: 'relative/x', HOME: '' }).status).toBe(0);
    expect(existsSync(join(tmpdir(), 'relative'))).toBe(false);
  });

  test('passes exit codes and words through', () => {
    expect(run(launcher, ['request', 'a b', "it's", '--for', '1.5y', '--on', 'x'])).toMatchObject({
      status: 2,
      stdout: '',
    });
  });

  test('says what to do when dependencies or Node are missing', () => {
    const copy = mkdtempSync(join(tmpdir(), 'curfew-copy-'));
    cpSync(join(root, 'bin'), join(copy, 'bin'), { recursive: true });
    const path = join(copy, 'bin', 'curfew');
    expect(run(path, ['ls'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(`cd '${copy}' && npm ci`) as string,
    });
    mkdirSync(join(copy, 'node_modules/commander'), { recursive: true });
    const old = join(copy, 'old-node');
    mkdirSync(old);
    writeFileSync(join(old, 'node'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(old, 'node'), 0o755);
    expect(run(path, ['ls'], { PATH: `${old}:/bin:/usr/bin` })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Node 22.19 or later') as string,
    });
    rmSync(copy, { recursive: true });
  });
});
