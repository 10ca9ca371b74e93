import {
  brokerPolicy,
  endPolicy,
  endTrust,
  identityCenterPolicy,
  provisionerTrust,
} from '../../src/providers/aws/permissions.ts';
import { tombstonePermissions } from '../../src/providers/aws/tombstone-permissions.ts';
import { leasePermissions } from '../../src/providers/aws/sweep-permissions.ts';
import type { WorldDescription } from '../../simulators/aws/world.ts';
import { ACCOUNT, BROKER_ROLE, BUCKET, EXTERNAL_ID, HUB } from './aws-world.ts';

/** An organization for `method: identity-center`, with exactly the permissions that the provider declares. */

/** The delegated administrator of IAM Identity Center. */
export const CENTER = '777766665555';
/** Accounts where the same permission sets are assigned: AWS changes one of each at a time. */
export const ACCOUNTS = [ACCOUNT, ...Array.from({ length: 30 }, (_, index) => String(100_000_000_000 + index))];
export const PERMISSION_SET = 'invoice-reader';
/** A permission set whose owner has given it to Curfew, with a policy of their own. */
export const OWNED_SET = 'owned-reader';
export const PEOPLE = 400;
/** Where the sweeper finds what is to end. */
export const LEASES = 'acme-curfew-leases';

const names = { partition: 'aws', account: CENTER, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID };

const allow = (action: string | readonly string[], resource: string | readonly string[] = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
});

const trusting = (Principal: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }],
});

/** What a person can read: an object of the bucket. */
export const READING = allow('s3:GetObject', `arn:aws:s3:::${BUCKET}/*`);

/** What the owner of {@link OWNED_SET} wrote into it, in their own spelling. */
export const OWNERS_POLICY = `{
  "Version": "2012-10-17", "Id": "of the invoice team",
  "Statement": [
    { "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${BUCKET}/*" },
    { "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "f\u0061lse" } } }
  ]
}`;

/** What people are called in the directory. */
export const person = (index: number): string => `person-${index}@acme.example`;

export const centerWorld: WorldDescription = {
  organization: {
    managementAccount: HUB,
    accounts: [
      { id: CENTER, name: 'identity' },
      { id: ACCOUNT, name: 'prod' },
    ],
  },
  identityCenter: {
    delegatedAdministrator: CENTER,
    region: 'eu-west-1',
    users: [
      ...Array.from({ length: PEOPLE }, (_, index) => ({ userName: person(index) })),
      { userName: 'kai@acme.example' },
    ],
    groups: [{ displayName: 'finance', members: ['kai@acme.example'] }],
    permissionSets: [
      { name: PERMISSION_SET, inlinePolicy: READING },
      { name: OWNED_SET, inlinePolicy: OWNERS_POLICY, tags: { 'curfew-owned': 'true' } },
      { name: 'long-sessions', inlinePolicy: READING, sessionDuration: 'PT4H' },
    ],
    // Not ours: made by hand, and by a group.
    assignments: [
      { account: ACCOUNT, permissionSet: PERMISSION_SET, user: 'kai@acme.example' },
      { account: ACCOUNT, permissionSet: PERMISSION_SET, group: 'finance' },
    ],
  },
  accounts: [
    {
      id: HUB,
      roles: [
        {
          name: 'curfew-broker',
          trustPolicy: trusting({ Service: 'ecs-tasks.amazonaws.com' }),
          inlinePolicies: { 'curfew-broker': brokerPolicy(names), 'curfew-leases': leasePermissions(names, LEASES) },
          maxSessionDurationSeconds: 43_200,
        },
      ],
      buckets: [{ name: LEASES }],
    },
    {
      id: CENTER,
      roles: [
        {
          name: 'curfew-identity-center',
          path: '/curfew/',
          trustPolicy: provisionerTrust(names),
          inlinePolicies: { 'curfew-identity-center': identityCenterPolicy(names) },
        },
        {
          name: 'curfew-end-assignments',
          path: '/curfew/',
          trustPolicy: endTrust(names),
          inlinePolicies: { 'curfew-end-assignments': endPolicy(names) },
        },
        // An administrator of the organization, who is not Curfew.
        {
          name: 'admin',
          trustPolicy: trusting({ Service: 'ecs-tasks.amazonaws.com' }),
          inlinePolicies: { everything: allow('*') },
        },
      ],
    },
    ...ACCOUNTS.map((id) => ({
      id,
      roles: [
        // It trusts everybody in its account: the way out that a session must not have.
        {
          name: 'deployer',
          trustPolicy: trusting({ AWS: `arn:aws:iam::${id}:root` }),
          inlinePolicies: { everything: allow('*') },
        },
      ],
      ...(id === ACCOUNT
        ? { buckets: [{ name: BUCKET, objects: [{ key: '2026-10.csv', body: 'invoice,amount\n' }] }] }
        : {}),
    })),
  ],
};

/** The same, where Curfew may write into permission sets that are its own. */
export const tombstoneWorld: WorldDescription = {
  ...centerWorld,
  accounts: centerWorld.accounts.map((one) => ({
    ...one,
    roles: (one.roles ?? []).map((role) =>
      role.name === 'curfew-identity-center'
        ? { ...role, inlinePolicies: { ...role.inlinePolicies, 'curfew-tombstones': tombstonePermissions(names) } }
        : role,
    ),
  })),
};
