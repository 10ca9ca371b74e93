import { IAMClient } from '@aws-sdk/client-iam';
import { SSOAdminClient } from '@aws-sdk/client-sso-admin';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { after } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { createEndVerifier } from '../signed-end.ts';
import { createBucket, type Bucket } from './bucket.ts';
import { clientOptions, perform } from './call.ts';
import { endpointsOf, type Endpoints } from './endpoints.ts';
import { writeHeartbeat } from './heartbeat.ts';
import { withoutStaticKeys, type IdentitySource, type ResolvedIdentity } from './identity.ts';
import { partitionOf, SWEEPER } from './names.ts';
import { sweepAssignments } from './sweep-assignments.ts';
import { callOf, mayBegin, patiently, rotated, turnAt, type SweepPorts } from '../sweep-calls.ts';
import { createNotes, type SweepReport } from '../sweep-report.ts';
import { sweepTimedPolicies } from './sweep-timed-policies.ts';

export interface SweepOptions {
  /** Where STS is called; also decides the partition. */
  readonly region: string;
  /** The sweeper's own credentials; {@link ambientIdentity} in production. A static key is refused at every use. */
  readonly identity: IdentitySource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Public keys of the broker's `ends.pem`; nothing that is not signed by one of them is believed. */
  readonly keys: readonly string[];
  /** Roles to assume, one for each account whose timed policies are swept. Empty: the own identity's account, as itself. */
  readonly roleArns: readonly string[];
  readonly externalId: string | null;
  /** Paths of people's identities, like `people/`. Empty: no timed policies are swept. */
  readonly paths: readonly string[];
  /** Leases and heartbeat. `null`: there are none, and no assignments are swept. */
  readonly bucket: { readonly name: string; readonly region: string } | null;
  /** Where Identity Center is, and the role to assume in its account; `roleArn: null`: as oneself. */
  readonly identityCenter: { readonly region: string; readonly roleArn: string | null };
  /** Name of the heartbeat, where several sweepers share a bucket. */
  readonly name: string;
  readonly version: string;
  readonly dryRun: boolean;
  /** Nothing new is begun so long after the beginning. Absent: four minutes. */
  readonly runMs?: number;
  /** Sends everything there instead of to AWS. Needs `allowCustomEndpoint`. */
  readonly endpoint?: string;
  readonly allowCustomEndpoint?: boolean;
}

/** Nothing new is begun after this; what is left is said, and later runs begin with others. */
const RUN_MS = 240_000;
const REQUEST_MS = 5_000;
/** The shortest session that AWS issues; a run is shorter. */
const SESSION_S = 900;

/**
 * One run: ends what is overdue, touches nothing else, and needs neither a broker nor a database. What fails is an event in the report.
 * Throws an `Error` for options that could never work: a key that is none, a custom endpoint that was not allowed.
 */
export async function sweepOnce(options: SweepOptions): Promise<SweepReport> {
  const { clock, signal } = options;
  const startedAt = clock.now();
  const notes = createNotes();
  const verifier = createEndVerifier(options.keys);
  const endpoints = endpointsOf(options.region, options.endpoint, options.allowCustomEndpoint ?? false);
  const until = after(startedAt, options.runMs ?? RUN_MS);
  const turn = turnAt(startedAt);
  const ports: SweepPorts = { clock, verifier, notes, dryRun: options.dryRun, until, turn, signal };
  const identity = withoutStaticKeys(options.identity);
  const bucket = bucketOf(options, endpoints, identity);
  const sts = new STSClient({
    ...clientOptions(REQUEST_MS),
    region: options.region,
    endpoint: endpoints.sts,
    credentials: identity,
  });
  try {
    // Assignments have no end of their own, and policies have: they do not wait for accounts, however large those are.
    if (bucket !== null) await assignments(ports, options, { endpoints, sts, identity }, bucket);
    if (options.paths.length > 0) await accounts(ports, options, { endpoints, sts, identity });
    const report = () => notes.report({ dryRun: options.dryRun, version: options.version }, startedAt, clock.now());
    if (bucket === null || options.dryRun) return report();
    try {
      await patiently(ports, () => writeHeartbeat(bucket, options.name, report(), callOf(ports)));
    } catch (error) {
      notes.fault('sweeper', `the heartbeat in ${bucket.name}`, error);
    }
    return report();
  } finally {
    sts.destroy();
  }
}

