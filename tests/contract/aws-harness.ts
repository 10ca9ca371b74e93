import {
  GetAccountAuthorizationDetailsCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import { after, type Instant } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import {
  createAwsProvider,
  type AwsProvider,
  type AwsProviderOptions,
  type ResolvedIdentity,
} from '../../src/providers/aws/index.ts';
import {
  BROKER_ACTIONS,
  FREE_ACTIONS,
  PROVISIONER_READS,
  PROVISIONER_WRITES,
  ROLES_ANYWHERE_READS,
  ROLES_ANYWHERE_WRITES,
  TIMED_POLICY_LISTS,
  TIMED_POLICY_READS,
  TIMED_POLICY_WRITES,
} from '../../src/providers/aws/permissions.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { account, binding, grantRole } from './aws-fixtures.ts';
import { ACCOUNT, BROKER_ROLE, BUCKET, contractWorld, EXTERNAL_ID } from './aws-world.ts';
import type { CloudCall, CloudFault, Held, ProviderHarness } from './provider-harness.ts';

const ROLE = 'invoice-reader';
const assume: CloudCall = { operation: 'provision', name: `AssumeRole ${ROLE}`, writes: true };
const provisioner: CloudCall = { operation: 'revoke', name: 'AssumeRole curfew-provisioner', writes: false };

/** Every call of `method: assume-role`. What the provisioner reads, and its own session, change nothing for the grant. */
const CALLS: readonly CloudCall[] = [
  assume,
  { ...assume, operation: 'issueCredential' },
  provisioner,
  { operation: 'revoke', name: 'GetRolePolicy', writes: false },
  { operation: 'revoke', name: 'PutRolePolicy', writes: true },
  { ...provisioner, operation: 'observe' },
  { operation: 'observe', name: 'GetRolePolicy', writes: false },
];

interface Cut {
  readonly account: string;
  readonly role: string;
  readonly at: Instant;
}

export interface AwsHarness extends ProviderHarness {
  readonly provider: AwsProvider;
  /** Another provider in front of the same cloud. */
  with(change: Partial<AwsProviderOptions>): AwsProvider;
  readonly url: string;
  /** What the provider reported through `onCut`. */
  readonly cuts: readonly Cut[];
}

/** The AWS provider in front of the simulator, over HTTP, with the permissions that the provider declares and no others. */
export async function awsHarness(
  simulated: { readonly iamDelayMs?: number; readonly iamReadDelayMs?: number } = {},
): Promise<AwsHarness> {
  const simulator = await startAwsSimulator({ port: 0, world: contractWorld, ...simulated });
  const cuts: Cut[] = [];
  const { url } = simulator;
  const make = (change: Partial<AwsProviderOptions> = {}) =>
    awsProvider(url, { onCut: async (cut) => void cuts.push(cut), ...change });
  let provider = make();
  const fresh = (durationMs: number): BindingSpec => {
    const now = systemClock.now();
    const grant = newId(systemRandom, 'grt');
    return binding({
      target: { ...account, native: ACCOUNT },
      grant,
      activatedAt: now,
      endsAt: after(now, durationMs),
    });
  };
  return {
    get provider() {
      return provider;
    },
    with: make,
    url,
    cuts,
    method: 'assume-role',
    calls: CALLS,
    binding: fresh,
    impossible: () => ({ ...fresh(600_000), role: grantRole({ role: 'not-under-the-path' }) }),
    now: () => systemClock.now(),
    use: (held) => attempt(() => readInvoice(url, held)),
    escapes: escapes(url),
    inject: (call, fault) => inject(url, call, fault),
    async heal() {
      await post(url, 'faults', []);
      provider = make();
    },
    bystanders: () => bystanders(url),
    journal: () => journal(url),
    async skewClock(offsetMs) {
      await post(url, 'clock', { offsetMs });
    },
    close: () => simulator.close(),
  };
}

/** A provider in front of a simulated AWS. */
export function awsProvider(url: string, change: Partial<AwsProviderOptions> = {}): AwsProvider {
  return createAwsProvider({
    region: 'eu-west-1',
    externalId: EXTERNAL_ID,
    clock: systemClock,
    identity: () => hubSession(url),
    endpoint: url,
    allowCustomEndpoint: true,
    brokerRoleArn: BROKER_ROLE,
    ...change,
  });
}

/** Stands for the platform that gives the broker its role. */
export async function hubSession(url: string, roleArn = BROKER_ROLE): Promise<ResolvedIdentity> {
  const answer = await post(url, 'session', { roleArn, sessionName: 'contract', durationSeconds: 3_600 });
  const { accessKeyId, secretAccessKey, sessionToken } = answer as ResolvedIdentity;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

export function client(url: string, credentials: ResolvedIdentity) {
  return { endpoint: url, credentials: { ...credentials }, maxAttempts: 1, region: 'eu-west-1' };
}

/** Reads the object that every role of the suite allows to read. */
export async function readInvoice(url: string, issued: Held): Promise<unknown> {
  const s3 = new S3Client({ ...client(url, issued.secret), forcePathStyle: true });
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: '2026-10.csv' }));
    return await Body?.transformToString();
  } finally {
    s3.destroy();
  }
}

