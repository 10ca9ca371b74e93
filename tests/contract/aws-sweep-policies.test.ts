import { generateKeyPairSync } from 'node:crypto';
import {
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { armedEnd, isOverdue, type ArmedEnd } from '../../src/providers/aws/armed-end.ts';
import { SWEEPER_READS, SWEEPER_WRITES } from '../../src/providers/aws/sweep-permissions.ts';
import { FREE_ACTIONS, TIMED_POLICY_LISTS } from '../../src/providers/aws/permissions.ts';
import { after } from '../../src/core/time.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import { startSweepWorld, type SweepWorld } from './aws-sweep-world.ts';

/** What is left in the cloud of timed policies when nobody of us lives, and what the sweeper makes of it, over HTTP. */

let world: SweepWorld;
beforeEach(async () => {
  world = await startSweepWorld();
});
afterEach(() => world.close());

const call = () => ({ now: world.now(), signal: AbortSignal.timeout(10_000) });
const nameOf = ({ grant }: BindingSpec) => `curfew-${grant}`;
const placeOf = (spec: BindingSpec) => `arn:aws:iam::444455556666:user/people/${spec.principal} ${nameOf(spec)}`;

async function provisioned(durationMs: number): Promise<BindingSpec> {
  const spec = world.grant(durationMs);
  await world.provider.provision(spec, call());
  return spec;
}

async function policiesOf({ principal }: BindingSpec): Promise<readonly string[]> {
  return (await world.iam.send(new ListUserPoliciesCommand({ UserName: principal }))).PolicyNames ?? [];
}

async function documentOf(spec: BindingSpec): Promise<{ Statement: Record<string, unknown>[] }> {
  const input = { UserName: spec.principal, PolicyName: nameOf(spec) };
  const { PolicyDocument } = await world.iam.send(new GetUserPolicyCommand(input));
  return JSON.parse(decodeURIComponent(PolicyDocument ?? '')) as { Statement: Record<string, unknown>[] };
}

async function put(spec: BindingSpec, document: object, PolicyName = nameOf(spec)): Promise<void> {
  const PolicyDocument = JSON.stringify(document);
  await world.iam.send(new PutUserPolicyCommand({ UserName: spec.principal, PolicyName, PolicyDocument }));
}

/** Changes the first statement of a grant's policy, as a person with the console would. */
async function edit(spec: BindingSpec, change: (statement: Record<string, unknown>) => object): Promise<void> {
  const document = await documentOf(spec);
  await put(spec, { ...document, Statement: [change(document.Statement[0] ?? {}), ...document.Statement.slice(1)] });
}

const later = (statement: Record<string, unknown>) => ({
  ...statement,
  Condition: { DateLessThan: { 'aws:CurrentTime': '2036-01-01T00:00:00Z' } },
});
const endless = ({ Condition: _gone, ...statement }: Record<string, unknown>) => statement;

test('ends what is overdue, leaves what is live or foreign, and a second run changes nothing', async () => {
  const [overdue, live] = [await provisioned(20_000), await provisioned(3_600_000)];
  const foreign = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] };
  await put(live, foreign, 'grt_of_somebody');
  await world.pass(22_000);
  // AWS stops believing it at its end; until two clocks may differ no more, it is not overdue.
  expect((await world.sweep()).counts).toMatchObject({ ended: 0, live: 2 });
  await world.pass(10_000);
  const dry = await world.sweep({ dryRun: true });
  expect(dry.counts).toMatchObject({ seen: 2, live: 1, wouldEnd: 1, ended: 0, alarms: 0, failures: 0 });
  expect(await policiesOf(overdue)).toContain(nameOf(overdue));
  const first = await world.sweep();
  expect(first.events).toEqual([
    expect.objectContaining({ kind: 'ended', method: 'timed-policy', place: placeOf(overdue) }),
  ]);
  expect(await policiesOf(overdue)).toEqual(['own']);
  expect([...(await policiesOf(live))].sort()).toEqual([nameOf(live), 'grt_of_somebody', 'own'].sort());
  const second = await world.sweep();
  expect(second.events).toEqual([]);
  expect(second.counts).toMatchObject({ seen: 1, live: 1 });
});

test.each([
  ['a later end', later],
  ['no end', endless],
])('a policy that was edited to have %s alarms, and ends when its signed end says', async (_what, change) => {
  const spec = await provisioned(60_000);
  await edit(spec, change);
  const early = await world.sweep();
  expect(early.events).toContainEqual(expect.objectContaining({ kind: 'alarm', place: placeOf(spec) }));
  expect(await policiesOf(spec)).toContain(nameOf(spec));
  await world.pass(75_000);
  const { events } = await world.sweep();
  expect(events.filter(({ place }) => place === placeOf(spec)).map(({ kind }) => kind)).toEqual(['alarm', 'ended']);
  expect(await policiesOf(spec)).toEqual(['own']);
});

test.each([
  ['whose marker was taken out', ({ Sid: _gone, ...rest }: Record<string, unknown>) => rest],
  [
    'whose marker names a later end',
    (statement: Record<string, unknown>) => ({
      ...later(statement),
      Sid: String(statement['Sid']).replace(/\d{10}/, '2082758400'),
    }),
  ],
  [
    'whose signature was cut',
    (statement: Record<string, unknown>) => ({ ...statement, Sid: String(statement['Sid']).slice(0, 40) }),
  ],
])(
  'a policy %s alarms at every run, and is neither obeyed nor removed, also when it is over',
  async (_what, change) => {
    const spec = await provisioned(30_000);
    await edit(spec, change);
    await world.pass(45_000);
    for (let run = 0; run < 2; run += 1) {
      const { events } = await world.sweep();
      expect(events.filter(({ place }) => place === placeOf(spec))).toEqual([
        expect.objectContaining({
          kind: 'alarm',
          endsAt: null,
          message: expect.stringContaining('Left as it is') as string,
        }),
      ]);
    }
    expect(await policiesOf(spec)).toContain(nameOf(spec));
  },
);

