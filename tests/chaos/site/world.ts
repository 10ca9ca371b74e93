import { stableUuid } from '../../../simulators/aws/roles-anywhere-state.ts';
import type { WorldDescription } from '../../../simulators/aws/world.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  anywhereTrust,
  brokerPolicy,
  catalogueTrust,
  endPolicy,
  endTrust,
  identityCenterPolicy,
  peopleBoundary,
  provisionerPolicy,
  provisionerTrust,
  rolesAnywherePermissions,
  timedPolicyPermissions,
} from '../../../src/providers/aws/permissions.ts';
import { buildSessionPolicy } from '../../../src/providers/aws/session-policy.ts';
import { tombstonePermissions } from '../../../src/providers/aws/tombstone-permissions.ts';

export const EXTERNAL_ID = 'chaos';
export const BUCKET = 'chaos-invoices';
export const OBJECT = '2026-11.csv';
const HUB = '999988887777';
/** The delegated administrator of IAM Identity Center. */
export const CENTER = '777766665555';
/** The account that access is given in. */
export const ACCOUNT = '444455556666';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/curfew/curfew-people-boundary`;
export const BROKER_ROLE = `arn:aws:iam::${HUB}:role/curfew-broker`;
/** Somebody who may do everything in the account, and is not Curfew. */
export const ADMIN_ROLE = `arn:aws:iam::${ACCOUNT}:role/admin`;
/** A permission set without room for a denial of ours, and one that its owner gave to Curfew. */
export const PERMISSION_SET = 'invoice-analyst';
export const OWNED_SET = 'invoice-auditor';
/** Where Roles Anywhere is, and the roles that machines get certificates for: each has room for some forty grants in an hour. */
const REGION = 'us-east-1';
export const ROBOTS = ['robot-1', 'robot-2', 'robot-3', 'robot-4', 'robot-5'];
/** Whom somebody else has assigned both sets. */
export const BYSTANDER = 'old';

/** The keys of a session or of a user. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent for the key of a user. */
  readonly sessionToken?: string;
}

/** The long-term key of a person's own user. */
export function ownKeyOf(person: string): Keys {
  return {
    accessKeyId: `AKIACHAOS${person.toUpperCase()}`.padEnd(20, 'X'),
    secretAccessKey: `made-up-key-of-${person}-for-chaos-alone`.padEnd(40, '-'),
  };
}

/** What the owner of both permission sets wrote into them. */
export const OWNERS_STATEMENT = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

/** `authority`: certificate of Curfew's own, PEM. Roles that allow everything: whatever a session is refused is refused because of what Curfew put into it, or on its role. */
export function worldOf(people: readonly string[], authority: string): WorldDescription {
  const names = { partition: 'aws', account: ACCOUNT, brokerRoleArn: BROKER_ROLE, externalId: EXTERNAL_ID } as const;
  const center = { ...names, account: CENTER };
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const reading = { Version: '2012-10-17', Statement: [OWNERS_STATEMENT] };
  const platform = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const role = (name: string) => ({
    name,
    path: '/curfew/',
    trustPolicy: catalogueTrust(names),
    inlinePolicies: { permissions: everything },
  });
  const sessionPolicy = buildSessionPolicy({ sessionPolicy: null, allows: [] }, null, 'aws');
  if (!sessionPolicy.ok) throw new Error('no session policy');
  const trustAnchorArn = `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:trust-anchor/${stableUuid('trust-anchor', ACCOUNT, REGION, 'curfew')}`;
  const robots = ROBOTS.map((name) => ({ name, roleArn: `arn:aws:iam::${ACCOUNT}:role/curfew/${name}` }));
  return {
    organization: {
      managementAccount: HUB,
      accounts: [
        { id: CENTER, name: 'identity' },
        { id: ACCOUNT, name: 'main' },
      ],
    },
    identityCenter: {
      delegatedAdministrator: CENTER,
      users: [...people, BYSTANDER].map((userName) => ({ userName })),
      permissionSets: [
        { name: PERMISSION_SET, inlinePolicy: reading },
        { name: OWNED_SET, inlinePolicy: reading, tags: { 'curfew-owned': 'true' } },
      ],
      assignments: [PERMISSION_SET, OWNED_SET].map((permissionSet) => ({
        account: ACCOUNT,
        permissionSet,
        user: BYSTANDER,
      })),
    },
    accounts: [
      {
        id: HUB,
        roles: [
          {
            name: 'curfew-broker',
            trustPolicy: platform,
            inlinePolicies: { broker: brokerPolicy(names) },
            maxSessionDurationSeconds: 43_200,
          },
        ],
      },
      {
        id: CENTER,
        roles: [
          {
            name: 'curfew-identity-center',
            path: '/curfew/',
            trustPolicy: provisionerTrust(center),
            inlinePolicies: { center: identityCenterPolicy(center), tombstones: tombstonePermissions(center) },
          },
          {
            name: 'curfew-end-assignments',
            path: '/curfew/',
            trustPolicy: endTrust(center),
            inlinePolicies: { end: endPolicy(center) },
          },
        ],
      },
      {
        id: ACCOUNT,
        roles: [
          role('reader'),
          role('publisher'),
          ...robots.map(({ name, roleArn }) => ({
            ...role(name),
            trustPolicy: anywhereTrust({ roleArn, trustAnchorArn }),
            maxSessionDurationSeconds: 3_600,
          })),
          { name: 'admin', trustPolicy: platform, inlinePolicies: { everything } },
          {
            name: 'curfew-provisioner',
            path: '/curfew/',
            trustPolicy: provisionerTrust(names),
            inlinePolicies: {
              provisioner: withoutConditions(provisionerPolicy(names)),
              timed: timedPolicyPermissions(names, 'people/'),
              anywhere: rolesAnywherePermissions(names),
            },
          },
        ],
        rolesAnywhere: {
          region: REGION,
          trustAnchors: [{ name: 'curfew', certificates: authority }],
          profiles: robots.map(({ name, roleArn }) => ({
            name: `curfew-${name}`,
            roleArns: [roleArn],
            sessionPolicy: sessionPolicy.value.text,
          })),
        },
        // People who have users of their own, which may do nothing with the bucket unless a timed policy says so.
        users: people.map((name) => {
          const { accessKeyId: id, secretAccessKey: secret } = ownKeyOf(name);
          return { name, path: '/people/', permissionsBoundary: BOUNDARY, accessKeys: [{ id, secret }] };
        }),
        policies: [{ name: 'curfew-people-boundary', path: '/curfew/', document: peopleBoundary(names) }],
        buckets: [{ name: BUCKET, objects: [{ key: OBJECT, body: 'invoice,amount\n' }] }],
      },
    ],
  };
}

/** The conditions are about permissions boundaries, which the roles of this world do not have. */
function withoutConditions(policy: JsonObject): JsonObject {
  const { Statement: statements } = policy;
  if (!Array.isArray(statements)) throw new Error('no list of statements');
  const list = statements as readonly JsonObject[];
  return { ...policy, Statement: list.map(({ Condition: _boundary, ...rest }) => rest) };
}