/** `refused` is AWS saying no; anything else that goes wrong is a defect of the test and fails it. */
export async function attempt(work: () => Promise<unknown>): Promise<'allowed' | 'refused'> {
  try {
    await work();
    return 'allowed';
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (/^AccessDenied(Exception)?$/.test(name)) return 'refused';
    throw error;
  }
}

export function escapes(url: string): ProviderHarness['escapes'] {
  const iam = (issued: Held) => new IAMClient(client(url, issued.secret));
  const revocations = { RoleName: ROLE, PolicyName: 'CurfewRevocations' };
  return [
    {
      name: 'assuming another role',
      attempt: (issued) =>
        attempt(() =>
          new STSClient(client(url, issued.secret)).send(
            new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/deployer`, RoleSessionName: 'escape' }),
          ),
        ),
    },
    {
      name: 'removing the revocation policy',
      attempt: (issued) => attempt(() => iam(issued).send(new DeleteRolePolicyCommand(revocations))),
    },
    {
      name: 'rewriting a role of the catalogue',
      attempt: (issued) =>
        attempt(() =>
          iam(issued).send(
            new PutRolePolicyCommand({
              RoleName: 'invoice-publisher',
              PolicyName: 'mine',
              PolicyDocument: JSON.stringify(contractWorld.accounts[1]?.roles[0]?.inlinePolicies),
            }),
          ),
        ),
    },
  ];
}

function serviceOf(action: string): string {
  if (action === 'AssumeRole') return 'sts';
  return /(?:Anchor|Profile|Crl)s?$/.test(action) ? 'rolesanywhere' : 'iam';
}

export async function inject(url: string, call: CloudCall, fault: CloudFault): Promise<void> {
  const [action = '', match] = call.name.split(' ');
  await post(url, 'faults', [
    {
      service: serviceOf(action),
      action,
      ...(match === undefined ? {} : { match }),
      kind: fault === 'slow' ? 'delay' : fault,
      times: 1,
      ...(fault === 'slow' ? { delayMs: 1_500 } : {}),
    },
  ]);
}

/** All roles and users with all their policies, without those that are ours. */
export async function bystanders(url: string): Promise<unknown> {
  const admin = await hubSession(url, `arn:aws:iam::${ACCOUNT}:role/deployer`);
  const iam = new IAMClient({ ...client(url, admin), region: 'us-east-1' });
  const all = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
  const theirs = (policy: { PolicyName?: string | undefined }) =>
    policy.PolicyName !== 'CurfewRevocations' && /^curfew-(end-)?grt_/.exec(policy.PolicyName ?? '') === null;
  const roles = (all.RoleDetailList ?? []).map((role) => ({
    name: role.RoleName,
    trust: role.AssumeRolePolicyDocument,
    policies: role.RolePolicyList?.filter(theirs),
  }));
  const users = (all.UserDetailList ?? []).map((user) => ({
    name: user.UserName,
    policies: user.UserPolicyList?.filter(theirs),
  }));
  return { roles, users };
}

interface JournalEntry {
  readonly service: string;
  readonly action: string;
  readonly principal: string | null;
  readonly code: string;
}

/** Calls of the broker and of the provisioner; those of people under their grants are no business of the permissions. */
export async function journal(
  url: string,
): Promise<readonly { action: string; permitted: boolean; handsOut: boolean }[]> {
  const response = await fetch(`${url}/_sim/journal`);
  const entries = (await response.json()) as readonly JournalEntry[];
  const broker: readonly string[] = [...BROKER_ACTIONS, ...FREE_ACTIONS];
  const provisioner: readonly string[] = [
    ...[...PROVISIONER_READS, ...PROVISIONER_WRITES],
    ...[...ROLES_ANYWHERE_READS, ...ROLES_ANYWHERE_WRITES].map(String),
    ...[...TIMED_POLICY_READS, ...TIMED_POLICY_LISTS, ...TIMED_POLICY_WRITES].map(String),
  ];
  return entries.flatMap(({ service, action, principal, code }) => {
    const name = `${service}:${action}`;
    const handsOut = name === 'sts:AssumeRole' && code === 'OK';
    if (principal?.includes('/curfew-broker/')) return [{ action: name, permitted: broker.includes(name), handsOut }];
    if (principal?.includes('/curfew-provisioner/'))
      return [{ action: name, permitted: provisioner.includes(name), handsOut: false }];
    return [];
  });
}

export async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/_sim/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`/_sim/${path} answered ${response.status}: ${await response.text()}`);
  const text = await response.text();
  return text === '' ? null : JSON.parse(text);
}
