import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postJson } from '../../src/platform/http.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { makeHome, type Home } from './cli-harness.ts';
import { demoPlace, until, type DemoPlace, type DemoProcess } from './demo-process.ts';

/** Of examples/acme/targets.yaml. */
const SANDBOX = 'a1d3c9b2-7e54-4f06-8b1d-6c2e9f7a4d35';
const BOTH = ['build-log-reader@aws/staging', 'sandbox-contributor@azure/sandbox'];
const WHY = ['--for', '20m', '--reason', 'Compare the build with the sandbox'];
/** What the simulated clouds take to obey, and more. */
const OBEYED_MS = 20_000;

interface Item {
  readonly id: string;
  readonly role: string;
  readonly status: string;
  readonly lastFault: { readonly kind: string } | null;
}

describe('one request for AWS and Azure, in the demo', () => {
  let place: DemoPlace;
  let demo: DemoProcess;
  let home: Home;
  beforeAll(async () => {
    place = await demoPlace();
    copyDatabaseTo(place.dataDir);
    demo = await place.start();
    home = makeHome(demo.url);
    for (const person of ['jan', 'kai', 'lea']) await curfew(person, 'login', '--as', person);
  }, 180_000);
  afterAll(async () => {
    home.remove();
    await place.remove();
  });

  async function curfew(person: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await home.run(['--profile', person, ...args]);
    if (code !== 0) throw new Error(`curfew ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Both items of a request, AWS first, once they are as wanted. */
  async function itemsOf(person: string, request: string, wanted: (aws: Item, azure: Item) => boolean) {
    const [aws, azure] = await until(
      async () => {
        const why = JSON.parse(await curfew(person, 'why', request, '--json')) as { request: { grants: Item[] } };
        return why.request.grants;
      },
      ([one, other]) => one !== undefined && other !== undefined && wanted(one, other),
      OBEYED_MS,
    );
    if (aws === undefined || azure === undefined) throw new Error('a request for two has two grants');
    return { aws, azure };
  }

  async function ask(person: string): Promise<string> {
    return (JSON.parse(await curfew(person, 'request', ...BOTH, ...WHY, '--json')) as { id: string }).id;
  }

  /** What Azure answers to somebody who looks into the subscription with a token of their own. */
  async function onAzure(person: string): Promise<number> {
    const azure = place.cloudUrl('azure');
    const form = { grant_type: 'client_credentials', client_id: person, client_secret: 'demo' };
    const scope = 'https://management.azure.com/.default';
    const body = new URLSearchParams({ ...form, scope });
    const token = await fetch(`${azure}/acme.example/oauth2/v2.0/token`, { method: 'POST', body });
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    const groups = `${azure}/subscriptions/${SANDBOX}/resourceGroups?api-version=2021-04-01`;
    return (await fetch(groups, { headers: { authorization: `Bearer ${bearer}` } })).status;
  }

  interface Keys {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
  }

  async function keysOf(person: string): Promise<Keys> {
    const printed = await curfew(person, 'creds', 'aws', '--role', 'build-log-reader', '--on', 'aws/staging');
    return JSON.parse(printed) as Keys;
  }

  async function onAws(keys: Keys): Promise<string> {
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = keys;
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const at = { endpoint: place.cloudUrl(), region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 };
    const s3 = new S3Client({ ...at, credentials });
    try {
      await s3.send(new ListObjectsV2Command({ Bucket: 'acme-build-logs' }));
      return 'allowed';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    } finally {
      s3.destroy();
    }
  }

  const faults = (waiting: readonly object[]) => postJson(`${place.cloudUrl('azure')}/_sim/faults`, waiting, 5_000);

  test('both are usable, and both are refused after they were given back', async () => {
    expect(await onAzure('jan')).toBe(403);
    const asked = await home.run(['--profile', 'jan', 'request', ...BOTH, ...WHY, '--wait']);
    expect(asked.code, asked.stderr).toBe(0);
    expect(asked.stderr).toContain('assume build-log-reader --on aws/staging -- aws');
    expect(asked.stderr).not.toContain('assume sandbox-contributor');
    const keys = await keysOf('jan');
    expect(await onAws(keys)).toBe('allowed');
    const look = () => onAzure('jan');
    await until(look, (status) => status === 200, OBEYED_MS);
    await curfew('jan', 'done', '--all');
    await until(look, (status) => status === 403, OBEYED_MS);
    await until(
      () => onAws(keys),
      (answer) => answer === 'AccessDenied',
      OBEYED_MS,
    );
  });

  test('curfew assume waits until Azure obeys, as the caller’s own az sees it, and then runs the command', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'curfew-az-'));
    try {
      // Stands for az: asks Resource Manager as Mia, one process for each question.
      const program = [
        `const azure = ${JSON.stringify(place.cloudUrl('azure'))};`,
        "const form = { grant_type: 'client_credentials', client_id: 'mia', client_secret: 'demo', scope: 'https://management.azure.com/.default' };",
        "const token = await (await fetch(azure + '/acme.example/oauth2/v2.0/token', { method: 'POST', body: new URLSearchParams(form) })).json();",
        "const path = process.argv[process.argv.indexOf('--url') + 1];",
        "const answer = await fetch(azure + path, { headers: { authorization: 'Bearer ' + token.access_token } });",
        'process.stdout.write(await answer.text());',
        'process.exitCode = answer.ok ? 0 : 1;',
      ];
      writeFileSync(join(bin, 'az.mjs'), program.join('\n'));
      writeFileSync(join(bin, 'az'), `#!/bin/sh\nexec "${process.execPath}" "${join(bin, 'az.mjs')}" "$@"\n`, {
        mode: 0o755,
      });
      await curfew('mia', 'login', '--as', 'mia');
      const groups = `/subscriptions/${SANDBOX}/resourceGroups?api-version=2021-04-01`;
      const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
      const assume = (...more: readonly string[]) =>
        home.run(
          [
            '--profile',
            'mia',
            'assume',
            'sandbox-contributor',
            '--on',
            'azure/sandbox',
            ...more,
            '--',
            'az',
            'rest',
            '--url',
            groups,
          ],
          { env: { PATH } },
        );
      // So long that whoever asks at once is sure to wait, and no longer than somebody waits here.
      const obeyed = (range: readonly [number, number]) =>
        postJson(`${place.cloudUrl('azure')}/_sim/settings`, { roleAdditionMs: range }, 5_000);
      await obeyed([10_000, 10_000]);
      const ran = await assume(...WHY);
      await obeyed([1_000, 4_000]);
      // The stand-in fails where Azure refuses.
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain('waiting until Azure obeys it');
      expect(ran.stderr).toMatch(/Azure obeys it now, after \d+ s\./);
      const again = await assume();
      expect([again.code, again.stderr.includes('waiting until')]).toEqual([0, false]);
      await curfew('mia', 'done', '--all');
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  test('while Azure fails the other item works and the card says which is not there; then both do', async () => {
    const writes = { service: 'arm', action: 'Microsoft.Authorization/roleAssignments/write' };
    await faults([{ ...writes, kind: 'unavailable', times: 1_000 }]);
    const request = await ask('kai');
    const failing = await itemsOf('kai', request, (aws, azure) => aws.status === 'active' && azure.lastFault !== null);
    expect([failing.aws.role, failing.azure.role]).toEqual(['build-log-reader', 'sandbox-contributor']);
    expect([failing.aws.lastFault, failing.azure.status]).toEqual([null, 'activating']);
    expect(await onAws(await keysOf('kai'))).toBe('allowed');
    expect(await onAzure('kai')).toBe(403);
    const card = await curfew('kai', 'why', request);
    expect(card).toMatch(new RegExp(`${failing.aws.id} +build-log-reader on aws/staging +active`));
    expect(card).toMatch(
      new RegExp(`${failing.azure.id} +sandbox-contributor on azure/sandbox +activating.*ServiceUnavailable`),
    );
    await faults([]);
    await itemsOf('kai', request, (aws, azure) => aws.status === 'active' && azure.status === 'active');
    await until(
      () => onAzure('kai'),
      (status) => status === 200,
      OBEYED_MS,
    );
  });

  test('the simulated Azure outlives a broker that is killed, is adopted, and goes with --fresh', async () => {
    const { azure } = await itemsOf('lea', await ask('lea'), (...both) => both.every((one) => one.status === 'active'));
    const look = () => onAzure('lea');
    await until(look, (status) => status === 200, OBEYED_MS);
    const kill = async (): Promise<void> => {
      process.kill(demo.pid, 'SIGKILL');
      await demo.exited;
    };
    await kill();
    expect(await look()).toBe(200);
    demo = await place.start();
    expect(demo.output()).toContain('were still running from last time');
    await curfew('lea', 'done', azure.id);
    await until(look, (status) => status === 403, OBEYED_MS);
    await kill();
    demo = await place.start(['--fresh']);
    expect(demo.output()).not.toContain('were still running from last time');
    const written = await (await fetch(`${place.cloudUrl('azure')}/_sim/assignments`)).json();
    expect(written, 'only the broker’s own right').toHaveLength(1);
  });
});
