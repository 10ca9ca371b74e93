import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import type { WorldDescription } from '../../simulators/aws/world.ts';
import type { Role } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Target } from '../../src/core/target.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { matchesTarget } from '../../src/policy/selectors.ts';
import { createAwsProvider, type AwsProvider, type ResolvedIdentity } from '../../src/providers/aws/index.ts';
import {
  catalogueBoundary,
  catalogueTrust,
  peopleBoundary,
  provisionerPolicy,
  provisionerTrust,
  timedPolicyPermissions,
} from '../../src/providers/aws/permissions.ts';
import { sweeperPeoplePermissions, sweeperTrust } from '../../src/providers/aws/sweep-permissions.ts';
import { loadAcme } from '../acme-world.ts';

const BROKER = 'arn:aws:iam::999988887777:role/curfew-broker';
const SWEEPER = 'arn:aws:iam::999988887777:role/curfew/curfew-sweeper';
const EXTERNAL_ID = 'acme-curfew';
const cloud = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../examples/acme/clouds/aws.json'), 'utf8'),
) as WorldDescription;
const { policy } = loadAcme();

/** Every AWS role on every account where some policy offers it. */
const offered: readonly (readonly [role: Role, target: Target])[] = [...policy.roles.values()].flatMap((role) =>
  [...policy.vocabulary.targets.values()]
    .filter((target) => role.aws !== null && target.provider === 'aws' && target.kind === 'account')
    .filter((target) =>
      policy.policies.some(
        (each) => each.roles.has(role.name) && matchesTarget(each.targets, target, policy.vocabulary.targets),
      ),
    )
    .map((target) => [role, target] as const),
);

let simulator: Awaited<ReturnType<typeof startAwsSimulator>>;
let provider: AwsProvider;

beforeAll(async () => {
  simulator = await startAwsSimulator({ port: 0, world: cloud });
  provider = createAwsProvider({
    region: 'eu-west-1',
    externalId: EXTERNAL_ID,
    clock: systemClock,
    identity: hubSession,
    endpoint: simulator.url,
    allowCustomEndpoint: true,
    brokerRoleArn: BROKER,
  });
});
afterAll(() => simulator.close());

const call = () => ({ now: systemClock.now(), signal: systemClock.timeout(5_000) });

describe('the simulated cloud of examples/acme', () => {
  test('is set up as the doctor wants it, in every account and for every role', async () => {
    const accounts = [...new Set(offered.map(([, target]) => target))];
    const places = accounts.map((target) => ({
      target,
      roles: offered.flatMap(([role, at]) => (at.key === target.key ? [role] : [])),
    }));
    const findings = await provider.doctor(places, call());
    expect(accounts.map(({ key }) => key).sort()).toEqual(['aws/prod', 'aws/security', 'aws/staging']);
    expect(findings.filter((finding) => !finding.ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(offered.length);
  });

  test('carries the trust and the permissions that the provider declares', () => {
    for (const { id: account, roles = [], users = [], policies = [] } of cloud.accounts.slice(1)) {
      const names = { partition: 'aws', account, brokerRoleArn: BROKER, externalId: EXTERNAL_ID };
      expect(policies.find(({ name }) => name === 'curfew-boundary')?.document).toEqual(catalogueBoundary(names));
      const boundary = `arn:aws:iam::${account}:policy/curfew/curfew-people-boundary`;
      for (const user of users) expect([user.name, user.permissionsBoundary]).toEqual([user.name, boundary]);
      if (users.length > 0)
        expect(policies.find(({ name }) => name === 'curfew-people-boundary')?.document).toEqual(peopleBoundary(names));
      for (const role of roles) {
        if (role.name === 'curfew-provisioner') {
          expect(role.trustPolicy).toEqual(provisionerTrust(names));
          // Where people have users of their own, the account has opted in to timed policies.
          const more = users.length === 0 ? {} : { 'curfew-timed-policy': timedPolicyPermissions(names, 'people/') };
          expect(role.inlinePolicies).toEqual({ 'curfew-provisioner': provisionerPolicy(names), ...more });
        } else if (role.name === 'curfew-sweeper') {
          expect(role.trustPolicy).toEqual(sweeperTrust(SWEEPER, EXTERNAL_ID));
          expect(role.inlinePolicies).toEqual({ 'curfew-sweeper': sweeperPeoplePermissions(names, 'people/') });
        } else {
          expect(role.trustPolicy, role.name).toEqual(catalogueTrust(names));
          expect(role.permissionsBoundary).toMatch(new RegExp(`^arn:aws:iam::${account}:policy/curfew/`));
        }
      }
    }
  });

  test.each(offered.map(([role, target]) => [role.name, target.key, role, target] as const))(
    '%s on %s can be planned and given',
    async (_name, _key, role, target) => {
      const binding = bindingOf(role, target);
      expect(provider.plan(binding)).toMatchObject({ ok: true });
      if (provider.landing(binding) === null)
        expect((await provider.issueCredential(binding, call())).secret.accessKeyId).toMatch(/^ASIA/);
      else expect(await provider.provision(binding, call())).toMatchObject({ usable: true });
    },
  );

  test('lets an invoice reader list and read invoices, and nothing else', async () => {
    const role = policy.roles.get('invoice-reader');
    const target = policy.vocabulary.targets.get('aws/prod');
    if (role === undefined || target === undefined) throw new Error('the demo has lost its first role');
    const { secret } = await provider.issueCredential(bindingOf(role, target), call());
    const s3 = new S3Client({
      endpoint: simulator.url,
      region: 'eu-west-1',
      credentials: secret,
      forcePathStyle: true,
      maxAttempts: 1,
    });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'acme-invoices' }));
    expect(Contents.map(({ Key }) => Key)).toEqual(['2026-08.csv', '2026-09.csv', '2026-10.csv']);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'acme-invoices', Key: '2026-10.csv' }));
    expect(await Body?.transformToString()).toMatch(
      /^invoice,date,customer,country,item,net_eur,vat_eur,status\nINV-202610-/,
    );
    const refused = { name: 'AccessDenied' };
    await expect(
      s3.send(new DeleteObjectCommand({ Bucket: 'acme-invoices', Key: '2026-10.csv' })),
    ).rejects.toMatchObject(refused);
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'acme-exports' }))).rejects.toMatchObject(refused);
    s3.destroy();
  });
});

function bindingOf(role: Role, target: Target) {
  const grant = newId(systemRandom, 'grt');
  const method = role.aws?.method ?? 'none';
  const activatedAt = systemClock.now();
  const endsAt = after(activatedAt, 15 * 60_000);
  return {
    slot: slotKey('aws', method, [grant]),
    method,
    target,
    role,
    grant,
    principal: 'ana',
    activatedAt,
    endsAt,
  };
}

/** Stands for the platform that gives the broker its role. */
async function hubSession(): Promise<ResolvedIdentity> {
  const body = JSON.stringify({ roleArn: BROKER, sessionName: 'acme', durationSeconds: 3_600 });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${simulator.url}/_sim/session`, { method: 'POST', headers, body });
  const { accessKeyId, secretAccessKey, sessionToken } = (await response.json()) as Required<ResolvedIdentity>;
  return { accessKeyId, secretAccessKey, sessionToken };
}
