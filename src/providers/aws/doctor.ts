import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Json } from '../../core/json.ts';
import { ProviderFault, type CallOptions, type DoctorFinding, type DoctorPlace } from '../contract.ts';
import { perform } from './call.ts';
import { LONGEST_SESSION_S } from './capabilities.ts';
import { identityCenterChecks, type CenterPorts } from './doctor-identity-center.ts';
import { rolesAnywhereChecks, type AnywhereDoctor } from './doctor-roles-anywhere.ts';
import { timedPolicyChecks } from './doctor-timed-policy.ts';
import { placeOf, PROVISIONER, type Partition, type RolePlace } from './names.ts';
import { catalogueTrust, provisionerPolicy, provisionerTrust, type Names } from './permissions.ts';
import { decodeDocument } from './revocation-store.ts';
import { parseRevocations, REVOCATION_POLICY } from './revocations.ts';
import type { Sessions } from './sessions.ts';

export interface DoctorPorts {
  readonly sessions: Sessions;
  readonly partition: Partition;
  /** `null`: no IAM Identity Center is configured. */
  readonly center: CenterPorts | null;
  readonly anywhere: Pick<AnywhereDoctor, 'authority' | 'place'>;
  readonly options: {
    readonly externalId: string;
    readonly brokerRoleArn?: string;
  };
}

const PROBE_POLICY = 'CurfewDoctorProbe';

/**
 * Checks, target by target, everything that a grant will need, and leaves nothing behind: the role can be assumed (with a
 * policy that denies everything), its trust is what it should be, and its revocation policy could be written.
 * Never throws for what it finds: a fault becomes a finding.
 */
export async function diagnose(
  ports: DoctorPorts,
  places: readonly DoctorPlace[],
  call: CallOptions,
): Promise<readonly DoctorFinding[]> {
  const broker = await who(ports, call);
  if (!broker.ok) return [broker.finding];
  const findings: DoctorFinding[] = [{ target: 'aws', ok: true, message: `The broker acts as ${broker.arn}.` }];
  for (const place of places) {
    // A role lives in an account: above it there is nothing to look at.
    if (place.target.provider !== 'aws' || place.target.kind !== 'account') continue;
    findings.push(...(await account(ports, place, broker.roleArn, call)));
  }
  return findings;
}

async function who(
  { sessions, partition, options }: DoctorPorts,
  call: CallOptions,
): Promise<{ ok: true; arn: string; roleArn: string } | { ok: false; finding: DoctorFinding }> {
  try {
    const what = 'Asking AWS who the broker is';
    const { output } = await perform(new GetCallerIdentityCommand({}), (it, how) => sessions.sts.send(it, how), {
      effect: 'read',
      what,
      call,
    });
    // arn:aws:sts::999988887777:assumed-role/curfew-broker/session; the path of the role is not in it.
    const [, role] = /:assumed-role\/([^/]+)\//.exec(output.Arn ?? '') ?? [];
    const roleArn =
      options.brokerRoleArn ?? `arn:${partition}:iam::${output.Account ?? ''}:role/${role ?? 'curfew-broker'}`;
    return { ok: true, arn: output.Arn ?? '', roleArn };
  } catch (error) {
    const fix = 'curl -sS "$AWS_CONTAINER_CREDENTIALS_FULL_URI" # or whatever gives this process its role';
    return { ok: false, finding: { target: 'aws', ok: false, message: words(error), fix } };
  }
}

