import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import { copyDatabaseTo } from '../embedded-template.ts';
import { stopLeftoverClouds } from '../e2e/demo-process.ts';
import { freePorts } from '../free-ports.ts';
import { hasAws } from './has-aws.ts';

/**
 * The worst day: somebody has taken the end out of a policy that a grant put on ana, the broker is killed, its database and its keys are
 * deleted. The real `aws` command shows that AWS would never end the access; `curfew sweep` does. Each test stands on the ones before it.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ACCOUNT = '444455556666';
const LIST = ['s3', 'ls', 's3://acme-exports'];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
type Env = Record<string, string>;

let home: string;
let env: Env;
let demo: ChildProcess;
let port: number;
let cloud: { readonly pid: number; readonly url: string };
let ana: Env;
let sweeper: Env;
let key: string;
let grant: string;

function run(file: string, args: readonly string[], more: Env = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...env, ...more }, cwd: ROOT, encoding: 'utf8' as const, timeout: 60_000 };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ code, stdout, stderr });
    });
  });
}

const curfew = (...args: readonly string[]) => run('./bin/curfew', args);
const aws = (...args: readonly string[]) => run('aws', args, ana);
const words = () => [
  ...['sweep', '--provider', 'aws', '--account', ACCOUNT, '--path', 'people/', '--bucket', 'acme-curfew'],
  ...['--key', key, '--endpoint', cloud.url, '--allow-custom-endpoint'],
];
const sweep = (more: readonly string[] = [], change: Env = {}) =>
  run('./bin/curfew', [...words(), ...more], { ...sweeper, ...change });

/** Resolves once the process says so. */
function hearing(child: ChildProcess, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(words)) resolve(said);
      });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });

/** Keys of a role, as its platform would give them to whoever runs as it. */
async function keysOf(roleArn: string): Promise<Env> {
  const body = JSON.stringify({ roleArn, durationSeconds: 3_600 });
  const answer = await fetch(`${cloud.url}/_sim/session`, { method: 'POST', body });
  const { accessKeyId, secretAccessKey, sessionToken } = (await answer.json()) as Env;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey ?? '',
    AWS_SESSION_TOKEN: sessionToken ?? '',
  };
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

const works = ({ code }: Outcome): boolean => code === 0;
const refused = ({ stderr }: Outcome): boolean => stderr.includes('AccessDenied');

