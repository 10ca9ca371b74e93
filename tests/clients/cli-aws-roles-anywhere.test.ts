import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import { anywhereWorld } from '../contract/aws-anywhere-harness.ts';
import { newAuthority } from '../contract/authority.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';
import { BOUND_MS, endOf, untilRefused, type Outcome } from './refusal.ts';

/** The real `aws` command on a machine outside AWS, with `curfew creds aws-anywhere` as its credential_process. Each test stands on the ones before it. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READ = ['s3', 'cp', 's3://contract-invoices/2026-10.csv', '-'];
const CREDS = ['creds', 'aws-anywhere', '--role', 'invoice-robot', '--on', 'aws/prod'];

let home: string;
let env: Record<string, string>;
let cloud: AwsSimulator;
let broker: ChildProcess;
let port: number;

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
const aws = (keys: Record<string, string>) => run('aws', READ, keys);

function startBroker(): Promise<ChildProcess> {
  const args = ['tests/clients/anywhere-broker.ts', String(port), home, cloud.url];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}: ${said}`)));
  });
}

async function stopBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (broker.exitCode !== null || broker.signalCode !== null) return;
  const gone = new Promise((done) => broker.once('exit', done));
  broker.kill(signal);
  await gone;
}

/** A new grant, which the rules give by themselves. */
async function obtain(duration: string): Promise<string> {
  const what = [
    'request',
    'invoice-robot',
    '--on',
    'aws/prod',
    '--for',
    duration,
    '--reason',
    'nightly job',
    '--wait',
    '--json',
  ];
  const asked = await curfew(...what);
  expect(asked).toMatchObject({ code: 0 });
  const { grants } = JSON.parse(asked.stdout) as { grants: { id: string }[] };
  return grants[0]?.id ?? '';
}

async function saved(): Promise<Record<string, string>> {
  const printed = await curfew(...CREDS);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  const { AccessKeyId, SecretAccessKey, SessionToken, ...rest } = JSON.parse(printed.stdout) as Record<string, string>;
  expect(Object.keys(rest).sort()).toEqual(['Expiration', 'Version']);
  return {
    AWS_ACCESS_KEY_ID: AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: SessionToken ?? '',
  };
}

describe.skipIf(!hasAws())(
  'a machine outside AWS and the real aws command (skipped where aws is not on the PATH)',
  () => {
    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'curfew-anywhere-'));
      copyDatabaseTo(join(home, 'data'));
      const { pem, certificate } = await newAuthority();
      writeFileSync(join(home, 'ca.pem'), pem, { mode: 0o600 });
      const settings = { rolesAnywhereCallsPerSecond: 0 };
      cloud = await startAwsSimulator({ port: 0, world: anywhereWorld(certificate), iamDelayMs: 500, settings });
      port = await freePorts(2);
      env = {
        HOME: home,
        PATH: process.env['PATH'] ?? '',
        CURFEW_SERVER: `http://localhost:${port}`,
        AWS_ENDPOINT_URL: cloud.url,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_DEFAULT_REGION: 'eu-west-1',
        AWS_PAGER: '',
        AWS_MAX_ATTEMPTS: '1',
      };
      broker = await startBroker();
      expect(await curfew('login', '--as', 'ana')).toMatchObject({ code: 0 });
    }, 60_000);

    afterAll(async () => {
      await stopBroker('SIGTERM');
      await cloud.close();
      rmSync(home, { recursive: true, force: true });
    }, 30_000);

    test('as credential_process it reads; the key stays here; after it was given back it is refused', async () => {
      const grant = await obtain('15m');
      const config = join(home, 'aws-config');
      writeFileSync(config, `[profile robot]\ncredential_process = ${join(ROOT, 'bin/curfew')} ${CREDS.join(' ')}\n`);
      expect(await run('aws', ['--profile', 'robot', ...READ], { AWS_CONFIG_FILE: config })).toMatchObject({ code: 0 });
      const keys = await saved();
      const folder = join(home, '.cache/curfew/creds');
      const holder = readdirSync(folder).find((name) => name.endsWith('.holder')) ?? '';
      expect(statSync(join(folder, holder)).mode & 0o077).toBe(0);
      const { privateKey } = JSON.parse(readFileSync(join(folder, holder), 'utf8')) as { privateKey: string };
      expect(privateKey).toContain('PRIVATE KEY');
      const log = await (await fetch(`${cloud.url}/_sim/journal`)).text();
      expect(log).toContain('CreateSession');
      expect(await curfew('done', grant)).toMatchObject({ code: 0 });
      const returnedAt = Date.now();
      expect((await untilRefused(() => aws(keys), returnedAt)).askedAt - returnedAt).toBeLessThan(BOUND_MS);
      // With the certificate itself nothing more is to be had: it stands on the revocation list.
      const after = await curfew(...CREDS);
      expect([after.code === 0, after.stdout]).toEqual([false, '']);
    }, 90_000);

    test('with the broker killed before the end, sessions go on until then and are refused within 5 s of it', async () => {
      const grant = await obtain('25s');
      const keys = await saved();
      const endsAt = endOf((await curfew('ls', '--json')).stdout, grant);
      expect(endsAt - Date.now()).toBeGreaterThan(5_000);
      await stopBroker('SIGKILL');
      expect(await aws(keys)).toMatchObject({ code: 0 });
      const refused = await untilRefused(() => aws(keys), endsAt);
      // The end stands in whole seconds, rounded down.
      expect(refused.answeredAt - endsAt).toBeGreaterThan(-1_000);
      expect(refused.askedAt - endsAt).toBeLessThan(BOUND_MS);
      // Nor does the certificate make another one.
      for (const name of readdirSync(join(home, '.cache/curfew/creds')))
        if (name.endsWith('.json')) rmSync(join(home, '.cache/curfew/creds', name));
      expect(await curfew(...CREDS)).toMatchObject({ stdout: '' });
    }, 120_000);
  },
);
