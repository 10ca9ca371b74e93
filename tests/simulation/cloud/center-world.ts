import type { WorldDescription } from '../../../simulators/aws/world.ts';
import { OWNED_TAG, SWEEPER } from '../../../src/providers/aws/names.ts';
import { endPolicy, endTrust, identityCenterPolicy } from '../../../src/providers/aws/permissions.ts';
import { sweeperAssignmentPermissions } from '../../../src/providers/aws/sweep-permissions.ts';
import { tombstonePermissions } from '../../../src/providers/aws/tombstone-permissions.ts';

/** The account that administers IAM Identity Center in the simulated company, and where it lives. */
export const CENTER = { account: '777766665555', region: 'eu-west-1' } as const;
/** The one permission set. */
export const PERMISSION_SET = 'visitor';
/** The role of the broker there. */
export const BROKER_THERE = 'curfew-identity-center';
/** The role of whoever sweeps. */
export const SWEEPER_THERE = SWEEPER;

/** The company's organization as a simulated AWS begins with it, with the permissions that Curfew asks for and no others. */
export function describeCenter(
  people: readonly string[],
  accounts: readonly string[],
  assignments: readonly { readonly account: string; readonly permissionSet: string; readonly user: string }[],
  names: { readonly partition: string; readonly account: string; readonly brokerRoleArn: string },
): WorldDescription {
  return {
    organization: { managementAccount: '888877776666', accounts: [] },
    identityCenter: {
      delegatedAdministrator: CENTER.account,
      region: CENTER.region,
      users: people.map((userName) => ({ userName })),
      permissionSets: [{ name: PERMISSION_SET, inlinePolicy: ANYTHING, tags: { [OWNED_TAG]: 'true' } }],
      assignments,
    },
    accounts: [
      { id: '888877776666' },
      ...accounts.map((id) => ({ id })),
      {
        id: CENTER.account,
        roles: [
          {
            name: BROKER_THERE,
            path: '/curfew/',
            trustPolicy: TRUST,
            inlinePolicies: { own: identityCenterPolicy(names), tombstones: tombstonePermissions(names) },
          },
          {
            name: SWEEPER_THERE,
            path: '/curfew/',
            trustPolicy: TRUST,
            inlinePolicies: { own: sweeperAssignmentPermissions(names) },
          },
          {
            name: 'curfew-end-assignments',
            path: '/curfew/',
            trustPolicy: endTrust(names),
            inlinePolicies: { own: endPolicy(names) },
          },
        ],
      },
    ],
  };
}

const ANYTHING = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] };
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
