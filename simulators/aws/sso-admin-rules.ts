import { AwsError } from './aws-error.ts';
import type { IdentityCenter } from './identity-center.ts';
import type { JsonInput, TextRule } from './json-input.ts';
import { authorizeAll, type JsonCall, type Touched } from './json-service.ts';
import type { PermissionSet } from './organization-state.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** Constraints of botocore's service model of sso-admin (2020-07-20). */
const INSTANCE: TextRule = {
  min: 10,
  max: 1_224,
  pattern: /^arn:aws(-[a-z]{1,5}){0,3}:sso:::instance\/(sso)?ins-[a-zA-Z0-9-.]{16}$/,
};
const PERMISSION_SET: TextRule = {
  min: 10,
  max: 1_224,
  pattern: /^arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet\/(sso)?ins-[a-zA-Z0-9-.]{16}\/ps-[a-zA-Z0-9-./]{16}$/,
};
export const ACCOUNT: TextRule = { min: 12, max: 12, pattern: /^\d{12}$/ };
export const PRINCIPAL: TextRule = {
  min: 1,
  max: 47,
  pattern: /^([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$/,
};
export const PRINCIPAL_TYPE: TextRule = { values: ['USER', 'GROUP'] };
export const REQUEST_ID: TextRule = {
  min: 36,
  max: 36,
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
};
const TAG_KEY: TextRule = { min: 1, max: 128, pattern: /^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$/u };
const TAG_VALUE: TextRule = { min: 0, max: 256, pattern: /^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$/u };
const MAX_TAGS = 75;

/** What the operations of sso-admin share. */
export type SsoPorts = {
  readonly world: World;
  readonly center: IdentityCenter;
  readonly sessions: Sessions;
  readonly now: () => number;
};

/** What a call is about. Without a permission set or an account those are not asked for. */
export type Subject = { readonly set?: PermissionSet; readonly account?: string };

/** Reads the instance of a call. Throws `ResourceNotFoundException` for one that is not ours. */
export function readInstance(ports: SsoPorts, input: JsonInput): void {
  const arn = input.text('InstanceArn', INSTANCE);
  if (arn !== ports.center.state.instanceArn)
    throw new AwsError('ResourceNotFoundException', 404, `Instance ${arn} does not exist.`);
}

export const readPermissionSetArn = (input: JsonInput, name = 'PermissionSetArn'): string =>
  input.text(name, PERMISSION_SET);

/** Tags of a request, as a record. */
export function readTags(input: JsonInput): Record<string, string> {
  const tags = input.objects('Tags', MAX_TAGS).map((tag) => [tag.text('Key', TAG_KEY), tag.text('Value', TAG_VALUE)]);
  return Object.fromEntries(tags);
}

export const readTagKeys = (input: JsonInput): string[] => input.texts('TagKeys', TAG_KEY, 1, MAX_TAGS);

/**
 * Throws unless the caller may do it: an identity policy must allow instance, permission set and account, as far as the action
 * knows them, and the caller's account must be the owner's or the delegated administrator's. The latter cannot touch the
 * management account, nor a permission set that stands in it.
 */
export function authorizeSso(
  ports: SsoPorts,
  call: JsonCall,
  action: string,
  subject: Subject,
  more: Readonly<Record<string, string | readonly string[]>> = {},
): void {
  const { instanceArn, ownerAccount, delegatedAdministrator, provisioned } = ports.center.state;
  const { set, account } = subject;
  const touched: Touched[] = [{ arn: instanceArn }];
  if (set !== undefined) touched.push({ arn: set.arn, tags: set.tags });
  if (account !== undefined) touched.push({ arn: `arn:aws:sso:::account/${account}` });
  authorizeAll(ports.sessions, call, `sso:${action}`, touched, more);
  const caller = call.session.role.account;
  const management = ports.world.organization.organization?.managementAccount;
  if (caller === ownerAccount || caller === management) return;
  const refused = (why: string): AwsError => new AwsError('AccessDenied', 403, `User is not authorized: ${why}`);
  if (caller !== delegatedAdministrator)
    throw refused(`account ${caller} neither owns this instance nor administers it.`);
  if (/^(?:List|Describe|Get)/.test(action)) return;
  const inManagement = provisioned.some((one) => one.account === management && one.permissionSetArn === set?.arn);
  if (account === management || inManagement)
    throw refused('a delegated administrator cannot manage access to the management account.');
}
