import { IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient, type AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { instant, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { goingOn, refuseSkew } from '../calling.ts';
import {
  ProviderFault,
  type AwsCredential,
  type BindingSpec,
  type CallOptions,
  type CredentialFacts,
} from '../contract.ts';
import { clientOptions, perform } from './call.ts';
import { LONGEST_SESSION_S, SHORTEST_SESSION_S } from './capabilities.ts';
import type { Endpoints } from './endpoints.ts';
import { withoutStaticKeys, type IdentitySource } from './identity.ts';
import { GRANT_TAG, placeOf, PROVISIONER, sessionName, sha256, type Partition, type RolePlace } from './names.ts';
import type { SessionPolicy } from './session-policy.ts';

/** A session that STS issued. The secret lives in memory only, on its way to whoever asked. */
export interface Session {
  readonly secret: AwsCredential;
  readonly facts: CredentialFacts;
  readonly assumedRoleArn: string;
  readonly packedPolicyPercent: number | null;
}

/** Everything that the provider gets from STS. */
export interface Sessions {
  /** Assumes the role of a grant, under its session policy. Throws a fault; a lost answer is an unknown outcome. */
  forGrant(spec: BindingSpec, place: RolePlace, policy: SessionPolicy, call: CallOptions): Promise<Session>;
  /** Assumes any role under the path, with a policy that denies everything: whether it can be assumed at all. */
  probe(place: RolePlace, call: CallOptions): Promise<void>;
  /** An IAM client that acts as the provisioner of an account. */
  iam(account: string, call: CallOptions): Promise<IAMClient>;
  /** What `make` makes of a session of one of Curfew's own roles; the same until that session is about to expire. */
  own<T>(place: RolePlace, make: (secret: AwsCredential) => T, call: CallOptions): Promise<T>;
  /** Forgets the session of a role of Curfew's own in an account, the provisioner unless it is said, because AWS refused it. */
  forget(account: string, role?: string): void;
  readonly sts: STSClient;
}

interface Options {
  readonly region: string;
  readonly partition: Partition;
  readonly endpoints: Endpoints;
  readonly externalId: string;
  readonly identity: IdentitySource;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

/** Sessions of our own roles are renewed this long before they expire, so that none ends in the middle of a write. */
const RENEW_BEFORE_MS = 300_000;
/** Roles whose session is kept; the least recently made goes first. */
const KEPT_ROLES = 500;

export function createSessions(options: Options): Sessions {
  const shared = clientOptions(options.requestTimeoutMs);
  const sts = new STSClient({
    ...shared,
    region: options.region,
    endpoint: options.endpoints.sts,
    credentials: withoutStaticKeys(options.identity),
  });
  /** By ARN of the role; what was made of its session. */
  const own = new Map<string, { made: unknown; until: number }>();

  async function assume(input: AssumeRoleCommandInput, effect: 'read' | 'write', what: string, call: CallOptions) {
    const command = new AssumeRoleCommand({ ...input, ExternalId: options.externalId });
    const { output } = await perform(command, (it, how) => sts.send(it, how), { effect, what, call });
    return readSession(output, input);
  }

  async function ownSession<T>(place: RolePlace, call: CallOptions, make: (secret: AwsCredential) => T): Promise<T> {
    const known = own.get(place.arn);
    // A role is always asked for by the same caller, with the same `make`.
    if (known !== undefined && call.now < known.until) return known.made as T;
    const input: AssumeRoleCommandInput = {
      RoleArn: place.arn,
      RoleSessionName: 'curfew-provisioner',
      SourceIdentity: 'curfew-provisioner',
      DurationSeconds: LONGEST_SESSION_S,
    };
    // A session that got lost changes nothing for any grant, so this is no write.
    const session = await assume(input, 'read', `Assuming ${place.role} in ${place.account}`, call);
    const made = make(session.secret);
    const oldest = own.keys().next();
    if (own.size >= KEPT_ROLES && oldest.done !== true) own.delete(oldest.value);
    own.set(place.arn, { made, until: call.now + LONGEST_SESSION_S * 1_000 - RENEW_BEFORE_MS });
    return made;
  }

  return {
    sts,
    async forGrant(spec, place, policy, call) {
      const ourNow = goingOn(options.clock, call);
      const input: AssumeRoleCommandInput = {
        RoleArn: place.arn,
        RoleSessionName: sessionName(spec.principal, spec.grant),
        SourceIdentity: spec.grant,
        Tags: [{ Key: GRANT_TAG, Value: spec.grant }],
        Policy: policy.text,
        DurationSeconds: sessionSeconds(spec.endsAt, call.now),
      };
      const session = await assume(
        input,
        'write',
        `Assuming ${place.role} in ${place.account} for ${spec.grant}`,
        call,
      );
      // Asked for what a person will use, not for the provisioner: taking access away must work with a wrong clock too.
      refuseSkew(session.facts.issuedAt, ourNow());
      return session;
    },
    async probe(place, call) {
      const input: AssumeRoleCommandInput = {
        RoleArn: place.arn,
        RoleSessionName: 'curfew-doctor',
        SourceIdentity: 'curfew-doctor',
        Tags: [{ Key: GRANT_TAG, Value: 'curfew-doctor' }],
        Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
        DurationSeconds: SHORTEST_SESSION_S,
      };
      await assume(input, 'read', `Assuming ${place.role} in ${place.account}`, call);
    },
    iam: (account, call) =>
      ownSession(placeOf(options.partition, account, PROVISIONER), call, (credentials) => {
        const { iamRegion: region, iam: endpoint } = options.endpoints;
        return new IAMClient({ ...shared, region, endpoint, credentials, requestHandler: sts.config.requestHandler });
      }),
    own: (place, make, call) => ownSession(place, call, make),
    forget: (account, role = PROVISIONER) => void own.delete(placeOf(options.partition, account, role).arn),
  };
}

/** Seconds to ask for: what is left, but within AWS's limits. What goes beyond the end is cut by the session policy. */
export function sessionSeconds(endsAt: Instant, now: Instant): number {
  return Math.min(LONGEST_SESSION_S, Math.max(SHORTEST_SESSION_S, Math.ceil((endsAt - now) / 1_000)));
}

interface AssumeRoleAnswer {
  readonly Credentials?:
    | {
        readonly AccessKeyId?: string | undefined;
        readonly SecretAccessKey?: string | undefined;
        readonly SessionToken?: string | undefined;
        readonly Expiration?: Date | undefined;
      }
    | undefined;
  readonly AssumedRoleUser?: { readonly Arn?: string | undefined } | undefined;
  readonly PackedPolicySize?: number | undefined;
}

/** Reads an answer, and AWS's clock from it: the expiry minus the duration is when AWS believes that it was called. */
function readSession(answer: AssumeRoleAnswer, input: AssumeRoleCommandInput): Session {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new ProviderFault('unknown-outcome', `Assuming ${input.RoleArn}: AWS answered without credentials`);
  }
  const expiresAt = instant(Expiration.getTime());
  const issuedAt = instant(expiresAt - (input.DurationSeconds ?? 0) * 1_000);
  return {
    secret: { kind: 'aws', accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    facts: {
      fingerprint: sha256(AccessKeyId),
      issuedAt,
      expiresAt,
      policyHash: input.Policy === undefined ? null : sha256(input.Policy),
    },
    assumedRoleArn: answer.AssumedRoleUser?.Arn ?? '',
    packedPolicyPercent: answer.PackedPolicySize ?? null,
  };
}
