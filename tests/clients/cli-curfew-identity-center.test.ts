import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import { startBroker } from '../../src/main.ts';
import { silentLog } from '../../src/platform/log.ts';
import { portalSession } from '../contract/aws-center-harness.ts';
import { CENTER, OWNED_SET, person, tombstoneWorld } from '../contract/aws-center-world.ts';
import { hubSession } from '../contract/aws-harness.ts';
import { ACCOUNT, BUCKET, EXTERNAL_ID } from '../contract/aws-world.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';

/**
 * Curfew as a person uses it with a role of IAM Identity Center: the real `curfew` and the real `aws`, a whole broker, and the simulated cloud.
 * Each test stands on the ones before it.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READ = ['s3', 'cp', `s3://${BUCKET}/2026-10.csv`, '-', '--only-show-errors'];
const RULES = `kind: role
name: invoice-desk
tier: 3
owner: group:leads
description: Reads the invoices, and is cut off at the end
aws: { method: identity-center, permissionSet: ${OWNED_SET}, tombstone: true }
---
kind: policy
name: desk
who: { groups: [engineers] }
roles: [invoice-desk]
targets: { key: aws/prod }
duration: { default: 10m, max: 1h }
---
kind: role
name: invoice-clerk
tier: 3
owner: group:leads
description: The same, for those whom somebody has to let in
aws: { method: identity-center, permissionSet: ${OWNED_SET}, tombstone: true }
---
kind: policy
name: clerks
who: { groups: [engineers] }
roles: [invoice-clerk]
targets: { key: aws/prod }
duration: { default: 10m, max: 1h }
approval:
  - from: [group:leads]
`;
const DIRECTORY = `kind: directory
people:
  ana: { name: Ana Torres, email: ana@acme.example, accounts: { aws: '${person(1)}' } }
  bo: { name: Bo Lind, email: bo@acme.example, accounts: { aws: '${person(2)}' } }
groups:
  engineers: { description: Those who ask, members: [ana] }
  leads: { description: Those who answer for roles, members: [bo] }
`;
const TARGETS = `kind: targets
targets:
  aws/prod:
    kind: account
    native: '${ACCOUNT}'
    description: The one account of the company
    labels: { env: prod }
    owners: [group:leads]
`;
const PEOPLE = ['ana', 'bo'].map((key) => ({ key, name: key, email: `${key}@acme.example`, title: 'engineer' }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let home: string;
let port: number;
let simulator: AwsSimulator;
let idp: DemoIdp;
let broker: Awaited<ReturnType<typeof startBroker>>;
let env: Record<string, string>;

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

function start() {
  return startBroker({
    config: {
      host: '127.0.0.1',
      port,
      baseUrl: `http://localhost:${port}`,
      databaseUrl: null,
      dataDir: join(home, 'data'),
      rulesDir: join(home, 'rules'),
      logLevel: 'silent',
      signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
      aws: {
        region: 'eu-west-1',
        externalId: EXTERNAL_ID,
        identityCenter: { account: CENTER, region: 'eu-west-1' },
      },
      trustedProxies: [],
      role: 'all',
    },
    log: silentLog,
    demo: { people: PEOPLE, awsEndpoint: simulator.url, awsIdentity: () => hubSession(simulator.url) },
  });
}

async function organization() {
  return (await (await fetch(`${simulator.url}/_sim/organization`)).json()) as {
    readonly identityCenter: {
      readonly permissionSets: readonly { readonly name: string; readonly inlinePolicy: string }[];
    };
  };
}

async function tombstones(): Promise<number> {
  const { permissionSets } = (await organization()).identityCenter;
  return permissionSets.find(({ name }) => name === OWNED_SET)?.inlinePolicy.match(/Curfew[0-9a-f]{24}/g)?.length ?? 0;
}

/** A session that the person got from the portal, as the environment of a command. */
async function session(): Promise<Record<string, string>> {
  const held = await portalSession(simulator.url, person(1), OWNED_SET);
  if (held === null) throw new Error('the portal gives no session');
  const { accessKeyId, secretAccessKey, sessionToken = '' } = held.secret;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_ENDPOINT_URL: simulator.url,
  };
}

async function eventually<T>(look: () => Promise<T>, wanted: (seen: T) => boolean, withinMs: number): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (wanted(seen) || Date.now() > until) return seen;
    await new Promise((done) => setTimeout(done, 200));
  }
}

