import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AzureUnderTest, BROKER_APP, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-under-test.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { sweepOnce, type SweepOptions } from '../../src/providers/azure/index.ts';
import { SWEEPER_ACTIONS } from '../../src/providers/azure/permissions.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import type { SweepReport } from '../../src/providers/sweep-report.ts';
import { functionFiles } from '../../tools/build-sweeper.ts';
import { at, BLOBS, OWNER, READER, rbacHarness, write, type RbacHarness } from './azure-harness.ts';
import { GROUP, person, roleId } from './azure-world.ts';

/** What is left on Azure when nobody of us lives, and what the sweeper makes of it, over HTTP. */

const SCOPE = `/subscriptions/${SUBSCRIPTION}`;
const MINUTE = 60_000;

let on: RbacHarness;
beforeEach(async () => {
  on = await rbacHarness(READER);
});
afterEach(() => on.close());

const call = () => ({ now: systemClock.now(), signal: AbortSignal.timeout(10_000) });

function sweep(change: Partial<SweepOptions> = {}): Promise<SweepReport> {
  return sweepOnce({
    ...{ identity: on.identity, clock: systemClock, signal: AbortSignal.timeout(60_000), version: '0', dryRun: false },
    ...{ keys: [on.endSigner.publicKey], scopes: [SCOPE], endpoint: on.cloud.url, allowCustomEndpoint: true },
    ...change,
  });
}

async function given(durationMs: number, spec = on.binding(durationMs)): Promise<BindingSpec> {
  await on.provider.provision(spec, call());
  return spec;
}

/** The assignment of a person, as it was written last. */
async function assignmentOf({ principal }: BindingSpec) {
  return (await on.cloud.assignments()).find(({ principalId }) => principalId === principal);
}

/** Somebody with a console writes something else into an assignment, under its name or another one. */
async function rewrite(spec: BindingSpec, more: object, name?: string): Promise<void> {
  const one = await assignmentOf(spec);
  if (one === undefined) throw new Error('there is nothing to edit');
  const { scope, roleDefinition, principalId, description, condition } = one;
  const kept = { description, ...(condition === null ? {} : { condition, conditionVersion: '2.0' }) };
  if (name !== undefined) await on.cloud.as(OWNER, 'DELETE', at(scope, one.name));
  const body = write(roleDefinition, principalId, { ...kept, ...more });
  const answer = await on.cloud.as(OWNER, 'PUT', at(scope, name ?? one.name), body);
  expect([200, 201]).toContain(answer.status);
}

/** Everything that changes on its way has arrived. */
const settled = () => systemClock.sleep(400);

test('ends what is overdue by Azure’s clock, leaves what is live or foreign, and a second run changes nothing', async () => {
  const [overdue, live] = [await given(MINUTE), await given(60 * MINUTE)];
  const foreign = await on.cloud.as(OWNER, 'PUT', at(GROUP, person(80).id), write(roleId('Reader'), person(80).id));
  expect(foreign.status).toBe(201);
  await settled();
  const own = on.own(overdue);
  expect(await on.use(own)).toBe('allowed');
  // Two clocks may differ by five seconds.
  await on.skewClock(MINUTE + 2_000);
  expect((await sweep()).counts).toMatchObject({ seen: 2, live: 2, ended: 0 });
  await on.skewClock(MINUTE + 10_000);
  const dry = await sweep({ dryRun: true });
  expect(dry.counts).toMatchObject({ seen: 2, live: 1, wouldEnd: 1, ended: 0, alarms: 0, failures: 0 });
  const first = await sweep();
  const endsAt = new Date(Math.floor(overdue.endsAt / 1_000) * 1_000).toISOString();
  expect(first.events).toEqual([expect.objectContaining({ kind: 'ended', method: 'rbac', endsAt, fault: null })]);
  expect(await assignmentOf(overdue)).toBeUndefined();
  await settled();
  expect(await on.use(own)).toBe('refused');
  expect(await assignmentOf(live)).toBeDefined();
  expect(await on.bystanders()).toHaveLength(4);
  expect((await sweep()).counts).toMatchObject({ seen: 1, live: 1, ended: 0, alarms: 0, failures: 0 });
});