async function account(
  ports: DoctorPorts,
  { target, roles }: DoctorPlace,
  brokerRoleArn: string,
  call: CallOptions,
): Promise<readonly DoctorFinding[]> {
  const { partition, options } = ports;
  const names: Names = { partition, account: target.native, brokerRoleArn, externalId: options.externalId };
  if (!/^\d{12}$/.test(target.native)) {
    const message = `"${target.native}" is not a 12-digit account id.`;
    return [
      {
        target: target.key,
        ok: false,
        message,
        fix: `curfew policy status # after correcting "native" of ${target.key}`,
      },
    ];
  }
  const center = await identityCenterChecks(ports.center, { partition, names }, target, roles, call);
  const assigned = center.map((check) => ({ target: target.key, ...check }));
  // Assignments are made in another account, and need nothing in this one.
  if (roles.length > 0 && roles.every(({ aws }) => aws?.method === 'identity-center')) return assigned;
  let iam: IAMClient;
  try {
    iam = await ports.sessions.iam(target.native, call);
  } catch (error) {
    return [{ target: target.key, ok: false, message: words(error), fix: provisionerFix(names) }, ...assigned];
  }
  const findings: DoctorFinding[] = [{ target: target.key, ok: true, message: `${PROVISIONER} can be assumed.` }];
  const native = new Set(roles.flatMap(({ aws }) => (aws?.method === 'assume-role' ? aws.role : [])));
  for (const role of [...native].sort()) {
    const checks = await roleChecks(ports, iam, placeOf(partition, target.native, role), names, call);
    findings.push(...checks.map((check) => ({ target: target.key, ...check })));
  }
  const timed = await timedPolicyChecks({ iam, partition, names }, target, roles, call);
  findings.push(...timed.map((check) => ({ target: target.key, ...check })));
  const { sessions, anywhere } = ports;
  const certified = await rolesAnywhereChecks({ ...anywhere, sessions, partition, names }, target, roles, call);
  findings.push(...certified.map((check) => ({ target: target.key, ...check })));
  return [...findings, ...assigned];
}

type Check = Omit<DoctorFinding, 'target'>;

async function roleChecks(
  { sessions }: DoctorPorts,
  iam: IAMClient,
  place: RolePlace,
  names: Names,
  call: CallOptions,
): Promise<readonly Check[]> {
  const trustFix = `aws iam update-assume-role-policy --role-name ${place.roleName} --policy-document ${quoted(catalogueTrust(names))}`;
  let trust: string;
  let longestSessionS: number;
  try {
    ({ trust, longestSessionS } = await lookAtRole(iam, place, call));
  } catch (error) {
    const create = `aws iam create-role --path /curfew/ --role-name ${place.roleName} --assume-role-policy-document ${quoted(catalogueTrust(names))}`;
    // A role that does not exist has no path, so AWS tells a caller who is limited to a path that it is forbidden.
    const unclear = error instanceof ProviderFault && ['target-gone', 'forbidden-to-us'].includes(error.kind);
    const message = `The role ${place.role} does not exist, or ${PROVISIONER} may not read it.`;
    return [{ ok: false, message: unclear ? message : words(error), fix: unclear ? create : provisionerFix(names) }];
  }
  const checks: Check[] = [];
  const missing = missingActions(trust);
  if (missing.length > 0) {
    checks.push({
      ok: false,
      message: `The trust policy of ${place.role} does not allow ${missing.join(', ')}.`,
      fix: trustFix,
    });
  }
  if (longestSessionS < LONGEST_SESSION_S) {
    const fix = `aws iam update-role --role-name ${place.roleName} --max-session-duration ${LONGEST_SESSION_S}`;
    checks.push({
      ok: false,
      message: `Sessions of ${place.role} last ${longestSessionS} s at most; Curfew asks for up to an hour.`,
      fix,
    });
  }
  const assumable = await attempt(`${place.role} can be assumed for a grant.`, trustFix, () =>
    sessions.probe(place, call),
  );
  const writable = await attempt(`The revocation policy of ${place.role} can be written.`, provisionerFix(names), () =>
    probeWrite(iam, place, call),
  );
  return [...checks, assumable, writable, await readable(iam, place, call)];
}

async function lookAtRole(
  iam: IAMClient,
  place: RolePlace,
  call: CallOptions,
): Promise<{ readonly trust: string; readonly longestSessionS: number }> {
  const command = new GetRoleCommand({ RoleName: place.roleName });
  const what = `Reading the role ${place.role} in ${place.account}`;
  const { output } = await perform(command, (it, how) => iam.send(it, how), { effect: 'read', what, call });
  // IAM finds a role by its name alone; the same name under another path is another role to everybody else.
  if (output.Role?.Arn !== place.arn) {
    throw new ProviderFault(
      'invalid',
      `The role ${place.roleName} exists as ${output.Role?.Arn ?? 'nothing'}, not as ${place.arn}`,
    );
  }
  const trust = decodeDocument(output.Role.AssumeRolePolicyDocument ?? '');
  return { trust, longestSessionS: output.Role.MaxSessionDuration ?? LONGEST_SESSION_S };
}

