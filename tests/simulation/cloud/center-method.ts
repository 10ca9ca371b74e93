import type { BindingSpec, CallOptions, Provider } from '../../../src/providers/contract.ts';
import { IDENTITY_CENTER } from '../../../src/providers/aws/capabilities.ts';
import { identityCenter, openIdentityCenter } from '../../../src/providers/aws/identity-center.ts';
import type { IdentityCenterCaller, IdentityCenterClients } from '../../../src/providers/aws/identity-center-client.ts';
import type { Method } from '../../../src/providers/method.ts';
import type { AccountState } from '../../../src/providers/aws/organizations.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { createLeases } from '../../../src/providers/aws/leases.ts';
import type { EndSigner } from '../../../src/providers/signed-end.ts';
import { AwsCalls } from './aws-calls.ts';
import type { Network } from './network.ts';
import { CENTER } from './center-world.ts';
import { bucketOver } from './sim-bucket.ts';
import type { SimCenter } from './sim-center.ts';
import type { Written } from './written.ts';

/** What stands for a grant from then on, a schedule too: one that is left behind removes what somebody else assigns there. What is tidied there is nobody's access. */
const WRITTEN: Readonly<Partial<Record<string, Written>>> = {
  CreateSchedule: 'gives',
  UpdateSchedule: 'gives',
  CreateAccountAssignment: 'gives',
  DeleteAccountAssignment: 'takes',
};

export function isAtCenter({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === IDENTITY_CENTER.method;
}

/**
 * The real `method: identity-center` of one node: its own code from the contract down to the commands of the SDK, which then take the
 * simulated network instead of HTTPS.
 */
export function centerMethod(parts: {
  readonly center: SimCenter;
  readonly network: Network;
  readonly clock: Clock;
  readonly signer: EndSigner;
  readonly landsLate: (grant: string) => void;
}): Method & Pick<Provider, 'provision' | 'observe' | 'revoke'> {
  const { center, network, clock } = parts;
  const calls = new AwsCalls(network, (action, grant) => {
    if (action === 'CreateAccountAssignment') parts.landsLate(grant);
    if (action === 'PutInlinePolicyToPermissionSet') center.clobbered();
  });
  const client = (service: string) =>
    calls.client(
      () => center.cloudNow,
      (action, input, grant) => {
        const answer = center.call(service, action, input);
        const how = WRITTEN[action];
        if (how !== undefined) center.onWritten(grant, how);
        return answer;
      },
    ) as never;
  const accountState = async (account: string, { signal }: CallOptions): Promise<AccountState | null> =>
    calls.send({
      action: 'DescribeAccount',
      effect: 'read',
      signal,
      perform: () => center.accountState(account),
    });
  const clients: IdentityCenterClients = {
    sso: client('sso'),
    store: client('identitystore'),
    scheduler: client('scheduler'),
    accountState,
  };
  const caller: IdentityCenterCaller = { clients: async () => clients, forget: () => {} };
  const bucket = bucketOver(center, calls);
  const leases = bucket === null ? null : createLeases(bucket, parts.signer);
  const method = identityCenter('aws', openIdentityCenter(CENTER, { caller, partition: 'aws', clock, leases }));
  /** In half of the runs the roles write tombstones. */
  const cut = <Spec extends Pick<BindingSpec, 'role'>>(spec: Spec): Spec =>
    center.tombstones && spec.role.aws?.method === IDENTITY_CENTER.method
      ? { ...spec, role: { ...spec.role, aws: { ...spec.role.aws, tombstone: true } } }
      : spec;
  return {
    ...method,
    exclusive: (spec, act) => method.exclusive(cut(spec), act),
    quota: (spec, act) => method.quota?.(cut(spec), act) ?? [],
    provision: async (spec, call) => method.provision(cut(spec), calls.of(spec, call)),
    observe: async (spec, ending, call) => method.observe(cut(spec), ending, calls.of(spec, call)),
    revoke: async (spec, ending, rung, call) => method.revoke(cut(spec), ending, rung, calls.of(spec, call)),
    forget: async (spec, call) => method.forget?.(cut(spec), calls.of(spec, call)),
    tidy: async (spec, call) => method.tidy(cut(spec), calls.of(spec, call)),
  };
}