test('a later end that was written counts, and asks for nothing but reading and deleting', async () => {
  const spec = await given(MINUTE);
  await on.provider.provision({ ...spec, endsAt: on.binding(60 * MINUTE).endsAt }, call());
  const gone = await given(MINUTE);
  const before = (await on.journal()).length;
  await on.skewClock(2 * MINUTE);
  expect((await sweep()).counts).toMatchObject({ live: 1, ended: 1, alarms: 0 });
  expect(await assignmentOf(spec)).toBeDefined();
  expect(await assignmentOf(gone)).toBeUndefined();
  const asked = new Set((await on.journal()).slice(before).map(({ action }) => action));
  expect([...asked].sort()).toEqual([...SWEEPER_ACTIONS].sort());
});

test.each<readonly [string, (spec: BindingSpec) => Promise<void>, RegExp]>([
  [
    'a later end by hand',
    async (spec) => {
      const text = (await assignmentOf(spec))?.description ?? '';
      await rewrite(spec, { description: text.replace(/curfew-end 1 \d{4}/, 'curfew-end 1 2036') });
    },
    /signature of its end is not by a key/,
  ],
  ['no end any more', (spec) => rewrite(spec, { description: 'mine' }), /the name of one of Curfew’s, and no end/],
  [
    'our end under another name',
    (spec) => rewrite(spec, {}, 'aaaaaaaa-0000-4000-8000-00000000000a'),
    /under a name that is not Curfew's/,
  ],
])('with %s it is left, and a person is told', async (_what, edit, why) => {
  const spec = await given(MINUTE);
  await edit(spec);
  await settled();
  await on.skewClock(2 * MINUTE);
  const { counts, events } = await sweep();
  expect(counts).toMatchObject({ seen: 1, ended: 0, alarms: 1, failures: 0 });
  expect(events).toEqual([expect.objectContaining({ kind: 'alarm', message: expect.stringMatching(why) as string })]);
  expect(await assignmentOf(spec)).toBeDefined();
});

test('ends of another deployment are neither believed nor obeyed', async () => {
  const spec = await given(MINUTE);
  await on.skewClock(2 * MINUTE);
  const { counts } = await sweep({ keys: [createEndSigner(makeEd25519Pem()).publicKey] });
  expect(counts).toMatchObject({ seen: 1, ended: 0, alarms: 1 });
  expect(await assignmentOf(spec)).toBeDefined();
  // While a key is replaced both are given.
  const both = [createEndSigner(makeEd25519Pem()).publicKey, on.endSigner.publicKey];
  expect((await sweep({ keys: both })).counts).toMatchObject({ ended: 1, alarms: 0 });
});

test('a condition that was taken off is told, and the signed end counts', async () => {
  await on.close();
  on = await rbacHarness(BLOBS);
  const spec = await given(MINUTE);
  await rewrite(spec, { condition: null, conditionVersion: null });
  await settled();
  await on.skewClock(MINUTE + 10_000);
  expect(await on.use(on.own(spec))).toBe('allowed');
  const { counts, events } = await sweep();
  expect(counts).toMatchObject({ ended: 1, alarms: 1, failures: 0 });
  expect(events[0]?.message).toMatch(/Somebody edited it: its condition is not the one of its signed end/);
  await settled();
  expect(await on.use(on.own(spec))).toBe('refused');
});

const DELETE = { service: 'arm', action: 'Microsoft.Authorization/roleAssignments/delete' };

