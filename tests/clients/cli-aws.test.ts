import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopLeftoverClouds } from '../e2e/demo-process.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';
import { BOUND_MS, endOf, untilRefused, type Outcome } from './refusal.ts';

/**
 * The walk-through of the README with the real `aws` command against a demo of its own: what a new user types, in that order.
 * Each test stands on the ones before it.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CURFEW = join(ROOT, 'bin/curfew');
const LIST = ['aws', 's3', 'ls', 's3://acme-invoices'];

let home: string;
let env: Record<string, string>;
let demo: ChildProcess;
let port: number;
let request: string;
let saved: Record<string, string>;

function run(file: string, args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, [...args], { env: { ...env, ...more }, cwd: ROOT, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}

const curfew = (...args: readonly string[]) => run('./bin/curfew', args);

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
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** A new grant of invoice-reader for ana, approved by bo; its id. */
async function obtain(duration: string): Promise<string> {
  const asked = await curfew(
    'request',
    'invoice-reader',
    '--on',
    'aws/prod',
    '--for',
    duration,
    '--reason',
    'Check the invoice export',
    '--json',
  );
  const { id } = JSON.parse(asked.stdout) as { id: string };
  await curfew('--profile', 'bo', 'approve', id);
  const waited = await curfew('wait', id, '--timeout', '20s', '--json');
  expect(waited).toMatchObject({ code: 0 });
  return (JSON.parse(waited.stdout) as { grants: { id: string }[] }).grants[0]?.id ?? '';
}

/** The credentials as a thief would keep them: without the expiry, on which `aws` itself would give up. */
async function save(): Promise<Record<string, string>> {
  const printed = await curfew('assume', 'invoice-reader', '--on', 'aws/prod', '--', 'env');
  const kept = printed.stdout.split('\n').filter((line) => /^AWS_(?!CREDENTIAL_EXPIRATION)/.test(line));
  return Object.fromEntries(kept.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe.skipIf(!hasAws())('the walk-through with the real aws command (skipped where aws is not on the PATH)', () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'curfew-client-'));
    port = await freePorts(5);
    // Without the test runner's own environment: a user has none of it.
    env = {
      HOME: home,
      PATH: process.env['PATH'] ?? '',
      CURFEW_SERVER: `http://localhost:${port}`,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    };
    demo = await startDemo();
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

  test('ana signs in and finds the role', async () => {
    expect(await curfew('login', '--as', 'ana')).toMatchObject({ code: 0 });
    expect((await curfew('search', 'invoice')).stdout).toMatch(/invoice-reader +aws\/prod/);
  });

  test('she asks, and the answer is a pending request as JSON', async () => {
    const asked = await curfew(
      'request',
      'invoice-reader',
      '--on',
      'aws/prod',
      '--for',
      '15m',
      '--reason',
      'Check the invoice export',
      '--json',
    );
    expect(asked.stdout).toMatch(/^\{"id":"req_[a-z2-7]{20}","status":"pending",/);
    request = (JSON.parse(asked.stdout) as { id: string }).id;
  });

  test('she cannot approve it herself; bo can', async () => {
    expect((await curfew('approve', request)).code).toBe(3);
    expect(await curfew('--profile', 'bo', 'login', '--as', 'bo')).toMatchObject({ code: 0 });
    expect(await curfew('--profile', 'bo', 'approve', request)).toMatchObject({ code: 0 });
  });

  test('assume runs aws, which can do what the role says and nothing else', async () => {
    const listed = await curfew('assume', 'invoice-reader', '--on', 'aws/prod', '--', ...LIST);
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.stdout).toContain('2026-10.csv');
    const removed = await curfew(
      'assume',
      'invoice-reader',
      '--on',
      'aws/prod',
      '--',
      'aws',
      's3',
      'rm',
      's3://acme-invoices/2026-10.csv',
    );
    expect(removed.code).not.toBe(0);
    expect(removed.stderr).toContain('AccessDenied');
  });

  test('a profile in ~/.aws/config works with no further step', async () => {
    expect(await curfew('aws-profile', 'invoice-reader', '--on', 'aws/prod', '--write')).toMatchObject({ code: 0 });
    expect(readFileSync(join(home, '.aws/config'), 'utf8')).toContain(
      `credential_process = ${ROOT}bin/curfew creds aws`,
    );
    const [aws = '', ...words] = LIST;
    const listed = await run(aws, words, { AWS_PROFILE: 'curfew-invoice-reader-prod' });
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.stdout).toContain('2026-10.csv');
  });

  test('ls, why and doctor', async () => {
    expect((await curfew('ls')).stdout).toMatch(/invoice-reader on aws\/prod +active, ends in 14m/);
    expect((await curfew('why', request)).stdout).toContain('What happened');
    expect(await curfew('doctor')).toMatchObject({ code: 0 });
  });

  test('done ends it: credentials that were saved before are refused within five seconds', async () => {
    saved = await save();
    const [aws = '', ...words] = LIST;
    expect((await run(aws, words, saved)).code).toBe(0);
    expect(await curfew('done')).toMatchObject({ code: 0 });
    const returnedAt = Date.now();
    const refusal = await untilRefused(() => run(aws, words, saved), returnedAt);
    expect(refusal.askedAt - returnedAt).toBeLessThan(BOUND_MS);
    expect(refusal.stderr).toContain('AccessDenied');
    const without = await run(aws, words, { AWS_PROFILE: 'curfew-invoice-reader-prod' });
    expect(without.code).not.toBe(0);
    expect(without.stderr).toContain(
      `${CURFEW} request invoice-reader --on aws/prod --reason 'why you need it' --wait`,
    );
  });

  test('the log holds', async () => {
    const verified = await curfew('audit', 'verify');
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain('The log holds.');
  });

  test('with the broker killed, credentials are refused at the end of their grant; after a restart the log holds', async () => {
    const grant = await obtain('15s');
    const endsAt = endOf((await curfew('ls', '--json')).stdout, grant);
    saved = await save();
    const [aws = '', ...words] = LIST;
    const gone = new Promise((done) => demo.once('exit', done));
    demo.kill('SIGKILL');
    await gone;
    expect((await run(aws, words, saved)).code).toBe(0);
    const refusal = await untilRefused(() => run(aws, words, saved), endsAt);
    // The end stands in whole seconds, rounded down.
    expect(refusal.answeredAt - endsAt).toBeGreaterThan(-1_000);
    expect(refusal.askedAt - endsAt).toBeLessThan(BOUND_MS);
    expect(refusal.stderr).toMatch(/AccessDenied|ExpiredToken/);
    demo = await startDemo();
    // The proof takes as long as a session may take to be refused everywhere; that it is ending is known at once.
    const over = await eventually(
      () => curfew('ls', '--json'),
      ({ stdout }) => stdout.includes('"cause":"expired"'),
      15_000,
    );
    expect(over.stdout).toContain('"cause":"expired"');
    expect(over.stdout).not.toContain('"status":"active"');
    expect(await curfew('audit', 'verify')).toMatchObject({ code: 0 });
  });
});
