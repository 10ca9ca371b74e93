import { DeleteUserPolicyCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import type { AwsTimedPolicy } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { AwsProvider, AwsProviderOptions } from '../../src/providers/aws/index.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { account, binding, timedRole } from './aws-fixtures.ts';
import { attempt, awsProvider, bystanders, client, inject, journal, post, readInvoice } from './aws-harness.ts';
import { ACCOUNT, contractWorld, PEOPLE, person } from './aws-world.ts';
import type { CloudCall, Held, Operation, ProviderHarness } from './provider-harness.ts';

const provisioner = (operation: Operation): CloudCall => ({
  operation,
  name: 'AssumeRole curfew-provisioner',
  writes: false,
});

/** Every call of `method: timed-policy` on a user. Nothing was ever put where `observe` looks here, so it asks for the user too. */
const CALLS: readonly CloudCall[] = [
  provisioner('provision'),
  { operation: 'provision', name: 'GetUser', writes: false },
  { operation: 'provision', name: 'PutUserPolicy', writes: true },
  provisioner('revoke'),
  { operation: 'revoke', name: 'DeleteUserPolicy', writes: true },
  provisioner('observe'),
  { operation: 'observe', name: 'GetUserPolicy', writes: false },
  { operation: 'observe', name: 'GetUser', writes: false },
];

export interface TimedHarness extends ProviderHarness {
  readonly provider: AwsProvider;
  readonly url: string;
  own(spec: BindingSpec): Held;
  /** A binding over another definition. */
  over(aws: Partial<AwsTimedPolicy>, change?: Partial<BindingSpec>): BindingSpec;
  with(change: Partial<AwsProviderOptions>): AwsProvider;
  /** An administrator of the account, who is not Curfew. */
  admin(): Promise<IAMClient>;
}

/** The AWS provider with `method: timed-policy` in front of the simulator; each binding is of a person of their own. */
export async function timedHarness(
  simulated: { readonly iamDelayMs?: number; readonly iamReadDelayMs?: number } = {},
): Promise<TimedHarness> {
  const simulator = await startAwsSimulator({ port: 0, world: contractWorld, ...simulated });
  const { url } = simulator;
  let provider = awsProvider(url);
  let next = 0;
  const fresh = (durationMs: number, sameAs?: BindingSpec): BindingSpec => {
    if (sameAs === undefined) next += 1;
    if (next >= PEOPLE) throw new Error('there are no more people in this world');
    const now = systemClock.now();
    const grant = newId(systemRandom, 'grt');
    return binding({
      slot: slotKey('aws', 'timed-policy', [grant]),
      method: 'timed-policy',
      target: { ...account, native: ACCOUNT },
      role: timedRole({}),
      grant,
      principal: sameAs?.principal ?? person(next).name,
      activatedAt: now,
      endsAt: after(now, durationMs),
    });
  };
  return {
    get provider() {
      return provider;
    },
    with: (change) => awsProvider(url, change),
    url,
    method: 'timed-policy',
    calls: CALLS,
    binding: fresh,
    over: (aws, change = {}) => ({ ...fresh(600_000), role: timedRole(aws), ...change }),
    impossible: () => ({ ...fresh(600_000), role: timedRole({ path: 'curfew/' }) }),
    now: () => systemClock.now(),
    own: ({ principal }) => {
      const { key } = person(Number(principal.split('-')[1]));
      return { secret: { accessKeyId: key.id, secretAccessKey: key.secret } };
    },
    use: (held) => attempt(() => readInvoice(url, held)),
    escapes: escapes(url),
    inject: (call, fault) => inject(url, call, fault),
    async heal() {
      await post(url, 'faults', []);
      provider = awsProvider(url);
    },
    bystanders: () => bystanders(url),
    journal: () => journal(url),
    async skewClock(offsetMs) {
      await post(url, 'clock', { offsetMs });
    },
    async admin() {
      const roleArn = `arn:aws:iam::${ACCOUNT}:role/deployer`;
      const session = (await post(url, 'session', { roleArn, durationSeconds: 3_600 })) as Held['secret'];
      const { accessKeyId, secretAccessKey, sessionToken = '' } = session;
      return new IAMClient({ ...client(url, { accessKeyId, secretAccessKey, sessionToken }), region: 'us-east-1' });
    },
    close: () => simulator.close(),
  };
}

/** What a person could try to keep the access for longer than the grant. */
function escapes(url: string): ProviderHarness['escapes'] {
  const iam = (held: Held) => new IAMClient({ ...client(url, held.secret), region: 'us-east-1' });
  const everything = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  const names = { UserName: person(1).name, PolicyName: 'mine' };
  return [
    {
      name: 'putting a policy without an end on a person',
      attempt: (held) =>
        attempt(() => iam(held).send(new PutUserPolicyCommand({ ...names, PolicyDocument: everything }))),
    },
    {
      name: 'removing a policy from a person',
      attempt: (held) => attempt(() => iam(held).send(new DeleteUserPolicyCommand({ ...names, PolicyName: 'own' }))),
    },
    {
      name: 'assuming a role that trusts everybody in the account',
      attempt: (held) =>
        attempt(() =>
          new STSClient(client(url, held.secret)).send(
            new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/deployer`, RoleSessionName: 'escape' }),
          ),
        ),
    },
  ];
}