describe.skipIf(!hasAws())(
  'a role of IAM Identity Center with the real commands (skipped where aws is not on the PATH)',
  () => {
    let saved: Record<string, string>;

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'curfew-desk-'));
      copyDatabaseTo(join(home, 'data'));
      mkdirSync(join(home, 'rules'));
      for (const [name, text] of [
        ['rules.yaml', RULES],
        ['directory.yaml', DIRECTORY],
        ['targets.yaml', TARGETS],
      ] as const)
        writeFileSync(join(home, 'rules', name), text);
      port = await freePorts(2);
      simulator = await startAwsSimulator({ port: 0, world: tombstoneWorld });
      const clientRedirects = [`http://localhost:${port}/sign-in/callback`];
      idp = await startDemoIdp({ port: port + 1, people: PEOPLE, clientRedirects });
      broker = await start();
      env = {
        HOME: home,
        PATH: process.env['PATH'] ?? '',
        CURFEW_SERVER: `http://localhost:${port}`,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_DEFAULT_REGION: 'eu-west-1',
        AWS_PAGER: '',
      };
      expect(await curfew('login', '--as', 'ana')).toMatchObject({ code: 0 });
    }, 60_000);

    afterAll(async () => {
      await broker.close();
      await idp.close();
      await simulator.close();
      rmSync(home, { recursive: true, force: true });
    }, 30_000);

    test('approvers read what becomes of open sessions before anybody agrees', async () => {
      const asked = await curfew('request', 'invoice-clerk', '--on', 'aws/prod', '--reason', 'Look', '--json');
      const { id } = JSON.parse(asked.stdout) as { id: string };
      const bo = (...args: readonly string[]) => curfew('--profile', 'bo', ...args);
      expect(await bo('login', '--as', 'bo')).toMatchObject({ code: 0 });
      const said = /sessions that began before it too[\s\S]*policy of the set is full/;
      const card = (await bo('why', id)).stdout;
      expect(card).toContain('pending');
      expect(card).toMatch(said);
      expect(card).toMatch(/put a denial from then on/);
      expect((await bo('ls', '--waiting')).stdout).toMatch(said);
      expect(await bo('deny', id, '--comment', 'It was to be read')).toMatchObject({ code: 0 });
    }, 60_000);

    test('assume asks, waits for the access, says where it lands, and runs the command with what the caller has', async () => {
      const words = ['assume', 'invoice-desk', '--on', 'aws/prod', '--reason', 'The books are due', '--timeout', '50s'];
      const first = await run('./bin/curfew', [...words, '--', 'env'], { AWS_PROFILE: 'mine' });
      expect(first).toMatchObject({ code: 0 });
      expect(first.stderr).toContain(`${person(1)} in IAM Identity Center, ${OWNED_SET} in ${ACCOUNT}`);
      expect(first.stderr).toContain('aws sso login');
      expect(first.stdout).toMatch(/^CURFEW_GRANT=grt_/m);
      expect(first.stdout).toContain('AWS_PROFILE=mine\n');
      expect(first.stdout).not.toMatch(/AWS_(ACCESS_KEY_ID|SECRET|SESSION)/);
      saved = await session();
      const second = await run(
        './bin/curfew',
        ['assume', 'invoice-desk', '--on', 'aws/prod', '--', 'aws', ...READ],
        saved,
      );
      expect(second).toMatchObject({ code: 0, stdout: 'invoice,amount\n' });
      const creds = await curfew('creds', 'aws', '--role', 'invoice-desk', '--on', 'aws/prod');
      expect(creds).toMatchObject({ stdout: '', stderr: expect.stringContaining('aws sso login') as string });
      expect(creds.code).not.toBe(0);
    }, 90_000);

    test('the grant says which residual holds for it', async () => {
      const { stdout } = await curfew('ls', '--json');
      expect(stdout).toMatch(/"residual":\{"maxMs":5000,"words":"At the end AWS refuses every call of every session/);
      expect(await tombstones()).toBe(1);
    }, 30_000);

    test('given back, a session that was saved is refused within seconds', async () => {
      const [grant] = (JSON.parse((await curfew('ls', '--json')).stdout) as { grants: { id: string }[] }).grants;
      expect(await curfew('done', grant?.id ?? '')).toMatchObject({ code: expect.any(Number) as number });
      const refused = await eventually(
        () => run('aws', READ, saved),
        ({ code }) => code !== 0,
        30_000,
      );
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/403|Forbidden|AccessDenied/) as string });
    }, 90_000);
  },
);
