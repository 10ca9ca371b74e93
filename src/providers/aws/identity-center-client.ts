import { IdentitystoreClient } from '@aws-sdk/client-identitystore';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import type { Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Effect, goingOn } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { clientOptions, perform, type Answer } from './call.ts';
import type { Endpoints } from './endpoints.ts';
import type { CallQuota, Lane } from './identity-center-quota.ts';
import { IDENTITY_CENTER_ROLE, placeOf, type Partition } from './names.ts';
import { accountState, type AccountState } from './organizations.ts';
import type { Sessions } from './sessions.ts';

/** Where IAM Identity Center is administered. */
export interface IdentityCenterPlace {
  /** The management account, or the delegated administrator's: 12 digits. */
  readonly account: string;
  /** The region that the instance lives in. */
  readonly region: string;
  /** Needed only where the account sees several instances. */
  readonly instanceArn?: string;
  /** What this broker may take of AWS's limits, and how long AWS takes for an operation as a rule; default: nearly all of them, and as it was measured. */
  readonly limits?: {
    readonly callsPerSecond?: number;
    readonly outstanding?: number;
    readonly operationMs?: number;
  };
}

/** The clients that act as Curfew's role in the administering account. */
export interface IdentityCenterClients {
  readonly sso: Pick<SSOAdminClient, 'send'>;
  readonly store: Pick<IdentitystoreClient, 'send'>;
  readonly scheduler: Pick<SchedulerClient, 'send'>;
  /** What the organization says of an account; `null`: it has none of that number. Throws faults. */
  accountState(account: string, call: CallOptions): Promise<AccountState | null>;
}

/** Who calls, and where to. */
export interface IdentityCenterCaller {
  clients(call: CallOptions): Promise<IdentityCenterClients>;
  /** AWS did not accept the session of the clients: the next call begins with a new one. */
  forget(): void;
}

/** How a call is made: in which lane it waits, whether it leaves something behind, and what it is in words. */
export interface How {
  readonly lane: Lane;
  readonly effect: Effect;
  readonly what: string;
  readonly call: CallOptions;
  /** It begins an operation: AWS refuses it in the same way when too many run, and other calls notice when there are too many calls. */
  readonly begins?: boolean;
}

type Send<Command, Output> = (command: Command, options: { abortSignal: AbortSignal }) => Promise<Output>;

/** Makes calls as Curfew's role in the administering account. All throw faults. */
export interface IdentityCenterClient {
  readonly place: IdentityCenterPlace;
  /** A call of sso-admin: it waits for its turn in the quota that all calls of that service share. */
  sso<Command extends object, Output>(
    command: Command,
    send: (clients: IdentityCenterClients) => Send<Command, Output>,
    how: How,
  ): Promise<Answer<Output>>;
  /** A call of another service, which has a quota of its own that nothing here comes near to. */
  other<Command extends object, Output>(
    command: Command,
    send: (clients: IdentityCenterClients) => Send<Command, Output>,
    how: Omit<How, 'lane'>,
  ): Promise<Answer<Output>>;
  accountState(account: string, call: CallOptions): Promise<AccountState | null>;
  /** How far AWS's clock was ahead of ours when it answered last; `null`: it has not said yet. */
  aheadMs(): number | null;
}

/** Curfew's role in the administering account, over HTTPS. */
export function identityCenterCaller(
  place: IdentityCenterPlace,
  ports: {
    readonly sessions: Sessions;
    readonly partition: Partition;
    readonly endpoints: Endpoints;
    readonly requestTimeoutMs: number;
  },
): IdentityCenterCaller {
  const { sessions, partition, endpoints, requestTimeoutMs: timeoutMs } = ports;
  const role = placeOf(partition, place.account, IDENTITY_CENTER_ROLE);
  const shared = { ...clientOptions(timeoutMs), region: place.region };
  const organization = { endpoint: endpoints.organizations, region: endpoints.organizationsRegion, timeoutMs };
  return {
    clients: (call) =>
      sessions.own(
        role,
        (secret) => {
          const { ssoAdmin, identityStore, scheduler } = endpoints.inRegion(place.region);
          const more = { ...shared, credentials: secret, requestHandler: sessions.sts.config.requestHandler };
          return {
            sso: new SSOAdminClient({ ...more, endpoint: ssoAdmin }),
            store: new IdentitystoreClient({ ...more, endpoint: identityStore }),
            scheduler: new SchedulerClient({ ...more, endpoint: scheduler }),
            accountState: (account, asked) => accountState({ ...organization, secret }, account, asked),
          };
        },
        call,
      ),
    forget: () => sessions.forget(place.account, IDENTITY_CENTER_ROLE),
  };
}

/** Makes the calls of one process, within the quota that all of them share. */
export function createIdentityCenterClient(
  place: IdentityCenterPlace,
  { clients, forget }: IdentityCenterCaller,
  { quota, clock }: { readonly quota: CallQuota; readonly clock: Clock },
): IdentityCenterClient {
  let aheadMs: number | null = null;
  // One operation makes several calls, each of which may wait for its turn: its time goes on from when its first one came here.
  const times = new WeakMap<CallOptions, () => Instant>();
  const timeOf = (call: CallOptions): (() => Instant) => {
    const ourNow = times.get(call) ?? goingOn(clock, call);
    times.set(call, ourNow);
    return ourNow;
  };

  async function run<Command extends object, Output>(
    command: Command,
    send: (clients: IdentityCenterClients) => Send<Command, Output>,
    how: Omit<How, 'lane'>,
  ): Promise<Answer<Output>> {
    const ourNow = timeOf(how.call);
    const by = await clients(how.call);
    try {
      const answer = await perform(command, send(by), how);
      if (answer.cloudNow !== null) aheadMs = answer.cloudNow - ourNow();
      return answer;
    } catch (error) {
      if (error instanceof ProviderFault && error.kind === 'forbidden-to-us') forget();
      throw error;
    }
  }

  return {
    place,
    async sso(command, send, how) {
      timeOf(how.call);
      await quota.turn(how.lane, how.what, how.call);
      try {
        return await run(command, send, how);
      } catch (error) {
        if (error instanceof ProviderFault && error.kind === 'throttled' && how.begins !== true) quota.slowDown();
        throw error;
      }
    },
    other: run,
    accountState: async (account, call) => (await clients(call)).accountState(account, call),
    aheadMs: () => aheadMs,
  };
}
