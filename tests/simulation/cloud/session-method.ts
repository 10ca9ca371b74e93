import type { IAMClient } from '@aws-sdk/client-iam';
import type { Instant } from '../../../src/core/time.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { assumeRole } from '../../../src/providers/aws/assume-role.ts';
import { ASSUME_ROLE } from '../../../src/providers/aws/capabilities.ts';
import { endpointsOf } from '../../../src/providers/aws/endpoints.ts';
import type { Method } from '../../../src/providers/method.ts';
import { createRevocationStore } from '../../../src/providers/aws/revocation-store.ts';
import { createSessions, type Sessions } from '../../../src/providers/aws/sessions.ts';
import type { BindingSpec, Provider } from '../../../src/providers/contract.ts';
import { AwsCalls } from './aws-calls.ts';
import type { Network } from './network.ts';
import type { SimRoles } from './sim-roles.ts';

export function isSession({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === ASSUME_ROLE.method;
}

/**
 * The real `method: assume-role` of one node: its own code from the contract down to the commands of the SDK, also those to STS, which then
 * take the simulated network instead of HTTPS.
 */
export function sessionMethod(parts: {
  readonly roles: SimRoles;
  readonly network: Network;
  readonly clock: Clock;
  /** How far behind a read is. */
  readonly staleMs: () => number;
  readonly onStale: (grant: string) => void;
  readonly landsLate: (grant: string) => void;
  readonly onCut: (account: string, role: string, at: Instant) => Promise<void>;
}): Method & Pick<Provider, 'provision' | 'observe' | 'revoke'> {
  const { roles, network, clock } = parts;
  const calls = new AwsCalls(network, (action, grant) => {
    if (action === 'AssumeRole') parts.landsLate(grant);
  });
  const now = () => roles.cloudNow;
  const iam = (account: string): IAMClient =>
    calls.client(now, (action, input, grant) =>
      roles.iam(account, action, input, { staleMs: parts.staleMs(), onStale: () => parts.onStale(grant) }),
    );
  const real = createSessions({
    region: 'eu-west-1',
    partition: 'aws',
    endpoints: endpointsOf('eu-west-1', undefined, false),
    externalId: 'simulation',
    identity: () => Promise.reject(new Error('the simulation signs nothing')),
    requestTimeoutMs: 3_000,
    clock,
  });
  const sts = calls.client(now, (_action, input) => roles.assume(input));
  real.sts.send = sts.send.bind(sts) as unknown as typeof real.sts.send;
  const sessions: Sessions = { ...real, iam: async (account) => iam(account), forget: () => {} };
  const store = createRevocationStore(sessions, clock, ({ account, role }, at) => parts.onCut(account, role, at));
  const method = assumeRole('aws', sessions, store);
  return {
    ...method,
    provision: async (spec, call) => method.provision(spec, calls.of(spec, call)),
    observe: async (spec, ending, call) => method.observe(spec, ending, calls.of(spec, call)),
    revoke: async (spec, ending, rung, call) => method.revoke(spec, ending, rung, calls.of(spec, call)),
    issueCredential: async (spec, call) => method.issueCredential(spec, calls.of(spec, call)),
    tidy: async (spec, call) => method.tidy(spec, calls.of(spec, call)),
  };
}