describe.skipIf(!hasAws())('the sweeper alone with the cloud (skipped where aws is not on the PATH)', () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'curfew-sweep-'));
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
    demo = spawn(process.execPath, ['src/cli/demo/main.ts', '--port', String(port)], {
      cwd: ROOT,
      env: { ...env, CURFEW_DATA_DIR: join(home, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await hearing(demo, 'Ctrl-C stops everything');
    cloud = JSON.parse(readFileSync(join(home, 'data/aws/running.json'), 'utf8')) as typeof cloud;
    ana = {
      AWS_ACCESS_KEY_ID: 'AKIADEMOANAXXXXXXXXX',
      AWS_SECRET_ACCESS_KEY: 'made-up-key-of-ana-for-the-demo-alone---',
      AWS_ENDPOINT_URL: cloud.url,
    };
    key = createEndSigner(readFileSync(join(home, 'data/keys/ends.pem'), 'utf8')).publicKey;
    expect(await curfew('login', '--as', 'ana')).toMatchObject({ code: 0 });
    expect(await curfew('--profile', 'bo', 'login', '--as', 'bo')).toMatchObject({ code: 0 });
    sweeper = {
      ...(await keysOf('arn:aws:iam::999988887777:role/curfew/curfew-sweeper')),
      CURFEW_AWS_EXTERNAL_ID: 'acme-curfew',
    };
  }, 60_000);

  afterAll(async () => {
    demo.kill('SIGKILL');
    await ended(demo);
    stopLeftoverClouds(join(home, 'data'));
    rmSync(home, { recursive: true, force: true });
  }, 30_000);

  test('ana holds access whose end somebody takes out; then the broker is killed and all that it knew is deleted', async () => {
    const asked = await curfew(
      ...['request', 'export-checker', '--on', 'aws/prod', '--for', '15s', '--json'],
      ...['--reason', 'The export of last night is short'],
    );
    const { id } = JSON.parse(asked.stdout) as { id: string };
    expect(await curfew('--profile', 'bo', 'approve', id)).toMatchObject({ code: 0 });
    const waited = await curfew('wait', id, '--timeout', '20s', '--json');
    grant = (JSON.parse(waited.stdout) as { grants: { id: string }[] }).grants[0]?.id ?? '';
    const policy = ['--user-name', 'ana', '--policy-name', `curfew-${grant}`];
    const intruder = { ...(await keysOf(`arn:aws:iam::${ACCOUNT}:role/curfew/curfew-provisioner`)) };
    const asIntruder = (...args: readonly string[]) => run('aws', args, { ...intruder, AWS_ENDPOINT_URL: cloud.url });
    const read = await asIntruder('iam', 'get-user-policy', ...policy, '--output', 'json');
    const { PolicyDocument: document } = JSON.parse(read.stdout) as {
      PolicyDocument: { Statement: Record<string, unknown>[] };
    };
    demo.kill('SIGKILL');
    await ended(demo);
    for (const folder of ['database', 'keys']) rmSync(join(home, 'data', folder), { recursive: true });
    for (const statement of document.Statement) delete statement['Condition'];
    const text = JSON.stringify(document);
    expect(await asIntruder('iam', 'put-user-policy', ...policy, '--policy-document', text)).toMatchObject({ code: 0 });
    expect(await eventually(() => aws(...LIST), works, 5_000)).toMatchObject({ code: 0 });
  }, 60_000);

  test('a dry run alarms and changes nothing', async () => {
    const early = await sweep(['--json', '--dry-run']);
    expect(early.code).toBe(9);
    expect(await aws(...LIST)).toMatchObject({ code: 0 });
    expect(JSON.parse(early.stdout)).toMatchObject({
      exit: 9,
      counts: { ended: 0, alarms: 1 },
      events: expect.arrayContaining([
        expect.objectContaining({ kind: 'alarm', message: expect.stringContaining('AWS was told no end') as string }),
      ]) as object,
    });
  }, 30_000);

  test('after it AWS lets her in still, and the sweeper ends it', async () => {
    const due = await eventually(
      () => sweep(['--json', '--dry-run']),
      ({ stdout }) => stdout.includes('"would-end"'),
      30_000,
    );
    expect(due.stdout).toContain('"would-end"');
    expect(await aws(...LIST)).toMatchObject({ code: 0 });
    const forbidden = await sweep([], { CURFEW_AWS_EXTERNAL_ID: 'of-somebody-else' });
    expect(forbidden).toMatchObject({ code: 8, stdout: expect.stringContaining('failed') as string });
    const done = await sweep();
    expect(done).toMatchObject({ code: 9, stderr: expect.stringContaining('1 ended') as string });
    expect(done.stdout).toMatch(new RegExp(`^ended +arn:aws:iam::${ACCOUNT}:user/people/ana curfew-${grant} `, 'm'));
    expect(refused(await eventually(() => aws(...LIST), refused, 5_000))).toBe(true);
    // What she held before, she holds still.
    expect(await aws('s3', 'ls')).toMatchObject({ code: 0 });
    expect(await sweep()).toMatchObject({ code: 0, stdout: '' });
  }, 90_000);

  test('goes on until it is stopped, and says that it ran', async () => {
    const child = spawn('./bin/curfew', [...words(), '--every', '10s'], { cwd: ROOT, env: { ...env, ...sweeper } });
    expect(await hearing(child, ' seen: ')).toContain('0 failures');
    child.kill('SIGINT');
    expect(await ended(child)).toBe(0);
    const state = readFileSync(join(home, 'data/aws/state.json'), 'utf8');
    expect(state).toContain('curfew/heartbeats/sweeper.json');
  }, 30_000);
});
