import type { JsonObject } from '../src/core/json.ts';
import { LONGEST_SESSION_S } from '../src/providers/aws/capabilities.ts';
import {
  anywhereTrust,
  ROLES_ANYWHERE_PERMISSIONS,
  rolesAnywherePermissions,
} from '../src/providers/aws/permissions.ts';
import { buildSessionPolicy } from '../src/providers/aws/session-policy.ts';
import { block, encoded, raw, role, template, terraform, variable } from './infra-text.ts';

/** What `method: roles-anywhere` needs: once in an account, and for each role that certificates are issued for. */
export function rolesAnywhereFiles(): readonly (readonly [path: string, text: string])[] {
  return [
    ['infra/aws/terraform/roles-anywhere/main.tf', account()],
    ['infra/aws/terraform/anywhere-role/main.tf', anywhereRole()],
    ['infra/aws/cloudformation/roles-anywhere.yaml', accountTemplate()],
    ['infra/aws/cloudformation/anywhere-role.yaml', roleTemplate()],
  ];
}

const TERRAFORM = {
  partition: '${data.aws_partition.current.partition}',
  account: '${data.aws_caller_identity.current.account_id}',
};
const CLOUDFORMATION = { partition: '${AWS::Partition}', account: '${AWS::AccountId}' };

const CERTIFICATE = "PEM of the certificate of the broker's certificate authority; no secret.";
const ANCHOR = 'ARN of the trust anchor: an output of the roles-anywhere module.';
const NAME = 'Name of the role; a catalogue entry calls it curfew/<name>, and its profile curfew-<name>.';
const SESSION_POLICY =
  'JSON of the session policy where the catalogue entry has sessionPolicy or allows: curfew doctor prints it. Empty: that of an entry without both.';

const NOTE =
  '# Curfew puts policies of its own on this role, curfew-end-…. Never add aws_iam_role_policies_exclusive or inline_policy blocks:\n' +
  '# Terraform would remove them, and sessions would go on after their end.\n';

/** The session policy of a role that brings none and allows nothing dangerous. */
function plainSessionPolicy(partition: string): JsonObject {
  // A template's variable stands in the place of the partition's name.
  const built = buildSessionPolicy({ sessionPolicy: null, allows: [] }, null, partition as 'aws');
  if (!built.ok) throw new Error(built.refusal.message);
  return JSON.parse(built.value.text) as JsonObject;
}

function account(): string {
  return terraform([
    variable('certificate', CERTIFICATE),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    'resource "aws_rolesanywhere_trust_anchor" "curfew" {\n  name    = "curfew"\n  enabled = true\n  source {\n    source_type = "CERTIFICATE_BUNDLE"\n    source_data {\n      x509_certificate_data = var.certificate\n    }\n  }\n}\n',
    block('resource "aws_iam_role_policy" "roles_anywhere"', {
      name: ROLES_ANYWHERE_PERMISSIONS,
      role: 'curfew-provisioner',
      policy: encoded(rolesAnywherePermissions(TERRAFORM)),
    }),
    block('output "trust_anchor_arn"', { value: raw('aws_rolesanywhere_trust_anchor.curfew.arn') }),
  ]);
}

function anywhereRole(): string {
  const roleArn = `arn:${TERRAFORM.partition}:iam::${TERRAFORM.account}:role/curfew/\${var.name}`;
  const plain = encoded(plainSessionPolicy(TERRAFORM.partition)).raw;
  return terraform([
    variable('name', NAME),
    variable('description', 'What a machine can do with it.'),
    variable('policy', 'JSON of the permissions of the role.'),
    variable('boundary_arn', 'Permissions boundary under /curfew/: output boundary_arn of the account module.'),
    variable('trust_anchor_arn', ANCHOR),
    variable('session_policy', SESSION_POLICY, ''),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    NOTE +
      block('resource "aws_iam_role" "this"', {
        name: raw('var.name'),
        path: '/curfew/',
        description: raw('var.description'),
        max_session_duration: LONGEST_SESSION_S,
        permissions_boundary: raw('var.boundary_arn'),
        assume_role_policy: encoded(anywhereTrust({ roleArn, trustAnchorArn: '${var.trust_anchor_arn}' })),
      }),
    block('resource "aws_iam_role_policy" "permissions"', {
      name: 'permissions',
      role: raw('aws_iam_role.this.id'),
      policy: raw('var.policy'),
    }),
    block('resource "aws_rolesanywhere_profile" "this"', {
      name: raw('"curfew-${var.name}"'),
      enabled: raw('true'),
      role_arns: raw('[aws_iam_role.this.arn]'),
      duration_seconds: LONGEST_SESSION_S,
      session_policy: raw(`var.session_policy != "" ? var.session_policy : ${plain}`),
    }),
    block('output "arn"', { value: raw('aws_iam_role.this.arn') }),
  ]);
}

function accountTemplate(): string {
  return template(
    'Lets machines with a certificate of Curfew make sessions. Needs account.yaml first.',
    { Certificate: CERTIFICATE },
    {
      TrustAnchor: {
        Type: 'AWS::RolesAnywhere::TrustAnchor',
        Properties: {
          Name: 'curfew',
          Enabled: true,
          Source: { SourceType: 'CERTIFICATE_BUNDLE', SourceData: { X509CertificateData: '${Certificate}' } },
        },
      },
      RolesAnywhere: {
        Type: 'AWS::IAM::RolePolicy',
        Properties: {
          RoleName: 'curfew-provisioner',
          PolicyName: ROLES_ANYWHERE_PERMISSIONS,
          PolicyDocument: rolesAnywherePermissions(CLOUDFORMATION),
        },
      },
    },
  );
}

function roleTemplate(): string {
  const roleArn = `arn:${CLOUDFORMATION.partition}:iam::${CLOUDFORMATION.account}:role/curfew/\${Name}`;
  const parameters = {
    Name: NAME,
    ManagedPolicyArn: 'A managed policy with the permissions of the role.',
    TrustAnchorArn: ANCHOR,
  };
  const description =
    'One role that certificates are issued for, and its profile, for a catalogue entry without sessionPolicy and allows. Needs roles-anywhere.yaml first.';
  return template(description, parameters, {
    Role: role({
      RoleName: '${Name}',
      Path: '/curfew/',
      MaxSessionDuration: LONGEST_SESSION_S,
      PermissionsBoundary: 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/curfew/curfew-boundary',
      ManagedPolicyArns: ['${ManagedPolicyArn}'],
      AssumeRolePolicyDocument: anywhereTrust({ roleArn, trustAnchorArn: '${TrustAnchorArn}' }),
    }),
    Profile: {
      Type: 'AWS::RolesAnywhere::Profile',
      Properties: {
        Name: 'curfew-${Name}',
        Enabled: true,
        RoleArns: [{ 'Fn::GetAtt': ['Role', 'Arn'] }],
        DurationSeconds: LONGEST_SESSION_S,
        SessionPolicy: JSON.stringify(plainSessionPolicy(CLOUDFORMATION.partition)),
      },
    },
  });
}
