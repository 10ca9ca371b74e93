import type { JsonObject } from '../../src/core/json.ts';
import {
  brokerPolicy,
  catalogueTrust,
  PEOPLE_BOUNDARY,
  peopleBoundary,
  provisionerPolicy,
  provisionerTrust,
  timedPolicyPermissions,
} from '../../src/providers/aws/permissions.ts';

/** A world of two accounts for the contract suite, with exactly the permissions that the provider declares. */

export const HUB = '999988887777';
export const ACCOUNT = '444455556666';
export const EXTERNAL_ID = 'contract-suite';
export const BROKER_ROLE = `arn:aws:iam::${HUB}:role/curfew-broker`;
export const BUCKET = 'contract-invoices';

const names = { partition: 'aws', account: ACCOUNT, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID };
const everything: JsonObject = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** The simulator knows no boundaries by name, so the condition on them is left out; everything else is as generated. */
function unbounded(policy: JsonObject): JsonObject {
  const { Statement: statements } = policy;
  if (!Array.isArray(statements)) throw new Error('no list of statements');
  return {
    ...policy,
    Statement: (statements as readonly JsonObject[]).map(({ Condition: _boundary, ...rest }) => rest),
  };
}

/** A role that allows everything, so that whatever a session is refused is refused because of its session policy. */
function catalogueRole(name: string) {
  return {
    name,
    path: '/curfew/',
    trustPolicy: catalogueTrust(names),
    inlinePolicies: { permissions: everything },
    maxSessionDurationSeconds: 3_600,
  };
}

const peopleBoundaryArn = `arn:aws:iam::${ACCOUNT}:policy/curfew/${PEOPLE_BOUNDARY}`;

/** People with a long-term key, who may nothing by themselves but list buckets: enough for every binding of the suite. */
export const PEOPLE = 300;

/** Name and key of one of them. */
export function person(index: number): { name: string; key: { id: string; secret: string } } {
  const letters = [...String(index).padStart(4, '0')].map((digit) => 'ABCDEFGHIJ'[Number(digit)]).join('');
  return {
    name: `person-${index}`,
    key: { id: `AKIA${letters.repeat(4)}`, secret: `secret-of-person-${index}`.padEnd(40, '.') },
  };
}

/** What a person holds otherwise, and must keep. */
const own = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
};

export const contractWorld = {
  accounts: [
    {
      id: HUB,
      roles: [
        {
          name: 'curfew-broker',
          path: '/',
          trustPolicy: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
            ],
          },
          inlinePolicies: { 'curfew-broker': brokerPolicy(names) },
          maxSessionDurationSeconds: 43_200,
        },
      ],
      buckets: [],
    },
    {
      id: ACCOUNT,
      roles: [
        catalogueRole('invoice-reader'),
        catalogueRole('invoice-publisher'),
        {
          name: 'curfew-provisioner',
          path: '/curfew/',
          trustPolicy: provisionerTrust(names),
          inlinePolicies: {
            'curfew-provisioner': unbounded(provisionerPolicy(names)),
            'curfew-timed-policy': timedPolicyPermissions(names, 'people/'),
          },
          maxSessionDurationSeconds: 3_600,
        },
        // A person's own role, for those who sign in to roles instead of users.
        {
          name: 'ana',
          path: '/people/',
          permissionsBoundary: peopleBoundaryArn,
          trustPolicy: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
          },
          maxSessionDurationSeconds: 3_600,
        },
        // Not Curfew's, and it trusts everybody in its account: the way out that a session must not have.
        {
          name: 'deployer',
          path: '/',
          trustPolicy: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' },
            ],
          },
          inlinePolicies: { everything },
          maxSessionDurationSeconds: 3_600,
        },
      ],
      users: [
        ...Array.from({ length: PEOPLE }, (_, index) => ({
          name: person(index).name,
          path: '/people/',
          permissionsBoundary: peopleBoundaryArn,
          accessKeys: [person(index).key],
          inlinePolicies: { own },
        })),
        // Without a boundary: nothing may be written there.
        { name: 'kai', path: '/people/' },
        // Not under the path: of the same name as a person, and no person.
        { name: 'robot', path: '/machines/', permissionsBoundary: peopleBoundaryArn },
      ],
      policies: [{ name: PEOPLE_BOUNDARY, path: '/curfew/', document: peopleBoundary(names) }],
      buckets: [{ name: BUCKET, objects: [{ key: '2026-10.csv', body: 'invoice,amount\n' }] }],
    },
  ],
};
