import { IDENTITY_CENTER_ROLE, OWNED_TAG } from '../src/providers/aws/names.ts';
import { TOMBSTONE_PERMISSIONS, tombstonePermissions } from '../src/providers/aws/tombstone-permissions.ts';
import { block, encoded, raw, template, terraform, variable } from './infra-text.ts';

/* What roles with `tombstone: true` need where IAM Identity Center is administered. Opt-in. */

const ROLE = IDENTITY_CENTER_ROLE.slice(IDENTITY_CENTER_ROLE.lastIndexOf('/') + 1);

const NOTE =
  '# Lets Curfew write denials with an end into permission sets that are its own, for roles with tombstone: true, so that sessions are cut\n' +
  '# at the end too. Whoever may write the policy of a permission set can give anything with it: what bounds this is the tag\n' +
  `# ${OWNED_TAG}=true, which Curfew cannot put on a set. Needs the module identity-center first.\n`;

const SET_NOTE =
  '# A permission set of Curfew. Attach managed or customer managed policies to it. Its inline policy is shared with Curfew: a resource\n' +
  '# aws_ssoadmin_permission_set_inline_policy needs ignore_changes = [inline_policy], or Terraform takes the denials out at every apply and\n' +
  '# sessions that were cut work again.\n';

export function tombstoneFiles(): readonly (readonly [string, string])[] {
  return [
    ['infra/aws/terraform/tombstones/main.tf', permissions()],
    ['infra/aws/terraform/owned-permission-set/main.tf', ownedSet()],
    ['infra/aws/cloudformation/tombstones.yaml', permissionsTemplate()],
  ];
}

function permissions(): string {
  return terraform([
    `${NOTE}data "aws_partition" "current" {}\n`,
    block('resource "aws_iam_role_policy" "tombstones"', {
      name: TOMBSTONE_PERMISSIONS,
      role: ROLE,
      policy: encoded(tombstonePermissions({ partition: '${data.aws_partition.current.partition}' })),
    }),
  ]);
}

function ownedSet(): string {
  return terraform([
    SET_NOTE + variable('name', 'Name of the permission set; roles name it as permissionSet.'),
    variable('description', 'What somebody can do with it.'),
    variable('instance_arn', 'ARN of the instance of IAM Identity Center.'),
    block('resource "aws_ssoadmin_permission_set" "this"', {
      name: raw('var.name'),
      description: raw('var.description'),
      instance_arn: raw('var.instance_arn'),
      session_duration: 'PT1H',
      tags: raw(`{ "${OWNED_TAG}" = "true" }`),
    }),
    block('output "arn"', { value: raw('aws_ssoadmin_permission_set.this.arn') }),
  ]);
}

function permissionsTemplate(): string {
  const description =
    `Lets Curfew write denials with an end into permission sets that are tagged ${OWNED_TAG}=true, so that sessions are cut at the end too. ` +
    'Needs identity-center.yaml first.';
  return template(
    description,
    {},
    {
      Tombstones: {
        Type: 'AWS::IAM::RolePolicy',
        Properties: {
          RoleName: ROLE,
          PolicyName: TOMBSTONE_PERMISSIONS,
          PolicyDocument: tombstonePermissions({ partition: '${AWS::Partition}' }),
        },
      },
    },
  );
}
