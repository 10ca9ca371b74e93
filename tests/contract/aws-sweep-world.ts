import { generateKeyPairSync } from 'node:crypto';
import { IAMClient } from '@aws-sdk/client-iam';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import type { WorldDescription } from '../../simulators/aws/world.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after, instant, type Instant } from '../../src/core/time.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { createBucket, type Bucket } from '../../src/providers/aws/bucket.ts';
import { createLeases, type Leases } from '../../src/providers/aws/leases.ts';
import { sweepOnce, type AwsProvider, type SweepOptions } from '../../src/providers/aws/index.ts';
import type { SweepReport } from '../../src/providers/sweep-report.ts';
import {
  leasePermissions,
  sweeperAssignmentPermissions,
  sweeperHubPolicy,
  sweeperPeoplePermissions,
  sweeperTrust,
} from '../../src/providers/aws/sweep-permissions.ts';
import { brokerPolicy } from '../../src/providers/aws/permissions.ts';
import { createEndSigner, type EndSigner } from '../../src/providers/signed-end.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { account, binding, timedRole } from './aws-fixtures.ts';
import { awsProvider, client, hubSession, post } from './aws-harness.ts';
import { ACCOUNT, BROKER_ROLE, contractWorld, EXTERNAL_ID, HUB, person } from './aws-world.ts';

export const LEASES = 'acme-curfew';
export const SWEEPER = `arn:aws:iam::${HUB}:role/curfew/curfew-sweeper`;
const names = { partition: 'aws', account: ACCOUNT, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID };
const ecs: JsonObject = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const everything: JsonObject = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** What somebody else keeps in the same bucket: more than one page of a list. */
const strangers = [
  { key: 'many/a & b <c>', body: '' },
  ...Array.from({ length: 1_100 }, (_, index) => ({ key: `many/${index}`, body: '' })),
];

const [hub, target] = contractWorld.accounts;

/** The world of the contract suite, with a sweeper that has the permissions of infra/aws and no others, and Identity Center in the hub. */
export const sweepWorld = {
  organization: { managementAccount: HUB },
  identityCenter: {
    region: 'eu-west-1',
    users: [{ userName: 'ana' }, { userName: 'bo' }, { userName: 'cem' }],
    permissionSets: [{ name: 'invoice-reader' }, { name: 'other' }],
    assignments: [{ account: ACCOUNT, permissionSet: 'invoice-reader', user: 'cem' }],
  },
  accounts: [
    {
      ...hub,
      id: HUB,
      roles: [
        {
          name: 'curfew-broker',
          trustPolicy: ecs,
          inlinePolicies: { 'curfew-broker': brokerPolicy(names), 'curfew-leases': leasePermissions(names, LEASES) },
        },
        {
          name: 'curfew-sweeper',
          path: '/curfew/',
          trustPolicy: ecs,
          inlinePolicies: {
            'curfew-sweeper': sweeperHubPolicy(names, LEASES),
            'curfew-assignments': sweeperAssignmentPermissions(names),
          },
        },
        { name: 'admin', trustPolicy: ecs, inlinePolicies: { everything } },
      ],
      buckets: [{ name: LEASES, objects: strangers }],
    },
    {
      ...target,
      id: ACCOUNT,
      users: target?.users?.slice(0, 12) ?? [],
      roles: [
        ...(target?.roles ?? []),
        {
          name: 'curfew-sweeper',
          path: '/curfew/',
          trustPolicy: sweeperTrust(SWEEPER, EXTERNAL_ID),
          inlinePolicies: { 'curfew-sweeper': sweeperPeoplePermissions(names, 'people/') },
        },
      ],
    },
  ],
};

/** The delegated administrator of IAM Identity Center. */
export const CENTER = '777766665555';

const CENTER_REGION = 'eu-central-1';
const onlyThere: JsonObject = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Action: 'sso:*',
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': CENTER_REGION } },
    },
  ],
};

/** The same, where another account administers IAM Identity Center, in another region: the hub's sweeper may assign and end nothing. */
export const delegatedWorld: WorldDescription = {
  ...sweepWorld,
  organization: { managementAccount: HUB, accounts: [{ id: CENTER, name: 'identity' }] },
  identityCenter: { ...sweepWorld.identityCenter, delegatedAdministrator: CENTER, region: CENTER_REGION },
  accounts: [
    ...sweepWorld.accounts.map((one) => ({
      ...one,
      roles: one.roles.map((role) =>
        role.name === 'curfew-sweeper' && one.id === HUB
          ? { ...role, inlinePolicies: { 'curfew-sweeper': sweeperHubPolicy(names, LEASES) } }
          : role,
      ),
    })),
    {
      id: CENTER,
      roles: [
        {
          name: 'curfew-sweeper',
          path: '/curfew/',
          trustPolicy: sweeperTrust(SWEEPER, EXTERNAL_ID),
          inlinePolicies: { 'curfew-assignments': sweeperAssignmentPermissions(names), 'only-there': onlyThere },
        },
      ],
    },
  ],
};

