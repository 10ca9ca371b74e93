import type { JsonObject } from '../../core/json.ts';
import { OWNED_TAG } from './names.ts';
import { assignments, policy, type Names } from './permissions.ts';

/** What roles with `tombstone: true` need as well, on permission sets that are tagged as Curfew's own; an installation opts in to it. */
export const TOMBSTONE_READS = [
  'sso:DescribePermissionSetProvisioningStatus',
  'sso:GetInlinePolicyForPermissionSet',
  'sso:ListAccountsForProvisionedPermissionSet',
  'sso:ListPermissionSetProvisioningStatus',
  'sso:ListTagsForResource',
] as const;
export const TOMBSTONE_WRITES = [
  'sso:DeleteInlinePolicyFromPermissionSet',
  'sso:ProvisionPermissionSet',
  'sso:PutInlinePolicyToPermissionSet',
] as const;
/** Name of the inline policy that gives these to the role that assigns. */
export const TOMBSTONE_PERMISSIONS = 'curfew-tombstones';

/**
 * What the same role needs for roles with `tombstone: true`, on top of its own. Whoever may write a permission set's policy can give
 * anything with it, so this reaches no set but those that carry the tag of Curfew's own, which it cannot put on one.
 */
export function tombstonePermissions({ partition }: Pick<Names, 'partition'>): JsonObject {
  const [instance, sets = '', account] = assignments(partition);
  return policy([
    { Sid: 'LookAtPermissionSets', Effect: 'Allow', Action: [...TOMBSTONE_READS], Resource: '*' },
    {
      Sid: 'WriteTombstones',
      Effect: 'Allow',
      Action: [...TOMBSTONE_WRITES],
      Resource: sets,
      Condition: { StringEquals: { [`aws:ResourceTag/${OWNED_TAG}`]: 'true' } },
    },
    // AWS asks for the right to each thing that a call names; without the set itself these are nothing.
    {
      Sid: 'InThisInstance',
      Effect: 'Allow',
      Action: [...TOMBSTONE_WRITES],
      Resource: [instance ?? '', account ?? ''],
    },
  ]);
}
