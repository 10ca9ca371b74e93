import type { BindingSpec, Provider } from '../../../src/providers/contract.ts';
import type { HttpAnswer } from '../../../src/platform/http.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Instant } from '../../../src/core/time.ts';
import { ROLES_ANYWHERE } from '../../../src/providers/aws/capabilities.ts';
import type { Method } from '../../../src/providers/method.ts';
import { createRevocationStore } from '../../../src/providers/aws/revocation-store.ts';
import { rolesAnywhere } from '../../../src/providers/aws/roles-anywhere.ts';
import type { Sessions } from '../../../src/providers/aws/sessions.ts';
import { AwsCalls } from './aws-calls.ts';
import type { Network } from './network.ts';
import { ANYWHERE } from './anywhere-lists.ts';
import type { SimAnywhere } from './sim-anywhere.ts';
import { simAuthority } from './sim-authority.ts';

export function isAnywhere({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === ROLES_ANYWHERE.method;
}

/**
 * The real `method: roles-anywhere` of one node: its own code from the contract down to the commands of the SDK and the calls of Roles
 * Anywhere, which then take the simulated network instead of HTTPS. Only the authority signs nothing.
 */
export function anywhereMethod(parts: {
  readonly anywhere: SimAnywhere;
  readonly network: Network;
  readonly clock: Clock;
  /** How far behind a read is. */
  readonly staleMs: () => number;
  readonly onStale: (grant: string) => void;
  readonly landsLate: (grant: string) => void;
  readonly onCut: (account: string, role: string, at: Instant) => Promise<void>;
}): Method & Pick<Provider, 'provision' | 'observe' | 'revoke'> & Required<Pick<Provider, 'issueCertificate'>> {
  const { anywhere, network, clock } = parts;
  const calls = new AwsCalls(network, (action, grant) => {
    if (action === 'PutRolePolicy') parts.landsLate(grant);
  });
  const iam = (account: string) => {
    const client = calls.client(
      () => anywhere.cloudNow,
      (action, input, grant) =>
        anywhere.iam(account, action, input, { staleMs: parts.staleMs(), onStale: () => parts.onStale(grant) }),
    );
    // Whose session it is stands in its key, as the account of a real one does.
    const credentials = async () => ({ accessKeyId: `ASIA${account}`, secretAccessKey: '-', sessionToken: '-' });
    return { send: client.send, config: { credentials } };
  };
  const sessions = { iam: async (account: string) => iam(account), forget: () => {} } as unknown as Sessions;
  const store = createRevocationStore(sessions, clock, ({ account, role }, at) => parts.onCut(account, role, at));
  const method = rolesAnywhere({
    partition: 'aws',
    sessions,
    store,
    clock,
    organization: null,
    authority: simAuthority,
    place: {
      endpoint: 'https://rolesanywhere.simulated/',
      region: ANYWHERE.region,
      requestTimeoutMs: 3_000,
      exchange: ({ method: verb, url, headers, body }, { signal }) =>
        calls.send<HttpAnswer>({
          action: `${verb} ${url.pathname}`,
          effect: verb === 'GET' ? 'read' : 'write',
          signal,
          perform: () => {
            const account = /Credential=ASIA(\d+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
            return { headers: {}, ...anywhere.control(account, verb, url.pathname, body) };
          },
        }),
    },
  });
  const { issueCertificate } = method;
  if (issueCertificate === undefined) throw new Error('the method issues no certificates');
  return {
    ...method,
    provision: async (spec, call) => method.provision(spec, calls.of(spec, call)),
    observe: async (spec, ending, call) => method.observe(spec, ending, calls.of(spec, call)),
    revoke: async (spec, ending, rung, call) => method.revoke(spec, ending, rung, calls.of(spec, call)),
    tidy: async (spec, call) => method.tidy(spec, calls.of(spec, call)),
    issueCertificate: async (spec, call, holderKey) => issueCertificate(spec, calls.of(spec, call), holderKey),
  };
}