interface Access {
  readonly endpoints: Endpoints;
  readonly sts: STSClient;
  /** The sweeper's own. */
  readonly identity: IdentitySource;
}

/** The role that infra/aws makes for the sweeper in an account. */
export function sweeperRoleArn(region: string, account: string): string {
  return `arn:${partitionOf(region)}:iam::${account}:role/${SWEEPER}`;
}

function bucketOf(
  { bucket, region, endpoint, allowCustomEndpoint }: SweepOptions,
  endpoints: Endpoints,
  identity: IdentitySource,
): Bucket | null {
  if (bucket === null) return null;
  const own = bucket.region === region ? endpoints : endpointsOf(bucket.region, endpoint, allowCustomEndpoint ?? false);
  return createBucket({ ...bucket, endpoint: own.s3, identity, requestTimeoutMs: REQUEST_MS });
}

async function accounts(ports: SweepPorts, options: SweepOptions, access: Access): Promise<void> {
  const all = options.roleArns.length === 0 ? [null] : options.roleArns;
  for (const roleArn of rotated(all, ports.turn, 'accounts')) {
    if (!mayBegin(ports)) {
      const message = 'Not looked at: the run had no time left. Later runs begin with others.';
      ports.notes.event({ kind: 'failed', method: 'timed-policy', place: roleArn ?? 'its own account', message });
      continue;
    }
    let iam: IAMClient | null = null;
    try {
      const { account, credentials } = await patiently(ports, () => act(options, access, roleArn, callOf(ports)));
      const client = new IAMClient({
        ...clientOptions(REQUEST_MS),
        region: access.endpoints.iamRegion,
        endpoint: access.endpoints.iam,
        credentials,
      });
      iam = client;
      const scope = { iam: client, partition: partitionOf(options.region), account };
      await sweepTimedPolicies(ports, scope, options.paths);
    } catch (error) {
      ports.notes.fault('timed-policy', roleArn ?? 'its own account', error);
    } finally {
      iam?.destroy();
    }
  }
}

async function assignments(ports: SweepPorts, options: SweepOptions, access: Access, bucket: Bucket): Promise<void> {
  const { region, roleArn } = options.identityCenter;
  let sso: SSOAdminClient | null = null;
  try {
    const { credentials } =
      roleArn === null
        ? { credentials: access.identity }
        : await patiently(ports, () => act(options, access, roleArn, callOf(ports)));
    const { sso: endpoint } = endpointsOf(region, options.endpoint, options.allowCustomEndpoint ?? false);
    sso = new SSOAdminClient({ ...clientOptions(REQUEST_MS), region, endpoint, credentials });
    await sweepAssignments(ports, { bucket, sso });
  } catch (error) {
    ports.notes.fault('identity-center', roleArn ?? 'its own account', error);
  } finally {
    sso?.destroy();
  }
}

/** Who the sweeper is in an account: what it assumed, or itself. Throws faults. */
async function act(
  options: SweepOptions,
  { sts, identity }: Access,
  RoleArn: string | null,
  call: CallOptions,
): Promise<{ readonly account: string; readonly credentials: ResolvedIdentity | IdentitySource }> {
  if (RoleArn === null) {
    const what = 'Asking AWS who the sweeper is';
    const { output } = await perform(new GetCallerIdentityCommand({}), (it, o) => sts.send(it, o), {
      effect: 'read',
      what,
      call,
    });
    return { account: output.Account ?? '', credentials: identity };
  }
  const command = new AssumeRoleCommand({
    RoleArn,
    RoleSessionName: 'curfew-sweeper',
    SourceIdentity: 'curfew-sweeper',
    DurationSeconds: SESSION_S,
    ...(options.externalId === null ? {} : { ExternalId: options.externalId }),
  });
  // A session that got lost changes nothing, so this is no write.
  const { output } = await perform(command, (it, o) => sts.send(it, o), {
    effect: 'read',
    what: `Assuming ${RoleArn}`,
    call,
  });
  const { AccessKeyId, SecretAccessKey, SessionToken } = output.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken)
    throw new ProviderFault('unreachable', `Assuming ${RoleArn}: AWS answered without credentials`);
  const [, , , , account = ''] = RoleArn.split(':');
  return {
    account,
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  };
}
