import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { JsonObject } from '../src/core/json.ts';
import { LONGEST_SESSION_S } from '../src/providers/aws/capabilities.ts';
import { END_ROLE, IDENTITY_CENTER_ROLE } from '../src/providers/aws/names.ts';
import {
  brokerPolicy,
  catalogueBoundary,
  catalogueTrust,
  endPolicy,
  endTrust,
  identityCenterPolicy,
  PEOPLE_BOUNDARY,
  peopleBoundary,
  provisionerPolicy,
  provisionerTrust,
  TIMED_POLICY_PERMISSIONS,
  timedPolicyPermissions,
  type Names,
} from '../src/providers/aws/permissions.ts';
import { azureFiles } from './infra-azure.ts';
import { rolesAnywhereFiles } from './infra-roles-anywhere.ts';
import { sweeperFiles } from './infra-sweeper.ts';
import { block, encoded, raw, role, template, terraform, variable } from './infra-text.ts';
import { tombstoneFiles } from './infra-tombstones.ts';

/**
 * Writes infra/aws from the provider's permissions, so that what a customer installs is what the code needs, no more and no
 * less. `node tools/generate-infra.ts` writes; `--check` fails when a file differs.
 */

const BOUNDARY = 'curfew-boundary';

const TERRAFORM: Names = {
  partition: '${data.aws_partition.current.partition}',
  account: '${data.aws_caller_identity.current.account_id}',
  brokerRoleArn: '${var.broker_role_arn}',
  externalId: '${var.external_id}',
};

const CLOUDFORMATION: Names = {
  partition: '${AWS::Partition}',
  account: '${AWS::AccountId}',
  brokerRoleArn: '${BrokerRoleArn}',
  externalId: '${ExternalId}',
};

/** Every generated file: path from the repository's root, and its text. */
export function infraFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['infra/aws/terraform/hub/main.tf', hub()],
    ['infra/aws/terraform/account/main.tf', account()],
    ['infra/aws/terraform/catalogue-role/main.tf', catalogueRole()],
    ['infra/aws/terraform/timed-policy/main.tf', timedPolicy()],
    ['infra/aws/terraform/identity-center/main.tf', identityCenter()],
    ['infra/aws/cloudformation/hub.yaml', hubTemplate()],
    ['infra/aws/cloudformation/account.yaml', accountTemplate()],
    ['infra/aws/cloudformation/timed-policy.yaml', timedPolicyTemplate()],
    ['infra/aws/cloudformation/identity-center.yaml', identityCenterTemplate()],
    ...azureFiles(),
    ...rolesAnywhereFiles(),
    ...sweeperFiles(),
    ...tombstoneFiles(),
  ]);
}

const VARIABLES = {
  broker_role_arn: "ARN of the broker's role in the hub account.",
  external_id: "The deployment's external id; the broker sends it with every AssumeRole.",
};

function hub(): string {
  return terraform([
    variable('name', 'Name of the role that the Curfew broker runs as.', 'curfew-broker'),
    variable(
      'trust_policy',
      "JSON of the role's trust policy: how your platform gives the role to the process (ECS, EKS, EC2).",
    ),
    'data "aws_partition" "current" {}\n',
    block('resource "aws_iam_role" "broker"', {
      name: raw('var.name'),
      description: 'Curfew broker. Assumes roles under /curfew/ and nothing else.',
      assume_role_policy: raw('var.trust_policy'),
    }),
    block('resource "aws_iam_role_policy" "broker"', {
      name: 'curfew-broker',
      role: raw('aws_iam_role.broker.id'),
      policy: encoded(brokerPolicy(TERRAFORM)),
    }),
    block('output "broker_role_arn"', { value: raw('aws_iam_role.broker.arn') }),
  ]);
}

function account(): string {
  return terraform([
    ...Object.entries(VARIABLES).map(([name, text]) => variable(name, text)),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    block('resource "aws_iam_policy" "boundary"', {
      name: BOUNDARY,
      path: '/curfew/',
      description: 'Permissions boundary of the roles that Curfew hands out.',
      policy: encoded(catalogueBoundary(TERRAFORM)),
    }),
    block('resource "aws_iam_role" "provisioner"', {
      name: 'curfew-provisioner',
      path: '/curfew/',
      description: 'Writes the revocation policies of the roles under /curfew/.',
      max_session_duration: LONGEST_SESSION_S,
      assume_role_policy: encoded(provisionerTrust(TERRAFORM)),
    }),
    block('resource "aws_iam_role_policy" "provisioner"', {
      name: 'curfew-provisioner',
      role: raw('aws_iam_role.provisioner.id'),
      policy: encoded(provisionerPolicy(TERRAFORM)),
    }),
    block('output "boundary_arn"', { value: raw('aws_iam_policy.boundary.arn') }),
  ]);
}

