import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import { ADMIN } from '../contract/aws-center-harness.ts';
import { CENTER, LEASES, OWNED_SET, PERMISSION_SET, person, tombstoneWorld } from '../contract/aws-center-world.ts';
import { post } from '../contract/aws-harness.ts';
import { ACCOUNT, BROKER_ROLE, BUCKET, EXTERNAL_ID, HUB } from '../contract/aws-world.ts';
import {
  sweeperAssignmentPermissions,
  sweeperHubPolicy,
  sweeperTrust,
} from '../../src/providers/aws/sweep-permissions.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import type { WorldDescription } from '../../simulators/aws/world.ts';
import { environment, type Json } from './aws-identity-center-cloud.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';
import type { Outcome } from './refusal.ts';

/**
 * The real `aws` command with what the portal of Identity Center gives a person, while the broker that gave the access is killed: rules,
 * database, engine and log with it, so that nobody of ours is left to end it. The cloud is slow as by default, and its schedules as late as
 * they ever are; its clock is moved so that a minute takes no minute.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** So long before an end something is tried that must still work. The cloud's clock goes on meanwhile, and a busy machine starts `aws` in ten seconds. */
const SOON_MS = 25_000;

/** How long a session of the permission set lives, which is what may outlive an end. */
const SESSION_MS = 3_600_000;

/** Somebody else's role in the account, which reads all the time. */
const DEPLOYER = `arn:aws:iam::${ACCOUNT}:role/deployer`;

/** The sweeper as infra/aws makes it: its own role in the hub, and the one it takes where Identity Center is administered. */
const SWEEPER = `arn:aws:iam::${HUB}:role/curfew/curfew-sweeper`;
const THERE = `arn:aws:iam::${CENTER}:role/curfew/curfew-sweeper`;
const names = { partition: 'aws', account: CENTER, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID };
const anybody = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const swept = { name: 'curfew-sweeper', path: '/curfew/' };
const sweepers: Readonly<Record<string, object>> = {
  [HUB]: { ...swept, trustPolicy: anybody, inlinePolicies: { hub: sweeperHubPolicy(names, LEASES) } },
  [CENTER]: {
    ...swept,
    trustPolicy: sweeperTrust(SWEEPER, EXTERNAL_ID),
    inlinePolicies: { assignments: sweeperAssignmentPermissions(names) },
  },
};
const world = {
  ...tombstoneWorld,
  accounts: tombstoneWorld.accounts.map((one) => {
    const sweeper = sweepers[one.id];
    return sweeper === undefined ? one : { ...one, roles: [...(one.roles ?? []), sweeper] };
  }),
} as WorldDescription;

let simulator: AwsSimulator;
let home: string;
let offsetMs = 0;
let port: number;
let broker: ChildProcess | null = null;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'curfew-center-'));
  writeFileSync(join(home, 'aws-config'), '[default]\ns3 =\n  signature_version = s3v4\n');
  port = await freePorts(2);
  const settings = { fireDelayMs: [59_000, 59_000] } as const;
  simulator = await startAwsSimulator({ port: 0, world, settings });
});

beforeEach(async () => {
  offsetMs = 0;
  await pass(0);
});

afterAll(async () => {
  await killed();
  await simulator.close();
  rmSync(home, { recursive: true, force: true });
});

const cloudNow = (): number => Date.now() + offsetMs;

async function pass(ms: number): Promise<void> {
  offsetMs += ms;
  await post(simulator.url, 'clock', { offsetMs });
}

function run(file: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, [...words], { env, cwd: ROOT, encoding: 'utf8', timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}

function aws(words: readonly string[], keys: Readonly<Record<string, string>>): Promise<Outcome> {
  const env = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    AWS_ENDPOINT_URL: simulator.url,
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
    ...keys,
  };
  return run('aws', words, env);
}