test.each<readonly [string, readonly object[], object, object]>([
  ['throttled twice', [{ ...DELETE, kind: 'throttle', times: 2 }], { ended: 1, failures: 0 }, { kind: 'ended' }],
  [
    'an answer that is lost',
    [{ ...DELETE, kind: 'drop-after', times: 1 }],
    { ended: 1, failures: 0 },
    { kind: 'ended' },
  ],
  ['no right to delete', [{ ...DELETE, kind: 'deny' }], { ended: 0, failures: 1 }, { fault: 'forbidden-to-us' }],
  [
    'no right to look',
    [{ service: 'arm', action: 'Microsoft.Authorization/roleAssignments/read', kind: 'deny' }],
    { seen: 0, failures: 1 },
    { fault: 'forbidden-to-us', place: SCOPE },
  ],
])(
  'with %s it does what it can, and says the rest',
  async (_what, faults, counts, event) => {
    await given(MINUTE);
    await on.skewClock(2 * MINUTE);
    await on.cloud.control('faults', faults);
    const report = await sweep();
    expect(report.counts).toMatchObject(counts);
    expect(report.events).toEqual([expect.objectContaining(event)]);
  },
  30_000,
);

test('a run without time begins nothing, and one scope that cannot be looked at holds up no other', async () => {
  const spec = await given(MINUTE);
  await on.skewClock(2 * MINUTE);
  expect((await sweep({ runMs: 0 })).counts).toMatchObject({ ended: 0, failures: 1 });
  const nowhere = '/subscriptions/99999999-9999-4999-8999-999999999999';
  const { counts } = await sweep({ scopes: [nowhere, SCOPE] });
  expect(counts).toMatchObject({ ended: 1, failures: 1 });
  expect(await assignmentOf(spec)).toBeUndefined();
});

/** Runs a program of Node's with the settings of a sweeper: the broker's public key, and a token of the platform in a file. */
async function alone(folder: string, program: readonly string[], change: Readonly<Record<string, string>> = {}) {
  const issuer = new AzureUnderTest();
  issuer.nowMs = Date.now() + 2 * MINUTE;
  writeFileSync(join(folder, 'token'), issuer.assertion());
  const env = {
    PATH: process.env['PATH'] ?? '',
    CURFEW_AZURE_TENANT: TENANT,
    AZURE_CLIENT_ID: BROKER_APP,
    AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
    CURFEW_SWEEP_KEYS: on.endSigner.publicKey,
    ...change,
  };
  return new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((done) => {
    execFile(process.execPath, program, { env, timeout: 30_000 }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

describe('with nobody left, as a process of its own', () => {
  let folder: string;
  let spec: BindingSpec;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'curfew-sweep-'));
    spec = await given(MINUTE);
    await on.skewClock(2 * MINUTE);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('curfew sweep --provider azure ends it', async () => {
    const args = ['src/cli/main.ts', 'sweep', '--provider', 'azure', '--scope', SUBSCRIPTION, '--json'];
    args.push('--endpoint', on.cloud.url, '--allow-custom-endpoint');
    const ran = await alone(folder, args);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ counts: { ended: 1, failures: 0 }, exit: 0 });
    expect(await assignmentOf(spec)).toBeUndefined();
  });

  test('the Azure Function ends it, where its files say that its code is, and rejects when it could not', async () => {
    for (const [path, text] of await functionFiles('azure')) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const of = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Record<string, unknown>;
    expect(of('host.json')).toMatchObject({ version: '2.0', functionTimeout: '00:05:00' });
    const { scriptFile, bindings } = of('sweep/function.json');
    expect(bindings).toEqual([expect.objectContaining({ type: 'timerTrigger', schedule: '0 * * * * *' })]);
    const code = pathToFileURL(join(folder, 'sweep', String(scriptFile))).href;
    const program = ['--input-type=module', '-e', `await (await import(${JSON.stringify(code)})).default()`];
    const settings = { CURFEW_SWEEP_SCOPES: SUBSCRIPTION, CURFEW_SWEEP_ENDPOINT: on.cloud.url };
    const refused = await alone(folder, program, settings);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing allows a custom') as string });
    const ran = await alone(folder, program, { ...settings, CURFEW_SWEEP_ALLOW_CUSTOM_ENDPOINT: 'yes' });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ counts: { ended: 1, failures: 0 } });
    expect(await assignmentOf(spec)).toBeUndefined();
  }, 60_000);
});
