import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { stopLeftoverClouds } from '../e2e/demo-process.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';
import { BOUND_MS, endOf, untilRefused, type Outcome } from './refusal.ts';

/**
 * The real `aws` command with a person's own long-term key, against a demo of its own: what she may do changes, and nothing is handed
 * out. Each test stands on the ones before it.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORLD = join(ROOT, 'examples/acme/clouds/aws.json');
const LIST = ['s3', 'ls', 's3://acme-exports'];

let home: string;
let env: Record<string, string>;
let demo: ChildProcess;
let port: number;
let own: Record<string, string>;

function run(file: string, args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...env, ...more }, cwd: ROOT, encoding: 'utf8' as const, timeout: 60_000 };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}

const curfew = (...args: readonly string[]) => run('./bin/curfew', args);
const aws = (...args: readonly string[]) => run('aws', args, own);

function startDemo(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['src/cli/demo/main.ts', '--port', String(port)], {
    cwd: ROOT,
    env: { ...env, CURFEW_DATA_DIR: join(home, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('Ctrl-C stops everything')) resolve(child);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
}

function cloud(): { readonly pid: number; readonly url: string } | null {
  const file = join(home, 'data/aws/running.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number; url: string }) : null;
}

/** Runs until the outcome is as wanted, or the time is over; gives the last outcome back. */
async function eventually(
  work: () => Promise<Outcome>,
  wanted: (outcome: Outcome) => boolean,
  withinMs: number,
): Promise<Outcome> {
  const until = Date.now() + withinMs;
  for (;;) {
    const outcome = await work();
    if (wanted(outcome) || Date.now() > until) return outcome;
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A new grant of export-checker for ana, approved by bo. */
async function obtain(duration: string): Promise<{ request: string; grant: string }> {
  const what = [
    'export-checker',
    '--on',
    'aws/prod',
    '--for',
    duration,
    '--reason',
    'The export of last night is short',
  ];
  const asked = await curfew('request', ...what, '--json');
  const { id } = JSON.parse(asked.stdout) as { id: string };
  expect(await curfew('--profile', 'bo', 'approve', id)).toMatchObject({ code: 0 });
  const waited = await curfew('wait', id, '--timeout', '20s', '--json');
  expect(waited).toMatchObject({ code: 0 });
  const { grants } = JSON.parse(waited.stdout) as { grants: { id: string }[] };
  return { request: id, grant: grants[0]?.id ?? '' };
}

const works = ({ code }: Outcome): boolean => code === 0;

describe.skipIf(!hasAws())("a person's own key and the real aws command (skipped where aws is not on the PATH)", () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'curfew-timed-'));
    copyDatabaseTo(join(home, 'data'));
    port = await freePorts(5);
    env = {
      HOME: home,
      PATH: process.env['PATH'] ?? '',
      CURFEW_SERVER: `http://localhost:${port}`,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_PAGER: '',
    };
    demo = await startDemo();
    const world = JSON.parse(readFileSync(WORLD, 'utf8')) as {
      accounts: { users?: { name: string; accessKeys: { id: string; secret: string }[] }[] }[];
    };
    const key = world.accounts.flatMap(({ users = [] }) => users).find(({ name }) => name === 'ana')?.accessKeys[0];
    own = {
      AWS_ACCESS_KEY_ID: key?.id ?? '',
      AWS_SECRET_ACCESS_KEY: key?.secret ?? '',
      AWS_ENDPOINT_URL: cloud()?.url ?? '',
    };
    expect(await curfew('login', '--as', 'ana')).toMatchObject({ code: 0 });
    expect(await curfew('--profile', 'bo', 'login', '--as', 'bo')).toMatchObject({ code: 0 });
  }, 60_000);

  afterAll(async () => {
    const gone = new Promise((done) => demo.once('exit', done));
    if (demo.exitCode === null && demo.signalCode === null) {
      demo.kill('SIGTERM');
      await gone;
    }
    stopLeftoverClouds(join(home, 'data'));
    rmSync(home, { recursive: true, force: true });
  }, 30_000);

  test('is refused before, works while the grant lives, and is refused right after it is given back', async () => {
    expect((await aws('sts', 'get-caller-identity')).stdout).toContain('user/people/ana');
    expect((await aws(...LIST)).stderr).toContain('AccessDenied');
    const { request, grant } = await obtain('15m');
    expect(await eventually(() => aws(...LIST), works, 5_000)).toMatchObject({ code: 0 });
    const shown = (await curfew('ls')).stdout;
    expect(shown).toContain('arn:aws:iam::444455556666:user/people/ana');
    expect((await curfew('why', request)).stdout).toContain('arn:aws:iam::444455556666:user/people/ana');
    expect(await curfew('done', grant)).toMatchObject({ code: 0 });
    const returnedAt = Date.now();
    expect((await untilRefused(() => aws(...LIST), returnedAt)).askedAt - returnedAt).toBeLessThan(BOUND_MS);
    // What she held before, she holds still.
    expect(await aws('s3', 'ls')).toMatchObject({ code: 0 });
  }, 60_000);

  test('assume runs the command with what the caller has; no credential is handed out by any way', async () => {
    const { grant } = await obtain('15m');
    const command = ['assume', 'export-checker', '--on', 'aws/prod', '--', 'aws', ...LIST];
    const listed = await eventually(() => run('./bin/curfew', command, own), works, 5_000);
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.stderr).toContain('Use your own credentials');
    const printed = await run('./bin/curfew', ['assume', 'export-checker', '--on', 'aws/prod', '--', 'env'], own);
    expect(printed.stdout).toContain(`AWS_ACCESS_KEY_ID=${own['AWS_ACCESS_KEY_ID']}\n`);
    expect(printed.stdout).not.toContain('AWS_SESSION_TOKEN');
    const creds = await curfew('creds', 'aws', '--role', 'export-checker', '--on', 'aws/prod');
    expect(creds).toMatchObject({ stdout: '', stderr: expect.stringContaining('your own IAM user') as string });
    expect(creds.code).not.toBe(0);
    expect(await curfew('done', grant)).toMatchObject({ code: 0 });
  }, 60_000);

  test('with the broker killed it is refused at the end; after a restart the policy is removed and the end is proven', async () => {
    const { grant } = await obtain('12s');
    const endsAt = endOf((await curfew('ls', '--json')).stdout, grant);
    const gone = new Promise((done) => demo.once('exit', done));
    demo.kill('SIGKILL');
    await gone;
    expect(await eventually(() => aws(...LIST), works, 5_000)).toMatchObject({ code: 0 });
    const refusal = await untilRefused(() => aws(...LIST), endsAt);
    // The end stands in whole seconds, rounded down.
    expect(refusal.answeredAt - endsAt).toBeGreaterThan(-1_000);
    expect(refusal.askedAt - endsAt).toBeLessThan(BOUND_MS);
    demo = await startDemo();
    const over = await eventually(
      () => curfew('ls', '--json'),
      ({ stdout }) => /"cause":"expired".*"kind":"by-construction"/.test(stdout),
      25_000,
    );
    expect(over.stdout).toMatch(/"cause":"expired".*"kind":"by-construction"/);
    const state = readFileSync(join(home, 'data/aws/state.json'), 'utf8');
    const { users } = JSON.parse(state) as { users: { name: string; inlinePolicies: object }[] };
    expect(Object.keys(users.find(({ name }) => name === 'ana')?.inlinePolicies ?? {})).toEqual(['own']);
    expect(await curfew('audit', 'verify')).toMatchObject({ code: 0 });
  }, 90_000);
});