/** A simulated cloud, what a broker has left there, and the sweeper. There is no broker and no database here. */
export interface SweepWorld {
  readonly url: string;
  readonly signer: EndSigner;
  readonly provider: AwsProvider;
  /** As the broker writes there. */
  readonly leases: Leases;
  readonly bucket: Bucket;
  /** As somebody who may everything in the hub, and may edit what is in the bucket. */
  readonly adminBucket: Bucket;
  readonly sso: SSOAdminClient;
  /** An administrator of the account. */
  readonly iam: IAMClient;
  /** A grant of a person of their own. */
  grant(durationMs: number): BindingSpec;
  /** Lets time go by in the cloud; the sweeper judges by it. */
  pass(ms: number): Promise<void>;
  now(): Instant;
  sweep(change?: Partial<SweepOptions>): Promise<SweepReport>;
  faults(list: readonly object[]): Promise<void>;
  journal(): Promise<readonly { service: string; action: string; principal: string | null; code: string }[]>;
  close(): Promise<void>;
}

/** Waiting between tries costs no time. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal) };

export async function startSweepWorld(world: WorldDescription = sweepWorld): Promise<SweepWorld> {
  const settings = { assignmentMs: [50, 50], listDelayMs: [0, 0], ssoCallsPerSecond: 0 } as const;
  const simulator = await startAwsSimulator({ port: 0, world, settings });
  const { url } = simulator;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const signer = createEndSigner(pem);
  const bucketAs = (roleArn: string) =>
    createBucket({
      name: LEASES,
      region: 'eu-west-1',
      endpoint: url,
      identity: () => hubSession(url, roleArn),
      requestTimeoutMs: 3_000,
    });
  const adminArn = `arn:aws:iam::${HUB}:role/admin`;
  const bucket = bucketAs(BROKER_ROLE);
  let people = 0;
  let offsetMs = 0;
  const deployer = await hubSession(url, `arn:aws:iam::${ACCOUNT}:role/deployer`);
  const now = () => instant(Date.now() + offsetMs);
  return {
    url,
    signer,
    provider: awsProvider(url, { endSigner: signer }),
    leases: createLeases(bucket, signer),
    bucket,
    adminBucket: bucketAs(adminArn),
    sso: new SSOAdminClient({
      ...client(url, await hubSession(url, adminArn)),
      region: world.identityCenter?.region ?? 'eu-west-1',
    }),
    iam: new IAMClient({ ...client(url, deployer), region: 'us-east-1' }),
    grant(durationMs) {
      const activatedAt = now();
      const grant = newId(systemRandom, 'grt');
      people += 1;
      return binding({
        slot: slotKey('aws', 'timed-policy', [grant]),
        method: 'timed-policy',
        target: { ...account, native: ACCOUNT },
        role: timedRole({}),
        grant,
        principal: person(people).name,
        activatedAt,
        endsAt: after(activatedAt, durationMs),
      });
    },
    async pass(ms) {
      offsetMs += ms;
      await post(url, 'clock', { offsetMs });
    },
    now,
    sweep: (change = {}) =>
      sweepOnce({
        region: 'eu-west-1',
        identity: () => hubSession(url, SWEEPER),
        clock: hasty,
        signal: new AbortController().signal,
        keys: [signer.publicKey],
        roleArns: [`arn:aws:iam::${ACCOUNT}:role/curfew/curfew-sweeper`],
        externalId: EXTERNAL_ID,
        paths: ['people/'],
        bucket: { name: LEASES, region: 'eu-west-1' },
        identityCenter: { region: 'eu-west-1', roleArn: null },
        name: 'sweeper',
        version: '9.9.9',
        dryRun: false,
        endpoint: url,
        allowCustomEndpoint: true,
        ...change,
      }),
    faults: async (list) => void (await post(url, 'faults', list)),
    async journal() {
      const response = await fetch(`${url}/_sim/journal`);
      return (await response.json()) as { service: string; action: string; principal: string | null; code: string }[];
    },
    close: () => simulator.close(),
  };
}
