import type { BindingSpec, CallOptions, Provider } from '../../../src/providers/contract.ts';
import { IDENTITY_CENTER } from '../../../src/providers/aws/capabilities.ts';
import { identityCenter, openIdentityCenter } from '../../../src/providers/aws/identity-center.ts';
import type { IdentityCenterCaller, IdentityCenterClients } from '../../../src/providers/aws/identity-center-client.ts';
import type { AwsMethod } from '../../../src/providers/aws/method.ts';
import type { AccountState } from '../../../src/providers/aws/organizations.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Network } from './network.ts';
import { CENTER, type SimCenter } from './sim-center.ts';

export function isAtCenter({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === IDENTITY_CENTER.method;
}

/** A command of the SDK, as far as one is needed who sends it in another way. */
interface Command {
  readonly input: object;
  readonly constructor: { readonly name: string };
  readonly middlewareStack: {
    resolve(send: () => Promise<object>, context: object): (args: object) => Promise<{ readonly output: object }>;
  };
}

/**
 * The real `method: identity-center` of one node: its own code from the contract down to the commands of the SDK, which then take the
 * simulated network instead of HTTPS.
 */
export function centerMethod(parts: {
  readonly center: SimCenter;
  readonly network: Network;
  readonly clock: Clock;
  readonly landsLate: (grant: string) => void;
}): AwsMethod & Pick<Provider, 'provision' | 'observe' | 'revoke'> {
  const { center, network, clock, landsLate } = parts;
  /** For whom a call is made; the SDK knows only its signal. */
  const grants = new WeakMap<AbortSignal, string>();

  const exchange = async <T>(action: string, signal: AbortSignal, perform: () => T): Promise<T> => {
    const grant = grants.get(signal) ?? '';
    const effect = /^(Create|Update|Delete|Put|Provision)/.test(action) ? 'write' : 'read';
    const late: Readonly<Record<string, () => void>> = {
      CreateAccountAssignment: () => landsLate(grant),
      PutInlinePolicyToPermissionSet: () => center.clobbered(),
    };
    const lands = late[action];
    const gives = lands === undefined ? {} : { landsLate: lands };
    return network.call({ name: `${action} for ${grant.slice(0, 8)}`, grant, effect, signal, perform, ...gives });
  };
  const client = (service: string) => {
    const send = async (command: Command, { abortSignal }: { readonly abortSignal: AbortSignal }): Promise<object> => {
      const action = command.constructor.name.replace(/Command$/, '');
      const answer = async () => {
        const output = await exchange(action, abortSignal, () => center.call(service, action, command.input));
        return { output, response: { headers: { date: new Date(center.cloudNow).toUTCString() } } };
      };
      return (await command.middlewareStack.resolve(answer, {})({ input: command.input })).output;
    };
    return { send } as never;
  };
  const accountState = async (account: string, { signal }: CallOptions): Promise<AccountState | null> =>
    exchange('DescribeAccount', signal, () => center.accountState(account));
  const clients: IdentityCenterClients = {
    sso: client('sso'),
    store: client('identitystore'),
    scheduler: client('scheduler'),
    accountState,
  };
  const caller: IdentityCenterCaller = { clients: async () => clients, forget: () => {} };
  const method = identityCenter('aws', openIdentityCenter(CENTER, { caller, partition: 'aws', clock, leases: null }));
  /** In half of the runs the roles write tombstones. */
  const cut = <Spec extends Pick<BindingSpec, 'role'>>(spec: Spec): Spec =>
    center.tombstones && spec.role.aws?.method === IDENTITY_CENTER.method
      ? { ...spec, role: { ...spec.role, aws: { ...spec.role.aws, tombstone: true } } }
      : spec;
  const forGrant = ({ grant }: BindingSpec, call: CallOptions): CallOptions => {
    grants.set(call.signal, grant);
    return call;
  };
  return {
    ...method,
    exclusive: (spec, act) => method.exclusive(cut(spec), act),
    provision: async (spec, call) => method.provision(cut(spec), forGrant(spec, call)),
    observe: async (spec, ending, call) => method.observe(cut(spec), ending, forGrant(spec, call)),
    revoke: async (spec, ending, rung, call) => method.revoke(cut(spec), ending, rung, forGrant(spec, call)),
    tidy: async (spec, call) => method.tidy(cut(spec), forGrant(spec, call)),
  };
}
