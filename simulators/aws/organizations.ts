import { AwsError } from './aws-error.ts';
import { page } from './json-input.ts';
import { authorizeAll, seconds, type JsonCall, type JsonOperation } from './json-service.ts';
import type { Organization, OrganizationAccount } from './organization-state.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** The organization and its accounts, read only. `ListAccounts` gives at most 20 at a time. */
export function organizationsOperations(world: World, sessions: Sessions): Readonly<Record<string, JsonOperation>> {
  const organizationOf = (call: JsonCall): Organization => {
    const { organization } = world.organization;
    if (organization === null || !organization.accounts.some((one) => one.id === call.session.role.account))
      throw new AwsError('AWSOrganizationsNotInUseException', 400, 'Your account is not a member of an organization.');
    return organization;
  };
  /** Everything but DescribeOrganization is for the management account and delegated administrators. */
  const requireAdministrator = (call: JsonCall, organization: Organization): void => {
    const caller = call.session.role.account;
    const delegated = world.organization.identityCenter?.delegatedAdministrator;
    if (caller !== organization.managementAccount && caller !== delegated)
      throw new AwsError('AccessDenied', 403, "You don't have permissions to access this resource.");
  };

  return {
    DescribeOrganization: (call) => {
      authorizeAll(sessions, call, 'organizations:DescribeOrganization', [{ arn: '*' }]);
      const { id, managementAccount, accounts } = organizationOf(call);
      const Organization = {
        Id: id,
        Arn: `arn:aws:organizations::${managementAccount}:organization/${id}`,
        FeatureSet: 'ALL',
        MasterAccountArn: accountArn({ id, managementAccount }, managementAccount),
        MasterAccountId: managementAccount,
        MasterAccountEmail: accounts.find((one) => one.id === managementAccount)?.email ?? 'nobody@example.com',
        AvailablePolicyTypes: [],
      };
      return { Organization };
    },
    ListAccounts: (call) => {
      authorizeAll(sessions, call, 'organizations:ListAccounts', [{ arn: '*' }]);
      const organization = organizationOf(call);
      requireAdministrator(call, organization);
      const { items, next } = page(organization.accounts, call.input, { max: 20, tokenMax: 100_000 });
      return { Accounts: items.map((account) => accountOf(account, organization)), ...next };
    },
    DescribeAccount: (call) => {
      const id = call.input.text('AccountId', { min: 12, max: 12, pattern: /^\d{12}$/ });
      const organization = organizationOf(call);
      authorizeAll(sessions, call, 'organizations:DescribeAccount', [{ arn: accountArn(organization, id) }]);
      requireAdministrator(call, organization);
      const account = organization.accounts.find((one) => one.id === id);
      if (account === undefined)
        throw new AwsError('AccountNotFoundException', 400, "You specified an account that doesn't exist.");
      return { Account: accountOf(account, organization) };
    },
  };
}

const accountArn = (organization: Pick<Organization, 'id' | 'managementAccount'>, account: string): string =>
  `arn:aws:organizations::${organization.managementAccount}:account/${organization.id}/${account}`;

function accountOf(account: OrganizationAccount, organization: Organization): Readonly<Record<string, unknown>> {
  return {
    Id: account.id,
    Arn: accountArn(organization, account.id),
    Email: account.email,
    Name: account.name,
    // The older member knows no CLOSED: a closed account is SUSPENDED there.
    Status: account.state === 'CLOSED' ? 'SUSPENDED' : account.state,
    State: account.state,
    JoinedMethod: account.id === organization.managementAccount ? 'INVITED' : 'CREATED',
    JoinedTimestamp: seconds(account.joinedAt),
  };
}
