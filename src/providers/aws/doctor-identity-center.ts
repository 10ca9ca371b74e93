import { after } from '../../core/time.ts';
import type { AwsIdentityCenter, Role } from '../../core/role.ts';
import type { SlotKey } from '../../core/slot.ts';
import type { Target } from '../../core/target.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { IdentityCenterPlace } from './identity-center-client.ts';
import type { IdentityCenterDirectory, PermissionSet } from './identity-center-directory.ts';
import type { EndSchedules } from './identity-center-schedule.ts';
import type { Asked } from './identity-center-statuses.ts';
import { END_ROLE, IDENTITY_CENTER_ROLE, type Partition } from './names.ts';
import { endPolicy, endTrust, identityCenterPolicy, provisionerTrust, type Names } from './permissions.ts';
import { TOMBSTONE_PERMISSIONS, tombstonePermissions } from './tombstone-permissions.ts';
import type { Tombstones } from './tombstones.ts';

/** One thing that was looked at; the fix is absent when all is well. */
export interface CenterCheck {
  readonly ok: boolean;
  readonly message: string;
  readonly fix?: string;
}

/** What the checks look with. */
export interface CenterPorts {
  readonly place: IdentityCenterPlace;
  readonly directory: IdentityCenterDirectory;
  readonly schedules: EndSchedules;
  readonly tombstones: Tombstones;
}

const DAY_MS = 86_400_000;
/** Nobody: the schedule that is tried out could remove nothing if it ever fired. */
const NOBODY = '00000000-0000-4000-8000-000000000000';

/**
 * Checks what `method: identity-center` needs for the roles of an account: the instance, each permission set with sessions of an hour, the
 * lists, and that a schedule can be written and is accepted with its role. The schedule is removed again; no assignment is touched. A set that
 * gets tombstones is looked at and not written: whether that is allowed shows with the first of them.
 */
export async function identityCenterChecks(
  center: CenterPorts | null,
  cloud: { readonly partition: Partition; readonly names: Omit<Names, 'account'> },
  target: Target,
  roles: readonly Role[],
  call: CallOptions,
): Promise<readonly CenterCheck[]> {
  const sets = new Map<string, AwsIdentityCenter>();
  for (const { aws } of roles) if (aws?.method === 'identity-center') sets.set(aws.permissionSet, aws);
  if (sets.size === 0) return [];
  if (center === null) {
    const message =
      'Roles are given by IAM Identity Center, and this installation has not been told where it is administered.';
    return [{ ok: false, message, fix: 'export CURFEW_AWS_IDENTITY_CENTER=<id of the account that administers it>' }];
  }
  const asked: Asked = { lane: 'start', call };
  const roleFix = rolesFix({ ...cloud.names, account: center.place.account });
  let instanceArn: string;
  try {
    ({ arn: instanceArn } = await center.directory.instance(asked));
  } catch (error) {
    return [{ ok: false, message: words(error), fix: roleFix }];
  }
  const checks: CenterCheck[] = [{ ok: true, message: `IAM Identity Center is ${instanceArn}.` }];
  let anyArn: string | null = null;
  for (const name of [...sets.keys()].sort()) {
    const { check, arn } = await setCheck(center, { instanceArn, name, account: target.native }, asked, roleFix);
    checks.push(check);
    anyArn ??= arn;
    if (arn !== null && sets.get(name)?.tombstone === true)
      checks.push(await tombstoneCheck(center, { instanceArn, permissionSetArn: arn }, name, asked, cloud.partition));
  }
  if (anyArn !== null) {
    const names = { instanceArn, permissionSetArn: anyArn, account: target.native, userId: NOBODY };
    checks.push(await scheduleCheck(center, names, call, roleFix));
  }
  return checks;
}

