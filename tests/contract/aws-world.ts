import type { JsonObject } from '../../src/core/json.ts';
import {
  brokerPolicy,
  catalogueTrust,
  provisionerPolicy,
  provisionerTrust,
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
          inlinePolicies: { 'curfew-provisioner': unbounded(provisionerPolicy(names)) },
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
      buckets: [{ name: BUCKET, objects: [{ key: '2026-10.csv', body: 'invoice,amount\n' }] }],
    },
  ],
};