function catalogueRole(): string {
  const note =
    '# Curfew keeps an inline policy of its own on this role, CurfewRevocations. Never add aws_iam_role_policies_exclusive or\n' +
    '# inline_policy blocks: Terraform would remove it, and sessions that were ended early would work again.\n';
  return terraform([
    ...Object.entries(VARIABLES).map(([name, text]) => variable(name, text)),
    variable('name', 'Name of the role; a catalogue entry calls it curfew/<name>.'),
    variable('description', 'What somebody can do with it.'),
    variable('policy', 'JSON of the permissions of the role.'),
    variable('boundary_arn', 'Permissions boundary under /curfew/: output boundary_arn of the account module.'),
    note +
      block('resource "aws_iam_role" "this"', {
        name: raw('var.name'),
        path: '/curfew/',
        description: raw('var.description'),
        max_session_duration: LONGEST_SESSION_S,
        permissions_boundary: raw('var.boundary_arn'),
        assume_role_policy: encoded(catalogueTrust(TERRAFORM)),
      }),
    block('resource "aws_iam_role_policy" "permissions"', {
      name: 'permissions',
      role: raw('aws_iam_role.this.id'),
      policy: raw('var.policy'),
    }),
    block('output "arn"', { value: raw('aws_iam_role.this.arn') }),
  ]);
}

/** Opt-in: only an account whose people get timed policies lets the provisioner near their identities. */
const TIMED_POLICY_NOTE =
  '# Lets Curfew put policies with an end on identities of people, for roles with method timed-policy. IAM cannot limit the calls to\n' +
  '# policies of a certain name, so what limits them is the path of the identities and the permissions boundary that each must carry:\n' +
  '# put boundary_arn on every user and role under the path that a timed policy may land on.\n';

const PEOPLE_PATH = 'Path below which the identities of people lie, such as people/; the same as in the roles.';

function timedPolicy(): string {
  return terraform([
    TIMED_POLICY_NOTE + variable('people_path', PEOPLE_PATH, 'people/'),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    block('resource "aws_iam_policy" "people_boundary"', {
      name: PEOPLE_BOUNDARY,
      path: '/curfew/',
      description: 'Permissions boundary of the identities that Curfew puts timed policies on.',
      policy: encoded(peopleBoundary(TERRAFORM)),
    }),
    block('resource "aws_iam_role_policy" "timed_policy"', {
      name: TIMED_POLICY_PERMISSIONS,
      role: 'curfew-provisioner',
      policy: encoded(timedPolicyPermissions(TERRAFORM, '${var.people_path}')),
    }),
    block('output "boundary_arn"', { value: raw('aws_iam_policy.people_boundary.arn') }),
  ]);
}

function timedPolicyTemplate(): string {
  const parameters = { PeoplePath: PEOPLE_PATH };
  const description =
    'Lets Curfew put policies with an end on identities of people under a path that carry the boundary. Needs account.yaml first.';
  return template(description, parameters, {
    PeopleBoundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        ManagedPolicyName: PEOPLE_BOUNDARY,
        Path: '/curfew/',
        Description: 'Permissions boundary of the identities that Curfew puts timed policies on.',
        PolicyDocument: peopleBoundary(CLOUDFORMATION),
      },
    },
    TimedPolicy: {
      Type: 'AWS::IAM::RolePolicy',
      Properties: {
        RoleName: 'curfew-provisioner',
        PolicyName: TIMED_POLICY_PERMISSIONS,
        PolicyDocument: timedPolicyPermissions(CLOUDFORMATION, '${PeoplePath}'),
      },
    },
  });
}

const ADMINISTRATOR_NOTE =
  '# For the account that administers IAM Identity Center: the management account, or better a delegated administrator, which cannot\n' +
  '# touch what is assigned in the management account. Curfew may assign, and schedule removals; it cannot change permission sets.\n';

