import type { IAMClient } from '@aws-sdk/client-iam';
import type { BindingSpec, Provider } from '../../../src/providers/contract.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { TIMED_POLICY } from '../../../src/providers/aws/capabilities.ts';
import type { Method } from '../../../src/providers/method.ts';
import type { Sessions } from '../../../src/providers/aws/sessions.ts';
import { timedPolicy } from '../../../src/providers/aws/timed-policy.ts';
import type { EndSigner } from '../../../src/providers/signed-end.ts';
import { AwsCalls } from './aws-calls.ts';
import type { Network } from './network.ts';
import type { SimIdentities } from './sim-identities.ts';

export function isTimed({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === TIMED_POLICY.method;
}

/**
 * The real `method: timed-policy` of one node: its own code from the contract down to the commands of the SDK, which then take the
 * simulated network instead of HTTPS.
 */
export function timedMethod(parts: {
  readonly identities: SimIdentities;
  readonly network: Network;
  readonly clock: Clock;
  readonly signer: EndSigner;
  /** How far behind a read is. */
  readonly staleMs: () => number;
  readonly onStale: (grant: string) => void;
  readonly landsLate: (grant: string) => void;
}): Method & Pick<Provider, 'provision' | 'observe' | 'revoke'> {
  const { identities, network, clock } = parts;
  const calls = new AwsCalls(network, (action, grant) => {
    if (action.startsWith('Put')) parts.landsLate(grant);
  });
  const iam = (account: string): IAMClient =>
    calls.client(
      () => identities.cloudNow,
      (action, input, grant) =>
        identities.iam(account, action, input, { staleMs: parts.staleMs(), onStale: () => parts.onStale(grant) }),
    );
  const sessions = { iam: async (account: string) => iam(account), forget: () => {} } as unknown as Sessions;
  const method = timedPolicy('aws', sessions, clock, parts.signer, null);
  /** People have users in one account and roles in another one. */
  const there = <Spec extends Pick<BindingSpec, 'role' | 'target'>>(spec: Spec): Spec =>
    spec.role.aws?.method === TIMED_POLICY.method
      ? { ...spec, role: { ...spec.role, aws: { ...spec.role.aws, attachTo: identities.kindIn(spec.target.native) } } }
      : spec;
  return {
    ...method,
    plan: (wanted) => method.plan(there(wanted)),
    landing: (binding) => method.landing(there(binding)),
    provision: async (spec, call) => method.provision(there(spec), calls.of(spec, call)),
    observe: async (spec, ending, call) => method.observe(there(spec), ending, calls.of(spec, call)),
    revoke: async (spec, ending, rung, call) => method.revoke(there(spec), ending, rung, calls.of(spec, call)),
    tidy: async (spec, call) => method.tidy(there(spec), calls.of(spec, call)),
  };
}