async function setCheck(
  { directory }: CenterPorts,
  where: { readonly instanceArn: string; readonly name: string; readonly account: string },
  asked: Asked,
  roleFix: string,
): Promise<{ readonly check: CenterCheck; readonly arn: string | null }> {
  const { instanceArn, name, account } = where;
  try {
    const arn = await directory.permissionSetArn(name, asked);
    const set = arn === null ? null : await directory.describe(arn, asked);
    if (set === null) {
      const fix = `aws sso-admin create-permission-set --instance-arn ${instanceArn} --name ${name} --session-duration PT1H`;
      return { check: { ok: false, message: `There is no permission set ${name}.`, fix }, arn: null };
    }
    if (set.sessionDuration !== 'PT1H') return { check: tooLong(instanceArn, set), arn: set.arn };
    const names = { instanceArn, permissionSetArn: set.arn, account };
    const users = await directory.assigned(names, asked, asked.call.now);
    const message = `The permission set ${set.name} is assigned to ${users.size} users in ${account}.`;
    return { check: { ok: true, message }, arn: set.arn };
  } catch (error) {
    return { check: { ok: false, message: words(error), fix: roleFix }, arn: null };
  }
}

async function tombstoneCheck(
  { tombstones }: CenterPorts,
  set: { readonly instanceArn: string; readonly permissionSetArn: string },
  name: string,
  asked: Asked,
  partition: Partition,
): Promise<CenterCheck> {
  const role = IDENTITY_CENTER_ROLE.slice(IDENTITY_CENTER_ROLE.lastIndexOf('/') + 1);
  const document = JSON.stringify(tombstonePermissions({ partition }));
  const fix = `aws iam put-role-policy --role-name ${role} --policy-name ${TOMBSTONE_PERMISSIONS} --policy-document '${document}'`;
  try {
    await tombstones.requireOwned(set, asked);
    const room = await tombstones.room(set, asked);
    if (room > 0) return { ok: true, message: `The permission set ${name} has room for ${room} more tombstones.` };
    const message = `The policy of the permission set ${name} is full: sessions of what begins now may last for an hour after its end.`;
    return {
      ok: false,
      message,
      fix: `# shorten the inline policy of ${set.permissionSetArn}, or wait for tombstones to go`,
    };
  } catch (error) {
    return { ok: false, message: words(error), fix: (error instanceof ProviderFault ? error.fix : null) ?? fix };
  }
}

function tooLong(instanceArn: string, { arn, name, sessionDuration }: PermissionSet): CenterCheck {
  const message = `Sessions of the permission set ${name} last ${sessionDuration}; more than PT1H may not outlive a grant.`;
  const fix = `aws sso-admin update-permission-set --instance-arn ${instanceArn} --permission-set-arn ${arn} --session-duration PT1H`;
  return { ok: false, message, fix };
}

async function scheduleCheck(
  { schedules }: CenterPorts,
  names: { instanceArn: string; permissionSetArn: string; account: string; userId: string },
  call: CallOptions,
  fix: string,
): Promise<CenterCheck> {
  const slot = `doctor:${names.account}` as SlotKey;
  try {
    await schedules.write(slot, { names, endsAt: after(call.now, DAY_MS), grant: 'curfew doctor' }, call);
    await schedules.remove(slot, call);
    return {
      ok: true,
      message: `Schedules that end assignments can be written, and ${END_ROLE} can be passed to them.`,
    };
  } catch (error) {
    return { ok: false, message: words(error), fix };
  }
}

/** The commands that make both roles as the generated templates do. */
function rolesFix(names: Names): string {
  const made = [
    [IDENTITY_CENTER_ROLE, provisionerTrust(names), identityCenterPolicy(names)],
    [END_ROLE, endTrust(names), endPolicy(names)],
  ] as const;
  return made
    .map(([path, trust, permissions]) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      return (
        `aws iam create-role --path /curfew/ --role-name ${name} --assume-role-policy-document '${JSON.stringify(trust)}'; ` +
        `aws iam put-role-policy --role-name ${name} --policy-name ${name} --policy-document '${JSON.stringify(permissions)}'`
      );
    })
    .join('; ');
}

/** Faults only: anything else is a defect of ours and goes up. */
function words(error: unknown): string {
  if (error instanceof ProviderFault) return error.message;
  throw error;
}
