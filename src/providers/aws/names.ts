import { createHash } from 'node:crypto';
import type { GrantId } from '../../core/ids.ts';
import type { AwsAssumeRole, Role } from '../../core/role.ts';
import type { Result } from '../../core/result.ts';
import { ok, refused } from '../../core/result.ts';
import type { Target } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import type { BindingSpec } from '../contract.ts';

/** Every IAM role that Curfew may hand out or change lives under this path; the broker's own permissions end there. */
export const ROLE_PATH = 'curfew/';

/** The role in each target account that may write the revocation policies of the catalogue roles, and nothing else. */
export const PROVISIONER = 'curfew/curfew-provisioner';

/** The role that the sweeper works as, in the hub and in each account that it sweeps. */
export const SWEEPER = 'curfew/curfew-sweeper';

/** The role in the account that administers IAM Identity Center, for `method: identity-center`. */
export const IDENTITY_CENTER_ROLE = 'curfew/curfew-identity-center';

/** The role there that EventBridge Scheduler deletes an assignment with, when nobody else is left to do it. */
export const END_ROLE = 'curfew/curfew-end-assignments';

/** The session tag that carries the grant id. The trust policies allow this key alone. */
export const GRANT_TAG = 'curfew-grant';

/** The tag of a permission set that Curfew may write tombstones into, with the value `true`. Its owner sets it; Curfew cannot. */
export const OWNED_TAG = 'curfew-owned';

export type Partition = 'aws' | 'aws-cn' | 'aws-us-gov';

/** One IAM role in one account. */
export interface RolePlace {
  readonly partition: Partition;
  readonly account: string;
  /** Path and name without the leading slash, `curfew/invoice-reader`. */
  readonly role: string;
  /** The last part of it: what the IAM API calls RoleName. */
  readonly roleName: string;
  readonly arn: string;
}

export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** The partition that a region belongs to. Partitions do not trust each other, so a broker serves one. */
export function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** The place of a role, for names that are known to be right. */
export function placeOf(partition: Partition, account: string, role: string): RolePlace {
  const roleName = role.slice(role.lastIndexOf('/') + 1);
  return { partition, account, role, roleName, arn: `arn:${partition}:iam::${account}:role/${role}` };
}

/** Where a binding's role lives, and its definition. Refuses what AWS, or Curfew's own boundary, could never accept. */
export function resolvePlace(
  partition: Partition,
  spec: Pick<BindingSpec, 'role' | 'target'>,
): Result<{ readonly place: RolePlace; readonly definition: AwsAssumeRole }, Refusal> {
  const definition = spec.role.aws;
  if (definition?.method !== 'assume-role') return refused(notBy('assume-role', spec.role));
  const place = rolePlace(partition, spec.target, definition.role);
  return place.ok ? ok({ place: place.value, definition }) : place;
}

/** The place of the role that a definition names. Refuses what AWS, or Curfew's own boundary, could never accept. */
export function rolePlace(partition: Partition, target: Target, role: string): Result<RolePlace, Refusal> {
  const wrong = notAnAccount(target) ?? wrongRoleName(role);
  return wrong === null ? ok(placeOf(partition, target.native, role)) : refused(wrong);
}

/** Why a role cannot be given by a method that it does not name. */
export function notBy(method: string, { name, aws }: Role): Refusal {
  const says = aws === null ? 'says nothing about AWS' : `is given by ${aws.method} and not by ${method}`;
  return { message: `The role ${name} ${says}.`, hint: `Give it an "aws:" definition with method: ${method}.` };
}

/** `null`: the target is an AWS account. */
export function notAnAccount(target: Target): Refusal | null {
  if (target.provider === 'aws' && /^\d{12}$/.test(target.native)) return null;
  return {
    message: `${target.key} is not an AWS account: "${target.native}" is not a 12-digit account id.`,
    hint: 'Write the account id as "native" of the target, in quotes.',
  };
}

/** IAM: path `/…/` of at most 512 characters, name of at most 64 from `[\w+=,.@-]`. */
function wrongRoleName(role: string): Refusal | null {
  const parts = role.split('/');
  const wellFormed = role.length <= 512 && parts.every((part) => /^[\w+=,.@-]{1,64}$/.test(part));
  if (!wellFormed) {
    return {
      message: `"${role}" is not the path and name of an IAM role.`,
      hint: 'Write it without a leading slash, for example curfew/invoice-reader.',
    };
  }
  if (!role.startsWith(ROLE_PATH)) {
    return {
      message: `The IAM role ${role} does not lie under the path /${ROLE_PATH}.`,
      hint: `Curfew may assume roles under /${ROLE_PATH} only, so that no other role is ever within its reach. Create it there.`,
    };
  }
  if ([PROVISIONER, SWEEPER, IDENTITY_CENTER_ROLE, END_ROLE].includes(role) || parts.at(-1) === 'curfew-broker') {
    return {
      message: `${role} belongs to Curfew itself and cannot be handed out.`,
      hint: 'Name the IAM role that holds the permissions people need.',
    };
  }
  return null;
}

/**
 * `<principal>@<grant id>`: what AWS's own logs show as the user. The id is always whole, because CloudTrail is searched
 * by it; the name is clipped and cleaned to AWS's 64 characters of `[\w+=,.@-]` (API reference, AssumeRole).
 */
export function sessionName(principal: string, grant: GrantId): string {
  const clean = principal.replace(/[^A-Za-z0-9_+=,.@-]/g, '-');
  return `${clean.slice(0, 64 - grant.length - 1)}@${grant}`;
}

/** The lock under which a role's revocation policy is written: IAM has no conditional write, so there is one writer at a time. */
export function writerKey(place: RolePlace): string {
  return `${place.partition}:${place.account}:role/${place.role}`;
}

/** The end as AWS is told it. AWS compares whole seconds, so it is rounded down: never later than what was promised. */
export function wholeSecond(at: Instant): string {
  return new Date(Math.floor(at / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
