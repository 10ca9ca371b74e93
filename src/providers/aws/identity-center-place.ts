import type { Result } from '../../core/result.ts';
import { ok, refused } from '../../core/result.ts';
import type { AwsIdentityCenter } from '../../core/role.ts';
import type { BindingSpec } from '../contract.ts';
import type { IdentityCenterPlace } from './identity-center-client.ts';
import { notAnAccount, notBy, type Refusal } from './names.ts';

/** What a binding of `method: identity-center` says of itself, before AWS is asked for the ids behind the names. */
export interface AssignmentPlace {
  readonly account: string;
  /** Name, as the role has it; grants from before the rules took names alone may have the ARN, and end by it. */
  readonly permissionSet: string;
  readonly userName: string;
  /** Whether open sessions are cut at the end, by a denial in the permission set. */
  readonly tombstone: boolean;
}

/** Where a binding lands. Refuses what could never be an assignment, and an installation that knows of no IAM Identity Center. */
export function resolveAssignment(
  center: IdentityCenterPlace | null,
  { role, target, principal }: Pick<BindingSpec, 'role' | 'target' | 'principal'>,
): Result<AssignmentPlace, Refusal> {
  const definition = role.aws;
  if (definition?.method !== 'identity-center') return refused(notBy('identity-center', role));
  const elsewhere = notAnAccount(target);
  if (elsewhere !== null) return refused(elsewhere);
  if (center === null) {
    return refused({
      message: `The role ${role.name} needs IAM Identity Center, and this installation has not been told where it is administered.`,
      hint: 'Set CURFEW_AWS_IDENTITY_CENTER to the id of the management account or of the delegated administrator.',
    });
  }
  if (!isPermissionSet(definition)) {
    return refused({
      message: `"${definition.permissionSet}" is neither the name nor the ARN of a permission set.`,
      hint: 'A name has at most 32 characters of A-Z, a-z, 0-9 and _+=,.@-.',
    });
  }
  // API reference of identitystore, UserName.
  if (principal.length > 128 || !/^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$/u.test(principal)) {
    return refused({
      message: `"${principal}" cannot be the name of a user in IAM Identity Center.`,
      hint: 'Correct the AWS account of this person in the directory.',
    });
  }
  const { permissionSet, tombstone = false } = definition;
  return ok({ account: target.native, permissionSet, userName: principal, tombstone });
}

function isPermissionSet({ permissionSet }: AwsIdentityCenter): boolean {
  if (/^[\w+=,.@-]{1,32}$/.test(permissionSet)) return true;
  return /^arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet\/(sso)?ins-[a-zA-Z0-9-.]{16}\/ps-[a-zA-Z0-9-./]{16}$/.test(
    permissionSet,
  );
}

/**
 * The cloud's own names of the one place of an assignment. The directory finds a user by a name in capitals as well, so the name is told
 * in small letters; the rules name a permission set by its name alone.
 */
export function assignmentNames(
  center: IdentityCenterPlace | null,
  { account, permissionSet, userName }: AssignmentPlace,
): readonly string[] {
  return [center?.account ?? '', account, permissionSet, userName.toLowerCase()];
}
