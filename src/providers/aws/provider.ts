import type { Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { getJson } from '../../platform/http.ts';
import {
  type Act,
  type BindingPlace,
  type BindingSpec,
  type CallOptions,
  type IssuedCertificate,
  type IssuedCredential,
  type Landing,
  type Provider,
  type Residual,
  type SweeperRun,
  type Tidied,
} from '../contract.ts';
import type { EndSigner } from '../signed-end.ts';
import { assumeRole } from './assume-role.ts';
import { createBucket, type Bucket } from './bucket.ts';
import { residualOf } from './capabilities.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { signInUrl, type GetJson } from './console.ts';
import { sweeperChecks, sweeperRuns, type SweeperSide } from './doctor-sweeper.ts';
import { diagnose } from './doctor.ts';
import { endpointsOf } from './endpoints.ts';
import { withoutStaticKeys, type IdentitySource } from './identity.ts';
import { identityCenter, openIdentityCenter } from './identity-center.ts';
import { identityCenterCaller, type IdentityCenterPlace } from './identity-center-client.ts';
import { createLeases } from './leases.ts';
import { byMethod, type Method } from '../method.ts';
import { partitionOf } from './names.ts';
import { createRevocationStore } from './revocation-store.ts';
import { rolesAnywhere } from './roles-anywhere.ts';
import { createSessions } from './sessions.ts';
import { timedPolicy } from './timed-policy.ts';

export interface AwsProviderOptions {
  /** Where STS is called; also decides the partition. */
  readonly region: string;
  /** One value for the whole deployment; every role's trust policy demands it, so that nobody else's broker is believed. */
  readonly externalId: string;
  /** The broker's own credentials; {@link ambientIdentity} in production. A static key is refused at every use. */
  readonly identity: IdentitySource;
  readonly clock: Clock;
  /** A single call is given up after this; the caller's signal may be earlier. Default 3 s. */
  readonly requestTimeoutMs?: number;
  /** Sends everything there instead of to AWS. Needs `allowCustomEndpoint`. */
  readonly endpoint?: string;
  readonly allowCustomEndpoint?: boolean;
  /** Where IAM Identity Center is administered; without it roles with `method: identity-center` are refused. */
  readonly identityCenter?: IdentityCenterPlace;
  /** ARN of the broker's own role, for the commands that `doctor` prints. */
  readonly brokerRoleArn?: string;
  /**
   * Told that all sessions of a role issued before `at` (AWS's time) are cut: credentials that live grants hold must be issued anew.
   * Told at every look at a role whose sessions were cut, so that neither a crash nor a lost answer can hide it; nothing counts as
   * gone before this has been kept. A rejection is passed on to whoever looked.
   */
  readonly onCut?: (cut: { readonly account: string; readonly role: string; readonly at: Instant }) => Promise<void>;
  readonly getJson?: GetJson;
  /** Signs the ends that stand in cloud objects, so that the sweeper can believe them. Absent: they stand there unsigned. */
  readonly endSigner?: EndSigner;
  /** Where leases are kept for the sweeper, and where it says that it ran. Absent: nowhere. */
  readonly sweepBucket?: { readonly name: string; readonly region: string };
  /** Our own certificate authority, for `method: roles-anywhere`. `elsewhere`: in another process of this broker, which alone has its key. */
  readonly authority?: CertificateAuthority | 'elsewhere';
  /** Base URL of this broker; AWS's console sends people there when their session is over. */
  readonly issuer?: string;
}

export interface AwsProvider extends Provider {
  exclusive(place: BindingPlace, act: Act): string | null;
  consoleUrl(credential: IssuedCredential, call: CallOptions): Promise<string>;
  landing(binding: Pick<BindingSpec, 'method' | 'role' | 'target' | 'principal'>): Landing | null;
  sharedPlace(wanted: Pick<BindingSpec, 'method' | 'target' | 'role' | 'principal'>): readonly string[];
  issueCertificate(binding: BindingSpec, call: CallOptions, holderKey: string): Promise<IssuedCertificate>;
  /** Absent: no bucket or no key is configured, so there are no leases. */
  forget?(binding: BindingSpec, call: CallOptions): Promise<void>;
  /**
   * Removes what nothing needs any more: entries of a role's revocation policy, or policies of grants that are over. Every ending does it
   * as well, so this is for what an ending had to leave.
   */
  tidy(binding: BindingSpec, call: CallOptions): Promise<Tidied>;
  residual(binding: Pick<BindingSpec, 'method' | 'role' | 'target'>): Residual;
  sweeperRuns(call: CallOptions): Promise<readonly SweeperRun[]>;
}

/** Makes the provider. Throws an `Error` for an endpoint that is not allowed; never reads the environment. */
export function createAwsProvider(options: AwsProviderOptions): AwsProvider {
  const partition = partitionOf(options.region);
  const endpoints = endpointsOf(options.region, options.endpoint, options.allowCustomEndpoint ?? false);
  const timeoutMs = options.requestTimeoutMs ?? 3_000;
  const { region, externalId, identity } = options;
  const sessions = createSessions({
    ...{ region, partition, endpoints, externalId, identity, requestTimeoutMs: timeoutMs },
    clock: options.clock,
  });
  const store = createRevocationStore(sessions, options.clock, async ({ account, role }, at) =>
    options.onCut?.({ account, role, at }),
  );
  const sweeper: SweeperSide = { signer: options.endSigner ?? null, bucket: sweepBucketOf(options, timeoutMs) };
  const leases =
    sweeper.bucket === null || sweeper.signer === null ? null : createLeases(sweeper.bucket, sweeper.signer);
  const where = options.identityCenter;
  const center =
    where === undefined
      ? null
      : openIdentityCenter(where, {
          caller: identityCenterCaller(where, { sessions, partition, endpoints, requestTimeoutMs: timeoutMs }),
          partition,
          clock: options.clock,
          leases,
        });
  const { authority } = options;
  const place = { endpoint: endpoints.rolesAnywhere, region, requestTimeoutMs: timeoutMs };
  // The account that administers Identity Center is the one that may ask.
  const organization =
    center === null
      ? null
      : (account: string, call: CallOptions) => center.directory.accountState(account, { lane: 'end', call });
  const all = [
    assumeRole(partition, sessions, store),
    timedPolicy(partition, sessions, options.clock, options.endSigner ?? null, organization),
    identityCenter(partition, center),
    rolesAnywhere({
      partition,
      sessions,
      store,
      clock: options.clock,
      place,
      organization,
      authority: authority ?? null,
    }),
  ];
  const { forget, ...handedOn } = byMethod('AWS', all.map(withAbilities));
  return {
    name: 'aws',
    ...handedOn,
    consoleUrl: (credential) =>
      signInUrl(credential.secret, endpoints, {
        getJson: options.getJson ?? getJson,
        timeoutMs,
        issuer: options.issuer ?? 'https://curfew.invalid/',
      }),
    sweeperRuns: (call) => sweeperRuns(sweeper, call),
    doctor: async (places, call) => [
      ...(await diagnose(
        { sessions, partition, center, anywhere: { authority: authority ?? null, place }, options },
        places,
        call,
      )),
      ...(await sweeperChecks(sweeper, call)),
    ],
    ...(leases === null ? {} : { forget }),
  };
}

function sweepBucketOf(options: AwsProviderOptions, requestTimeoutMs: number): Bucket | null {
  if (options.sweepBucket === undefined) return null;
  const { s3 } = endpointsOf(options.sweepBucket.region, options.endpoint, options.allowCustomEndpoint ?? false);
  const identity = withoutStaticKeys(options.identity);
  return createBucket({ ...options.sweepBucket, endpoint: s3, identity, requestTimeoutMs });
}

/** What a role lets outlive its grant counts towards what can survive it; a permission set says that for itself. */
function withAbilities(method: Method): Method {
  const { capabilities } = method;
  return {
    residual: ({ role: { aws } }) => residualOf(capabilities, aws !== null && 'allows' in aws ? aws.allows : []),
    ...method,
  };
}
