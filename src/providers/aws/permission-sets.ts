import {
  DeleteInlinePolicyFromPermissionSetCommand,
  GetInlinePolicyForPermissionSetCommand,
  ListAccountsForProvisionedPermissionSetCommand,
  ListTagsForResourceCommand,
  PutInlinePolicyToPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';
import { ProviderFault } from '../contract.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import type { Asked } from './identity-center-statuses.ts';

/** One permission set of an instance. */
export interface PermissionSetNames {
  readonly instanceArn: string;
  readonly permissionSetArn: string;
}

/** Pages of a hundred (API reference, MaxResults): more accounts than an organization can have. */
const PAGES = 500;

/** The calls that read and write a permission set itself. All throw faults. */
export function permissionSets(client: IdentityCenterClient) {
  const names = ({ instanceArn, permissionSetArn }: PermissionSetNames) => ({
    InstanceArn: instanceArn,
    PermissionSetArn: permissionSetArn,
  });
  const how = (asked: Asked, effect: 'read' | 'write', what: string, { permissionSetArn }: PermissionSetNames) => ({
    ...asked,
    effect,
    what: `${what} the permission set ${permissionSetArn.slice(permissionSetArn.lastIndexOf('/') + 1)}`,
  });
  return {
    async tags(set: PermissionSetNames, asked: Asked): Promise<ReadonlyMap<string, string>> {
      const { output } = await client.sso(
        new ListTagsForResourceCommand({ InstanceArn: set.instanceArn, ResourceArn: set.permissionSetArn }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how(asked, 'read', 'Reading the tags of', set),
      );
      return new Map((output.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
    },

    /** Empty where the set has none. */
    async inlinePolicy(set: PermissionSetNames, asked: Asked): Promise<string> {
      const { output } = await client.sso(
        new GetInlinePolicyForPermissionSetCommand(names(set)),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how(asked, 'read', 'Reading the inline policy of', set),
      );
      return output.InlinePolicy ?? '';
    },

    /** `null`: the set has none from now on. */
    async writeInlinePolicy(set: PermissionSetNames, text: string | null, asked: Asked): Promise<void> {
      const write = how(asked, 'write', 'Writing the inline policy of', set);
      if (text === null) {
        await client.sso(
          new DeleteInlinePolicyFromPermissionSetCommand(names(set)),
          ({ sso }) =>
            (it, o) =>
              sso.send(it, o),
          write,
        );
        return;
      }
      await client.sso(
        new PutInlinePolicyToPermissionSetCommand({ ...names(set), InlinePolicy: text }),
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        write,
      );
    },

    /** Accounts that have the set: as it is now (`latest`), or at all. */
    async accounts(set: PermissionSetNames, latest: boolean, asked: Asked): Promise<ReadonlySet<string>> {
      const ProvisioningStatus = latest ? { ProvisioningStatus: 'LATEST_PERMISSION_SET_PROVISIONED' as const } : {};
      const all = new Set<string>();
      let NextToken: string | undefined;
      for (let page = 0; page < PAGES; page += 1) {
        const { output } = await client.sso(
          new ListAccountsForProvisionedPermissionSetCommand({
            ...names(set),
            ...ProvisioningStatus,
            MaxResults: 100,
            NextToken,
          }),
          ({ sso }) =>
            (it, o) =>
              sso.send(it, o),
          how(asked, 'read', 'Looking which accounts have', set),
        );
        for (const account of output.AccountIds ?? []) all.add(account);
        NextToken = output.NextToken;
        if (NextToken === undefined || NextToken === '') return all;
      }
      throw new ProviderFault('unreachable', `AWS never came to the end of the accounts of ${set.permissionSetArn}`);
    },
  };
}

export type PermissionSets = ReturnType<typeof permissionSets>;