test("the marker of one person's policy says nothing about another's", async () => {
  const [mine, theirs] = [await provisioned(30_000), await provisioned(3_600_000)];
  await put(theirs, await documentOf(mine));
  await world.pass(45_000);
  const { events } = await world.sweep();
  expect(events).toContainEqual(expect.objectContaining({ kind: 'alarm', endsAt: null, place: placeOf(theirs) }));
  expect(events).toContainEqual(expect.objectContaining({ kind: 'ended', place: placeOf(mine) }));
  expect(await policiesOf(theirs)).toContain(nameOf(theirs));
});

test('with the key of another deployment nothing is believed, and so nothing removed', async () => {
  const spec = await provisioned(30_000);
  await world.pass(45_000);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const { counts } = await world.sweep({ keys: [createEndSigner(pem).publicKey] });
  expect(counts).toMatchObject({ ended: 0, alarms: 1 });
  expect(await policiesOf(spec)).toContain(nameOf(spec));
});

test('a deny is never removed, whatever else the policy says', async () => {
  const [denied, mixed] = [await provisioned(30_000), await provisioned(30_000)];
  await edit(denied, (statement) => ({ ...statement, Effect: 'Deny' }));
  const document = await documentOf(mixed);
  const deny = { Effect: 'Deny', Action: 's3:*', Resource: '*' };
  await put(mixed, { ...document, Statement: [...document.Statement, deny] });
  await world.pass(45_000);
  const { counts, events } = await world.sweep();
  expect(counts.denies).toBe(1);
  expect(events.filter(({ place }) => place === placeOf(denied))).toEqual([]);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'alarm', place: placeOf(mixed) }));
  for (const spec of [denied, mixed]) expect(await policiesOf(spec)).toContain(nameOf(spec));
});

test('what AWS throttles or loses is tried again; what it forbids is said, and holds up nobody else', async () => {
  const [one, two] = [await provisioned(30_000), await provisioned(30_000)];
  await world.pass(45_000);
  const remove = { service: 'iam', action: 'DeleteUserPolicy' };
  await world.faults([
    { ...remove, match: one.principal, kind: 'throttle', times: 2 },
    { service: 'iam', action: 'ListUsers', kind: 'drop-after', times: 1 },
    { ...remove, match: two.principal, kind: 'deny', times: 9 },
  ]);
  const { events, counts } = await world.sweep();
  expect(events).toContainEqual(expect.objectContaining({ kind: 'ended', place: placeOf(one) }));
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'failed', fault: 'forbidden-to-us', place: placeOf(two) }),
  );
  expect(counts.failures).toBe(1);
  await world.faults([{ ...remove, match: two.principal, kind: 'drop-after', times: 1 }]);
  expect((await world.sweep()).events).toContainEqual(expect.objectContaining({ kind: 'ended', place: placeOf(two) }));
});

test('calls nothing but what infra/aws lets it', async () => {
  await world.sweep();
  const allowed: readonly string[] = [...SWEEPER_READS, ...SWEEPER_WRITES, ...TIMED_POLICY_LISTS, ...FREE_ACTIONS];
  const own = (await world.journal()).filter(({ principal }) =>
    principal?.includes('444455556666:assumed-role/curfew-sweeper/'),
  );
  expect(own.length).toBeGreaterThan(0);
  for (const { service, action } of own) expect(allowed).toContain(`${service}:${action}`);
});

test('an account that does not let it in is a failure, and a static key is refused', async () => {
  const nobody = await world.sweep({ roleArns: ['arn:aws:iam::444455556666:role/curfew/nobody'] });
  expect(nobody.events).toContainEqual(expect.objectContaining({ kind: 'failed', fault: 'forbidden-to-us' }));
  const identity = async () => ({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' });
  const { events } = await world.sweep({ identity });
  expect(events.map(({ message }) => message).join()).toContain('static AWS access key');
});

test.each([
  ['armed', (end: ArmedEnd) => end.armed],
  ['of an early end', (end: ArmedEnd) => end.barred],
] as const)(
  'the end of a certificate’s sessions, %s, is a denial: long after it is over it stands, and nobody is alarmed',
  async (_what, text) => {
    const spec = world.grant(20_000);
    const end = armedEnd(spec.grant, after(world.now(), -3 * 3_600_000));
    const PolicyDocument = text(end);
    // On the role whose sessions it ends, and below the path that is swept.
    const RoleName = 'invoice-reader';
    await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: end.name, PolicyDocument }));
    await put(spec, JSON.parse(PolicyDocument) as object, end.name);
    expect(isOverdue(PolicyDocument, world.now())).toBe(true);
    const { events, counts } = await world.sweep();
    expect([events, counts.alarms, counts.ended]).toEqual([[], 0, 0]);
    expect(await policiesOf(spec)).toContain(end.name);
    const stands = await world.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: end.name }));
    expect(stands.PolicyName).toBe(end.name);
    expect((await world.journal()).filter(({ action }) => action.startsWith('Delete'))).toEqual([]);
  },
);