function identityCenter(): string {
  const roles = [
    ['center', IDENTITY_CENTER_ROLE, CENTER_WORDS, provisionerTrust(TERRAFORM), identityCenterPolicy(TERRAFORM)],
    ['end', END_ROLE, END_WORDS, endTrust(TERRAFORM), endPolicy(TERRAFORM)],
  ] as const;
  return terraform([
    ADMINISTRATOR_NOTE +
      Object.entries(VARIABLES)
        .map(([name, text]) => variable(name, text))
        .join('\n'),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    ...roles.flatMap(([label, path, description, trust, permissions]) => [
      block(`resource "aws_iam_role" "${label}"`, {
        name: lastPart(path),
        path: '/curfew/',
        description,
        max_session_duration: LONGEST_SESSION_S,
        assume_role_policy: encoded(trust),
      }),
      block(`resource "aws_iam_role_policy" "${label}"`, {
        name: lastPart(path),
        role: raw(`aws_iam_role.${label}.id`),
        policy: encoded(permissions),
      }),
    ]),
  ]);
}

function identityCenterTemplate(): string {
  const parameters = { BrokerRoleArn: VARIABLES.broker_role_arn, ExternalId: VARIABLES.external_id };
  const description =
    'What Curfew needs where IAM Identity Center is administered. Deploy it in the management account or the delegated administrator.';
  const made = (path: string, words: string, trust: JsonObject, permissions: JsonObject): JsonObject =>
    role({
      RoleName: lastPart(path),
      Path: '/curfew/',
      Description: words,
      MaxSessionDuration: LONGEST_SESSION_S,
      AssumeRolePolicyDocument: trust,
      Policies: [{ PolicyName: lastPart(path), PolicyDocument: permissions }],
    });
  return template(description, parameters, {
    Center: made(
      IDENTITY_CENTER_ROLE,
      CENTER_WORDS,
      provisionerTrust(CLOUDFORMATION),
      identityCenterPolicy(CLOUDFORMATION),
    ),
    End: made(END_ROLE, END_WORDS, endTrust(CLOUDFORMATION), endPolicy(CLOUDFORMATION)),
  });
}

const CENTER_WORDS = 'Gives and takes account assignments for Curfew, and schedules their ends.';
const END_WORDS = 'What a schedule of Curfew takes an account assignment away with, when nobody else does.';

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function hubTemplate(): string {
  return template(
    'The role that the Curfew broker runs as.',
    { TrustedService: 'For example ecs-tasks.amazonaws.com.' },
    {
      Broker: role({
        RoleName: 'curfew-broker',
        Description: 'Curfew broker. Assumes roles under /curfew/ and nothing else.',
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: '${TrustedService}' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [{ PolicyName: 'curfew-broker', PolicyDocument: brokerPolicy(CLOUDFORMATION) }],
      }),
    },
  );
}

function accountTemplate(): string {
  const parameters = { BrokerRoleArn: VARIABLES.broker_role_arn, ExternalId: VARIABLES.external_id };
  return template('What Curfew needs in a target account. Made for a StackSet with automatic deployment.', parameters, {
    Boundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        ManagedPolicyName: BOUNDARY,
        Path: '/curfew/',
        Description: 'Permissions boundary of the roles that Curfew hands out.',
        PolicyDocument: catalogueBoundary(CLOUDFORMATION),
      },
    },
    Provisioner: role({
      RoleName: 'curfew-provisioner',
      Path: '/curfew/',
      Description: 'Writes the revocation policies of the roles under /curfew/.',
      MaxSessionDuration: LONGEST_SESSION_S,
      AssumeRolePolicyDocument: provisionerTrust(CLOUDFORMATION),
      Policies: [{ PolicyName: 'curfew-provisioner', PolicyDocument: provisionerPolicy(CLOUDFORMATION) }],
    }),
  });
}

function main(): void {
  const root = resolve(import.meta.dirname, '..');
  const check = process.argv.includes('--check');
  let stale = 0;
  for (const [path, text] of infraFiles()) {
    const file = join(root, path);
    if (read(file) === text) continue;
    stale += 1;
    if (check) {
      console.error(
        `${path} differs from what src/providers/aws/permissions.ts says; run "node tools/generate-infra.ts".`,
      );
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
  if (check && stale > 0) process.exitCode = 1;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main) main();
