import type { IAMClient } from '@aws-sdk/client-iam';
import type { AwsTimedPolicy, Role } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { identityCalls, type IdentityCalls } from './identity-store.ts';
import { PROVISIONER, type Partition } from './names.ts';
import { PEOPLE_BOUNDARY, TIMED_POLICY_PERMISSIONS, timedPolicyPermissions, type Names } from './permissions.ts';
import type { IdentityPlace } from './timed-policy-document.ts';

/** One thing that was looked at; the fix is absent when all is well. */
export interface TimedCheck {
  readonly ok: boolean;
  readonly message: string;
  readonly fix?: string;
}

const PROBE = 'curfew-doctor-probe';

/**
 * Checks what `method: timed-policy` needs in an account, for each path and kind of identity that its roles name: that identities are
 * there, and that every call works on one of them. Nothing is written: the probe is no policy document, and the deletion is of nothing.
 */
export async function timedPolicyChecks(
  cloud: { readonly iam: IAMClient; readonly partition: Partition; readonly names: Names },
  target: Target,
  roles: readonly Role[],
  call: CallOptions,
): Promise<readonly TimedCheck[]> {
  const places = new Map<string, AwsTimedPolicy>();
  for (const { aws } of roles) if (aws?.method === 'timed-policy') places.set(`${aws.attachTo}/${aws.path}`, aws);
  const checks: TimedCheck[] = [];
  for (const [, definition] of [...places].sort(([a], [b]) => (a < b ? -1 : 1)))
    checks.push(...(await checksOf(cloud, target, definition, call)));
  return checks;
}

async function checksOf(
  { iam, partition, names }: { readonly iam: IAMClient; readonly partition: Partition; readonly names: Names },
  target: Target,
  { attachTo: kind, path }: AwsTimedPolicy,
  call: CallOptions,
): Promise<readonly TimedCheck[]> {
  const placeOf = (name: string): IdentityPlace => {
    const arn = `arn:${partition}:iam::${target.native}:${kind}/${path}${name}`;
    return { partition, account: target.native, kind, path: `/${path}`, name, arn };
  };
  const allow = `aws iam put-role-policy --role-name ${PROVISIONER.slice(PROVISIONER.lastIndexOf('/') + 1)} --policy-name ${TIMED_POLICY_PERMISSIONS} --policy-document '${JSON.stringify(timedPolicyPermissions(names, path))}'`;
  let found: readonly string[];
  try {
    found = await identityCalls(iam, placeOf('*'), call).listed();
  } catch (error) {
    return [{ ok: false, message: words(error), fix: allow }];
  }
  const [name] = found;
  if (name === undefined) {
    const message = `Nobody has an IAM ${kind} under ${path} in ${target.key}, so nobody can be given a timed policy there.`;
    const boundary = `arn:${partition}:iam::${target.native}:policy/curfew/${PEOPLE_BOUNDARY}`;
    const trust = kind === 'role' ? ' --assume-role-policy-document file://trust.json' : '';
    const fix = `aws iam create-${kind} --path /${path} --${kind}-name NAME${trust} --permissions-boundary ${boundary}`;
    return [{ ok: false, message, fix }];
  }
  const where = `${kind} ${path}${name}`;
  const calls = identityCalls(iam, placeOf(name), call);
  const attempts: readonly (readonly [string, () => Promise<unknown>])[] = [
    [`The ${where} can be read.`, () => calls.known()],
    [`The policies of the ${where} can be listed.`, () => calls.policies()],
    [`A policy of the ${where} can be read.`, () => calls.read(PROBE)],
    [`A policy of the ${where} can be put.`, () => probePut(calls)],
    [`A policy of the ${where} can be deleted.`, () => calls.remove(PROBE)],
  ];
  const checks: TimedCheck[] = [];
  for (const [message, work] of attempts) checks.push(await attempt(message, allow, work));
  return [...checks, ...(await boundaryCheck(calls, kind, name, names))];
}

/** AWS decides whether we may before it reads the document, so one that is no JSON shows the permission and writes nothing. */
async function probePut(calls: IdentityCalls): Promise<void> {
  try {
    await calls.put(PROBE, 'not a policy');
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'invalid') return;
    throw error;
  }
  // It was taken after all: do not leave it there.
  await calls.remove(PROBE);
}

/** Without a boundary of ours the broker may not write to an identity, and nothing would cap what is put there. */
async function boundaryCheck(
  calls: IdentityCalls,
  kind: string,
  name: string,
  { partition, account }: Names,
): Promise<readonly TimedCheck[]> {
  const under = `arn:${partition}:iam::${account}:policy/curfew/`;
  const known = await calls.known().catch((error: unknown) => {
    if (error instanceof ProviderFault) return null;
    throw error;
  });
  if (known === null || known.boundary?.startsWith(under) === true) return [];
  const message = `The ${kind} ${name} has no permissions boundary under curfew/, so nothing may be put on it.`;
  const fix = `aws iam put-${kind}-permissions-boundary --${kind}-name ${name} --permissions-boundary ${under}${PEOPLE_BOUNDARY}`;
  return [{ ok: false, message, fix }];
}

async function attempt(message: string, fix: string, work: () => Promise<unknown>): Promise<TimedCheck> {
  try {
    await work();
    return { ok: true, message };
  } catch (error) {
    return { ok: false, message: words(error), fix };
  }
}

/** Faults only: anything else is a defect of ours and goes up. */
function words(error: unknown): string {
  if (error instanceof ProviderFault) return error.message;
  throw error;
}
