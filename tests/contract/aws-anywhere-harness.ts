import { IAMClient } from '@aws-sdk/client-iam';
import { stableUuid } from '../../simulators/aws/roles-anywhere-state.ts';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import type { AwsRolesAnywhere } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { openAuthority } from '../../src/providers/aws/certificate-authority.ts';
import type { AwsProvider, AwsProviderOptions } from '../../src/providers/aws/index.ts';
import { anywhereTrust, rolesAnywherePermissions } from '../../src/providers/aws/permissions.ts';
import { buildSessionPolicy } from '../../src/providers/aws/session-policy.ts';
import type { AwsCertificate, BindingSpec, CallOptions, IssuedCertificate } from '../../src/providers/contract.ts';
import { newAuthority } from './authority.ts';
import { account, anywhereRole, binding } from './aws-fixtures.ts';
import {
  attempt,
  awsProvider,
  bystanders,
  client,
  escapes,
  inject,
  journal,
  post,
  readInvoice,
} from './aws-harness.ts';
import { ACCOUNT, contractWorld } from './aws-world.ts';
import { createSession, newHolderKey, type HolderKey } from './holder.ts';
import type { CloudCall, Held, Operation, ProviderHarness } from './provider-harness.ts';

export const REGION = 'eu-west-1';
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/curfew/anywhere-reader`;

/** A role has room for some forty grants. */
const PER_ROLE = 40;
const MORE_ROLES = 6;

const read = (operation: Operation, name: string): CloudCall => ({ operation, name, writes: false });

/** The calls of `method: roles-anywhere`, each once; every operation begins with the provisioner's session. Revoking with certificates calls Roles Anywhere too; that is tested by itself. */
const CALLS: readonly CloudCall[] = [
  ...['AssumeRole curfew-provisioner', 'ListTrustAnchors', 'ListProfiles', 'GetRole', 'GetRolePolicy'].map((name) =>
    read('provision', name),
  ),
  { operation: 'provision', name: 'PutRolePolicy', writes: true },
  ...['GetRole', 'GetRolePolicy', 'ListProfiles'].map((name) => read('issueCredential', name)),
  read('revoke', 'AssumeRole curfew-provisioner'),
  { operation: 'revoke', name: 'PutRolePolicy', writes: true },
  read('observe', 'GetRolePolicy'),
];

export interface AnywhereHarness extends ProviderHarness {
  readonly provider: AwsProvider;
  readonly url: string;
  readonly key: HolderKey;
  over(aws: Partial<AwsRolesAnywhere>, change?: Partial<BindingSpec>): BindingSpec;
  with(change: Partial<AwsProviderOptions>): AwsProvider;
  /** A certificate of a grant that is provisioned first. */
  certificate(spec: BindingSpec): Promise<IssuedCertificate>;
  /** A session that the holder makes with it. */
  session(certificate: AwsCertificate, now?: number, durationSeconds?: number): Promise<Held>;
  admin(): Promise<IAMClient>;
}

/** A world in which the account opted in: a trust anchor, a profile, and a role for certificates. */
export function anywhereWorld(certificates: string, extraRoles = 0) {
  const sessionPolicy = buildSessionPolicy({ sessionPolicy: null, allows: [] }, null, 'aws');
  if (!sessionPolicy.ok) throw new Error('no session policy');
  const anchorId = stableUuid('trust-anchor', ACCOUNT, REGION, 'curfew');
  const trustAnchorArn = `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:trust-anchor/${anchorId}`;
  const names = ['anywhere-reader', ...Array.from({ length: extraRoles }, (_, index) => `anywhere-${index + 1}`)];
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const roles = names.map((name) => ({
    name,
    path: '/curfew/',
    trustPolicy: anywhereTrust({ roleArn: `arn:aws:iam::${ACCOUNT}:role/curfew/${name}`, trustAnchorArn }),
    inlinePolicies: { permissions: everything },
    maxSessionDurationSeconds: 3_600,
  }));
  const accounts = contractWorld.accounts.map((one) => {
    if (one.id !== ACCOUNT) return one;
    const own = one.roles.map((role) =>
      role.name === 'curfew-provisioner'
        ? {
            ...role,
            inlinePolicies: {
              ...role.inlinePolicies,
              'curfew-roles-anywhere': rolesAnywherePermissions({ partition: 'aws', account: ACCOUNT }),
            },
          }
        : role,
    );
    return {
      ...one,
      roles: [...own, ...roles],
      rolesAnywhere: {
        region: REGION,
        trustAnchors: [{ name: 'curfew', certificates }],
        profiles: names.map((name) => ({
          name: `curfew-${name}`,
          roleArns: [`arn:aws:iam::${ACCOUNT}:role/curfew/${name}`],
          sessionPolicy: sessionPolicy.value.text,
        })),
      },
    };
  });
  return { accounts };
}

/** The AWS provider with `method: roles-anywhere` in front of the simulator, and a holder who makes sessions by itself. */
export async function anywhereHarness(
  simulated: { readonly iamDelayMs?: number; readonly iamReadDelayMs?: number; readonly callsPerSecond?: number } = {},
): Promise<AnywhereHarness> {
  const { pem, certificate } = await newAuthority();
  const { callsPerSecond = 0, ...delays } = simulated;
  const settings = { rolesAnywhereCallsPerSecond: callsPerSecond };
  const simulator = await startAwsSimulator({
    port: 0,
    world: anywhereWorld(certificate, MORE_ROLES),
    ...delays,
    settings,
  });
  const { url } = simulator;
  const authority = await openAuthority(pem, systemClock.now());
  const make = (change: Partial<AwsProviderOptions> = {}) => awsProvider(url, { authority, ...change });
  const key = newHolderKey();
  const session = async (from: AwsCertificate, now?: number, durationSeconds?: number): Promise<Held> => ({
    secret: await createSession(url, {
      privateKey: key.privateKey,
      certificate: from,
      ...(now === undefined ? {} : { now }),
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
    }),
  });
  const call = (): CallOptions => ({ now: systemClock.now(), signal: AbortSignal.timeout(5_000) });
  /** The suite asks for credentials; a holder gets a certificate, and makes a session with it. */
  const withHolder = (own: AwsProvider): AwsProvider => ({
    ...own,
    async issueCredential(spec, options) {
      const issued = await own.issueCertificate(spec, options, key.publicKey);
      const { secret } = await session(issued.certificate);
      const { accessKeyId, secretAccessKey, sessionToken = '' } = secret;
      const { facts, usableUntil } = issued;
      return { facts, usableUntil, secret: { kind: 'aws', accessKeyId, secretAccessKey, sessionToken } };
    },
  });
  let provider = withHolder(make());
  let made = 0;
  const fresh = (durationMs: number, sameAs?: BindingSpec): BindingSpec => {
    const index = Math.floor(made / PER_ROLE);
    if (index > MORE_ROLES) throw new Error('there are no more roles in this world');
    made += 1;
    const name = index === 0 ? 'anywhere-reader' : `anywhere-${index}`;
    const now = systemClock.now();
    const grant = newId(systemRandom, 'grt');
    return binding({
      slot: slotKey('aws', 'roles-anywhere', [grant]),
      method: 'roles-anywhere',
      target: { ...account, native: ACCOUNT },
      role: sameAs?.role ?? anywhereRole({ role: `curfew/${name}`, profile: `curfew-${name}` }),
      grant,
      activatedAt: now,
      endsAt: after(now, durationMs),
    });
  };
  return {
    get provider() {
      return provider;
    },
    with: make,
    url,
    key,
    method: 'roles-anywhere',
    calls: CALLS,
    binding: fresh,
    over: (aws, change = {}) => ({ ...fresh(600_000), role: anywhereRole(aws), ...change }),
    impossible: () => ({ ...fresh(600_000), role: anywhereRole({ role: 'not-under-the-path' }) }),
    async prepare(spec) {
      await provider.provision(spec, call());
    },
    async certificate(spec) {
      await provider.provision(spec, call());
      return provider.issueCertificate(spec, call(), key.publicKey);
    },
    session,
    now: () => systemClock.now(),
    use: (held) => attempt(() => readInvoice(url, held)),
    escapes: escapes(url),
    inject: (one, fault) => inject(url, one, fault),
    async heal() {
      await post(url, 'faults', []);
      provider = withHolder(make());
    },
    bystanders: () => bystanders(url),
    journal: () => journal(url),
    async skewClock(offsetMs) {
      await post(url, 'clock', { offsetMs });
    },
    async admin() {
      const roleArn = `arn:aws:iam::${ACCOUNT}:role/deployer`;
      const platform = (await post(url, 'session', { roleArn, durationSeconds: 3_600 })) as Held['secret'];
      const { accessKeyId, secretAccessKey, sessionToken = '' } = platform;
      return new IAMClient({ ...client(url, { accessKeyId, secretAccessKey, sessionToken }), region: 'us-east-1' });
    },
    close: () => simulator.close(),
  };
}