/** New credentials of the permission set, as `aws sso` asks the portal for them. */
async function session(
  who = 1,
  set = PERMISSION_SET,
): Promise<{ readonly keys: Record<string, string> | null; readonly said: string }> {
  const { accessToken } = (await post(simulator.url, 'sso-token', { userName: person(who) })) as Record<string, string>;
  const words = ['sso', 'get-role-credentials', '--access-token', String(accessToken)];
  const { code, stdout, stderr } = await aws([...words, '--role-name', set, '--account-id', ACCOUNT], {});
  if (code !== 0) return { keys: null, said: stderr };
  return { keys: environment((JSON.parse(stdout) as { roleCredentials: Json }).roleCredentials), said: '' };
}

/** Keys of a role as its platform gives them to whoever runs as it, for longer than any session of a person. */
async function keysOf(roleArn: string): Promise<Record<string, string>> {
  return environment((await post(simulator.url, 'session', { roleArn, durationSeconds: 14_400 })) as Json);
}

const read = (keys: Record<string, string>) =>
  aws(['s3', 'cp', `s3://${BUCKET}/2026-10.csv`, '-', '--only-show-errors'], keys);

/**
 * A question that the real `aws` signs now and that is asked later: `aws` has no other clock than the machine's, and an hour after it AWS
 * would refuse everything that is signed by it. A signature in a URL holds for as long as it says; AWS looks at the session when it is used.
 */
async function signed(keys: Record<string, string>): Promise<() => Promise<{ status: number; said: string }>> {
  const hours = ['--expires-in', '14400'];
  // Unless it is told to, `aws` 1 signs URLs in a way that AWS has given up.
  const config = { AWS_CONFIG_FILE: join(home, 'aws-config') };
  const { code, stdout } = await aws(['s3', 'presign', `s3://${BUCKET}/2026-10.csv`, ...hours], { ...keys, ...config });
  expect(code).toBe(0);
  return async () => {
    const answer = await fetch(stdout.trim());
    return { status: answer.status, said: await answer.text() };
  };
}

/** Starts the broker anew, with nothing behind it; its folder. */
async function serving(): Promise<string> {
  await killed();
  const folder = mkdtempSync(join(home, 'broker-'));
  copyDatabaseTo(join(folder, 'data'));
  const args = ['tests/clients/identity-center-broker.ts', String(port), folder, simulator.url];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  broker = child;
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('serving')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}: ${said}`)));
  });
  return folder;
}

/** Gives somebody access through the broker, by the command line, and answers when it ends. */
async function given(who: string, role: string, lasts: string): Promise<number> {
  const env = { HOME: join(home, who), PATH: process.env['PATH'] ?? '', CURFEW_SERVER: `http://localhost:${port}` };
  const curfew = (...args: readonly string[]) => run('./bin/curfew', args, env);
  mkdirSync(env.HOME, { recursive: true });
  expect(await curfew('login', '--as', who)).toMatchObject({ code: 0 });
  const asked = ['request', role, '--on', 'aws/prod', '--reason', 'The books are due', '--for', lasts, '--wait'];
  expect(await curfew(...asked)).toMatchObject({ code: 0 });
  const { grants } = JSON.parse((await curfew('ls', '--json')).stdout) as {
    grants: { role: string; endsAt: string }[];
  };
  return Date.parse(grants.find((one) => one.role === role)?.endsAt ?? '');
}

/** One run of the real sweeper, which has the keys of its role and the public key of the broker, and nothing else of it. */
async function sweep(key: string): Promise<Outcome> {
  const words = ['sweep', '--provider', 'aws', '--bucket', LEASES, '--identity-center-role-arn', THERE, '--key', key];
  const there = ['--region', 'eu-west-1', '--endpoint', simulator.url, '--allow-custom-endpoint'];
  const keys = { ...(await keysOf(SWEEPER)), CURFEW_AWS_EXTERNAL_ID: EXTERNAL_ID };
  return run('./bin/curfew', [...words, ...there], { HOME: home, PATH: process.env['PATH'] ?? '', ...keys });
}