/** The actions of a grant that no Allow statement of the trust names. Whether its conditions hold, the probe shows. */
function missingActions(trust: string): readonly string[] {
  let document: { Statement?: Json };
  try {
    document = JSON.parse(trust) as { Statement?: Json };
  } catch {
    return ['anything: it cannot be read'];
  }
  const statements = [document.Statement ?? []].flat() as readonly { Effect?: Json; Action?: Json }[];
  const allowed = statements.filter((one) => one.Effect === 'Allow').flatMap((one) => [one.Action ?? []].flat());
  const patterns = allowed.map((action) => String(action).toLowerCase());
  return ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'].filter(
    (action) => !patterns.some((pattern) => ['*', 'sts:*', action.toLowerCase()].includes(pattern)),
  );
}

/** AWS decides whether we may before it reads the document, so one that is no JSON shows the permission and writes nothing. */
async function probeWrite(iam: IAMClient, place: RolePlace, call: CallOptions): Promise<void> {
  const names = { RoleName: place.roleName, PolicyName: PROBE_POLICY };
  const what = `Trying to write a policy of ${place.role} in ${place.account}`;
  try {
    const command = new PutRolePolicyCommand({ ...names, PolicyDocument: 'not a policy' });
    await perform(command, (it, how) => iam.send(it, how), { effect: 'read', what, call });
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'invalid') return;
    throw error;
  }
  // It was taken after all: do not leave it there.
  const command = new DeleteRolePolicyCommand(names);
  await perform(command, (it, how) => iam.send(it, how), { effect: 'write', what, call });
}

/** Whether what stands on the role now is ours, complete and nothing else. */
async function readable(iam: IAMClient, place: RolePlace, call: CallOptions): Promise<Check> {
  const names = `--role-name ${place.roleName} --policy-name ${REVOCATION_POLICY}`;
  try {
    const command = new GetRolePolicyCommand({ RoleName: place.roleName, PolicyName: REVOCATION_POLICY });
    const what = `Reading ${REVOCATION_POLICY} of ${place.role} in ${place.account}`;
    const { output } = await perform(command, (it, how) => iam.send(it, how), { effect: 'read', what, call });
    const all = parseRevocations(decodeDocument(output.PolicyDocument ?? ''));
    if (all === null) {
      const message = `${REVOCATION_POLICY} of ${place.role} is not a policy document; no early end can be written.`;
      return {
        ok: false,
        message,
        fix: `aws iam get-role-policy ${names} # then delete-role-policy once no early end is younger than a day`,
      };
    }
    if (all.foreign.length > 0) {
      const message = `${REVOCATION_POLICY} of ${place.role} has ${all.foreign.length} statements that are not Curfew's.`;
      return { ok: false, message, fix: `aws iam get-role-policy ${names} # and move them into a policy of their own` };
    }
    return { ok: true, message: `${REVOCATION_POLICY} of ${place.role} has ${all.entries.size} entries.` };
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'target-gone') {
      return { ok: true, message: `${place.role} has no early ends.` };
    }
    return { ok: false, message: words(error), fix: `aws iam get-role-policy ${names}` };
  }
}

async function attempt(message: string, fix: string, work: () => Promise<unknown>): Promise<Check> {
  try {
    await work();
    return { ok: true, message };
  } catch (error) {
    return { ok: false, message: words(error), fix };
  }
}

function provisionerFix(names: Names): string {
  const role = PROVISIONER.slice(PROVISIONER.lastIndexOf('/') + 1);
  return (
    `aws iam create-role --path /curfew/ --role-name ${role} --assume-role-policy-document ${quoted(provisionerTrust(names))}; ` +
    `aws iam put-role-policy --role-name ${role} --policy-name ${role} --policy-document ${quoted(provisionerPolicy(names))}`
  );
}

/** For a shell: policy documents contain no single quote, because an external id and an ARN cannot. */
function quoted(document: unknown): string {
  return `'${JSON.stringify(document)}'`;
}

/** Faults only: anything else is a defect of ours and goes up. */
function words(error: unknown): string {
  if (error instanceof ProviderFault) return error.message;
  throw error;
}