async function killed(): Promise<void> {
  const child = broker;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

describe.skipIf(!hasAws())('identity-center and the real aws command (skipped where aws is not on the PATH)', () => {
  test('with the broker killed, all that it knew deleted, and its schedule taken away, the sweeper ends it by the lease', async () => {
    const folder = await serving();
    const endsAt = await given('cy', 'invoice-visit', '2m');
    await killed();
    const key = createEndSigner(readFileSync(join(folder, 'data/keys/ends.pem'), 'utf8')).publicKey;
    rmSync(folder, { recursive: true });
    const admin = await keysOf(ADMIN);
    const { Schedules } = JSON.parse((await aws(['scheduler', 'list-schedules'], admin)).stdout) as {
      Schedules: { Name: string }[];
    };
    for (const { Name } of Schedules)
      expect(await aws(['scheduler', 'delete-schedule', '--name', Name], admin)).toMatchObject({ code: 0 });
    await pass(endsAt + 70_000 - cloudNow());
    // Nobody of AWS's ends it any more.
    expect((await session(2)).keys).not.toBeNull();
    const done = await sweep(key);
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining(' 1 ended') as string });
    expect(done.stdout).toMatch(new RegExp(`^ended +${ACCOUNT} .*The assignment was deleted, and is gone`, 'm'));
    expect(await session(2)).toMatchObject({
      keys: null,
      said: expect.stringContaining('ForbiddenException') as string,
    });
  }, 120_000);

  test('with the broker killed before the end, no new session begins after the minute of the schedule and the seconds of the removal; one that was saved goes on, as said, and is refused an hour after it began', async () => {
    expect((await session()).said).toContain('ForbiddenException');
    await serving();
    const endsAt = await given('ana', 'invoice-visit', '2m');
    const saved = await session();
    expect(saved.keys).not.toBeNull();
    expect(await read(saved.keys ?? {})).toMatchObject({ code: 0, stdout: 'invoice,amount\n' });
    await killed();
    await pass(endsAt - cloudNow() - SOON_MS);
    const last = await session();
    const lastAt = cloudNow();
    expect(lastAt).toBeLessThan(endsAt);
    const [reading, control] = await Promise.all([signed(last.keys ?? {}), signed(await keysOf(DEPLOYER))]);
    // The schedule fires within a minute, and the removal takes AWS up to four seconds more.
    await pass(endsAt + 60_000 - cloudNow());
    await pass(4_000);
    const late = await session();
    expect(late).toMatchObject({ keys: null, said: expect.stringContaining('ForbiddenException') as string });
    expect(await reading()).toEqual({ status: 200, said: 'invoice,amount\n' });
    await pass(lastAt + SESSION_MS - cloudNow());
    expect(cloudNow()).toBeLessThan(endsAt + SESSION_MS);
    expect(await reading()).toMatchObject({ status: 400, said: expect.stringContaining('ExpiredToken') as string });
    expect(await control()).toMatchObject({ status: 200 });
  }, 90_000);

  test('with tombstone: true and the broker killed before the end, a saved session is refused at the end, to the second; another person’s goes on', async () => {
    await serving();
    const other = await given('cy', 'invoice-desk', '10m');
    const endsAt = await given('ana', 'invoice-desk', '2m');
    const [saved, neighbour] = [await session(1, OWNED_SET), await session(2, OWNED_SET)];
    expect([saved.keys, neighbour.keys]).not.toContain(null);
    expect(await read(saved.keys ?? {})).toMatchObject({ code: 0, stdout: 'invoice,amount\n' });
    await killed();
    // Seconds before the end it still works, or the refusal after it would say nothing.
    await pass(Math.max(0, endsAt - cloudNow() - SOON_MS));
    expect(await read(saved.keys ?? {})).toMatchObject({ code: 0 });
    expect(cloudNow()).toBeLessThan(endsAt);
    await pass(Math.max(0, endsAt - cloudNow()));
    expect(await read(saved.keys ?? {})).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/403|Forbidden|AccessDenied/) as string,
    });
    // Sessions that the portal still gives until the schedule has fired are worth as little.
    const late = await session(1, OWNED_SET);
    if (late.keys !== null) expect(await read(late.keys)).toMatchObject({ code: 1 });
    expect(other).toBeGreaterThan(cloudNow());
    expect(await read(neighbour.keys ?? {})).toMatchObject({ code: 0 });
  }, 120_000);
});
