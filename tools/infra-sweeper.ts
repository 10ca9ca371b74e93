import type { JsonObject } from '../src/core/json.ts';
import { SWEEPER } from '../src/providers/aws/names.ts';
import {
  leasePermissions,
  sweeperAssignmentPermissions,
  sweeperHubPolicy,
  sweeperLogPermissions,
  sweeperPeoplePermissions,
  sweeperTrust,
} from '../src/providers/aws/sweep-permissions.ts';
import { block, encoded, raw, role, template, terraform, variable } from './infra-text.ts';

/* What a customer installs for the sweeper: once where Curfew runs, and in the accounts that it goes to. */

/** The newest runtime of Node that AWS Lambda documents as supported until 2028; the code is one file without types. */
const RUNTIME = { runtime: 'nodejs24.x', handler: 'index.handler', timeoutS: 300, memoryMb: 256 };
/**
 * A run that found something fails, so that it is counted, and AWS would repeat it twice; the next minute does that anyhow. For the same reason
 * nothing is kept that could not begin within its minute (Lambda developer guide, "Asynchronous invocation"; 60 s is the shortest).
 */
const ASYNC = { retries: 0, maxAgeS: 60 };
const NAME = 'curfew-sweeper';
const PARTITION = '${data.aws_partition.current.partition}';
const ACCOUNT = '${data.aws_caller_identity.current.account_id}';
const CFN = { partition: '${AWS::Partition}', account: '${AWS::AccountId}' };

const TEXTS = {
  bucket: 'Name of the bucket for leases and heartbeats; it is made here.',
  brokerRole: "Name of the broker's role in this account.",
  keys: 'Public keys of the broker, separated by commas; curfew doctor prints them.',
  externalId: "The deployment's external id.",
  accounts: 'Accounts whose people get timed policies, separated by commas; empty for none.',
  paths: 'Paths of identities of people in them, separated by commas, such as people/; empty for none.',
  centerRole: `ARN of the role ${SWEEPER} in the account that administers IAM Identity Center; empty where that is this account.`,
  centerRegion: 'Region of IAM Identity Center; empty where it is the region of the function.',
  centerSweeperRole:
    "ARN of the sweeper's role where Curfew runs, which makes the role here as well; empty where the role is here already.",
  centerExternalId: "The deployment's external id; only needed where the role is made here.",
  sweeperRole: "ARN of the sweeper's role where Curfew runs.",
  path: 'Path below which the identities of people lie, such as people/; the same as in the roles.',
};

const LAMBDA_TRUST: JsonObject = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** Every generated file of the sweeper's: path from the repository's root, and its text. */
export function sweeperFiles(): readonly (readonly [path: string, text: string])[] {
  return [
    ['infra/aws/terraform/sweeper/main.tf', hub()],
    ['infra/aws/terraform/sweeper-people/main.tf', people()],
    ['infra/aws/terraform/sweeper-identity-center/main.tf', identityCenter()],
    ['infra/aws/cloudformation/sweeper.yaml', hubTemplate()],
    ['infra/aws/cloudformation/sweeper-people.yaml', peopleTemplate()],
    ['infra/aws/cloudformation/sweeper-identity-center.yaml', identityCenterTemplate()],
  ];
}

function hub(): string {
  const policy = (name: string, roleName: string, document: JsonObject) =>
    block(`resource "aws_iam_role_policy" "${name.replace('curfew-', '').replace('-', '_')}"`, {
      name,
      role: raw(roleName),
      policy: encoded(document),
    });
  return terraform([
    variable('bucket', TEXTS.bucket),
    variable('broker_role', TEXTS.brokerRole, 'curfew-broker'),
    variable('code', 'Path of the zip that node tools/build-sweeper.ts makes.'),
    variable('keys', TEXTS.keys),
    variable('external_id', TEXTS.externalId),
    variable(
      'runtime',
      'Runtime of the function. Versions of the provider that do not know this one know nodejs22.x, which does as well.',
      RUNTIME.runtime,
    ),
    variable('accounts', TEXTS.accounts, ''),
    variable('people_paths', TEXTS.paths, ''),
    variable('identity_center_role_arn', TEXTS.centerRole, ''),
    variable('identity_center_region', TEXTS.centerRegion, ''),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    block('resource "aws_s3_bucket" "this"', { bucket: raw('var.bucket') }),
    block('resource "aws_s3_bucket_public_access_block" "this"', {
      bucket: raw('aws_s3_bucket.this.id'),
      block_public_acls: raw('true'),
      block_public_policy: raw('true'),
      ignore_public_acls: raw('true'),
      restrict_public_buckets: raw('true'),
    }),
    policy('curfew-leases', 'var.broker_role', leasePermissions({ partition: PARTITION }, '${var.bucket}')),
    block('resource "aws_iam_role" "sweeper"', {
      name: NAME,
      path: '/curfew/',
      description: 'Ends what is overdue while Curfew is gone; may delete what Curfew made, and nothing else.',
      assume_role_policy: encoded(LAMBDA_TRUST),
    }),
    policy(NAME, 'aws_iam_role.sweeper.id', sweeperHubPolicy({ partition: PARTITION }, '${var.bucket}')),
    policy(
      'curfew-log',
      'aws_iam_role.sweeper.id',
      sweeperLogPermissions({ partition: PARTITION, account: ACCOUNT }, `/aws/lambda/${NAME}`),
    ),
    block('resource "aws_cloudwatch_log_group" "sweeper"', { name: `/aws/lambda/${NAME}`, retention_in_days: 90 }),
    lambdaFunction(),
    block('resource "aws_lambda_function_event_invoke_config" "sweeper"', {
      function_name: raw('aws_lambda_function.sweeper.function_name'),
      maximum_event_age_in_seconds: ASYNC.maxAgeS,
      maximum_retry_attempts: ASYNC.retries,
    }),
    block('resource "aws_cloudwatch_event_rule" "every_minute"', {
      name: NAME,
      description: 'Runs the sweeper.',
      schedule_expression: 'rate(1 minute)',
    }),
    block('resource "aws_cloudwatch_event_target" "sweeper"', {
      rule: raw('aws_cloudwatch_event_rule.every_minute.name'),
      arn: raw('aws_lambda_function.sweeper.arn'),
    }),
    block('resource "aws_lambda_permission" "every_minute"', {
      action: 'lambda:InvokeFunction',
      function_name: raw('aws_lambda_function.sweeper.function_name'),
      principal: 'events.amazonaws.com',
      source_arn: raw('aws_cloudwatch_event_rule.every_minute.arn'),
    }),
    block('output "sweeper_role_arn"', { value: raw('aws_iam_role.sweeper.arn') }),
  ]);
}

/** The function; one at a time, because two would only do the same twice. */
function lambdaFunction(): string {
  const { handler, timeoutS, memoryMb } = RUNTIME;
  const head = block('resource "aws_lambda_function" "sweeper"', {
    function_name: NAME,
    description: 'Ends what is overdue while Curfew is gone.',
    role: raw('aws_iam_role.sweeper.arn'),
    runtime: raw('var.runtime'),
    handler,
    filename: raw('var.code'),
    source_code_hash: raw('filebase64sha256(var.code)'),
    timeout: timeoutS,
    memory_size: memoryMb,
    reserved_concurrent_executions: 1,
  });
  const environment = [
    ['CURFEW_SWEEP_KEYS', 'var.keys'],
    ['CURFEW_SWEEP_BUCKET', 'aws_s3_bucket.this.id'],
    ['CURFEW_SWEEP_ACCOUNTS', 'var.accounts'],
    ['CURFEW_SWEEP_PATHS', 'var.people_paths'],
    ['CURFEW_SWEEP_IDENTITY_CENTER_ROLE_ARN', 'var.identity_center_role_arn'],
    ['CURFEW_SWEEP_IDENTITY_CENTER_REGION', 'var.identity_center_region'],
    ['CURFEW_AWS_EXTERNAL_ID', 'var.external_id'],
  ] as const;
  const width = Math.max(...environment.map(([name]) => name.length));
  const lines = environment.map(([name, value]) => `      ${name.padEnd(width)} = ${value}\n`).join('');
  return head.replace(/}\n$/, `\n  environment {\n    variables = {\n${lines}    }\n  }\n}\n`);
}

function people(): string {
  return terraform([
    variable('sweeper_role_arn', TEXTS.sweeperRole),
    variable('external_id', TEXTS.externalId),
    variable('people_path', TEXTS.path, 'people/'),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    block('resource "aws_iam_role" "sweeper"', {
      name: NAME,
      path: '/curfew/',
      description: 'Deletes policies of grants that are over; can put none.',
      assume_role_policy: encoded(sweeperTrust('${var.sweeper_role_arn}', '${var.external_id}')),
    }),
    block('resource "aws_iam_role_policy" "sweeper"', {
      name: NAME,
      role: raw('aws_iam_role.sweeper.id'),
      policy: encoded(sweeperPeoplePermissions({ partition: PARTITION, account: ACCOUNT }, '${var.people_path}')),
    }),
  ]);
}

function identityCenter(): string {
  const note = `# For the account that administers IAM Identity Center. Gives the role ${SWEEPER} the right to end assignments, and makes it where it is not there yet.\n`;
  return terraform([
    `${note}${variable('sweeper_role_arn', TEXTS.centerSweeperRole, '')}`,
    variable('external_id', TEXTS.centerExternalId, ''),
    'data "aws_partition" "current" {}\n',
    'data "aws_caller_identity" "current" {}\n',
    block('resource "aws_iam_role" "sweeper"', {
      count: raw('var.sweeper_role_arn == "" ? 0 : 1'),
      name: NAME,
      path: '/curfew/',
      description: 'Ends assignments of grants that are over; can make none.',
      assume_role_policy: encoded(sweeperTrust('${var.sweeper_role_arn}', '${var.external_id}')),
    }),
    block('resource "aws_iam_role_policy" "assignments"', {
      name: 'curfew-assignments',
      role: NAME,
      policy: encoded(sweeperAssignmentPermissions({ partition: PARTITION })),
      depends_on: raw('[aws_iam_role.sweeper]'),
    }),
    block('output "sweeper_role_arn"', { value: `arn:${PARTITION}:iam::${ACCOUNT}:role/${SWEEPER}` }),
  ]);
}

function hubTemplate(): string {
  const parameters = {
    Bucket: TEXTS.bucket,
    BrokerRole: TEXTS.brokerRole,
    CodeBucket: 'Bucket in which the zip lies that node tools/build-sweeper.ts makes.',
    CodeKey: 'Its key there.',
    Keys: TEXTS.keys,
    ExternalId: TEXTS.externalId,
    Accounts: TEXTS.accounts,
    PeoplePaths: TEXTS.paths,
    IdentityCenterRoleArn: { text: TEXTS.centerRole, fallback: '' },
    IdentityCenterRegion: { text: TEXTS.centerRegion, fallback: '' },
  };
  return template('The sweeper: a function that ends what is overdue, every minute, and its bucket.', parameters, {
    Leases: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: '${Bucket}',
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    },
    LeasePermissions: {
      Type: 'AWS::IAM::RolePolicy',
      Properties: {
        RoleName: '${BrokerRole}',
        PolicyName: 'curfew-leases',
        PolicyDocument: leasePermissions(CFN, '${Bucket}'),
      },
    },
    Sweeper: role({
      RoleName: NAME,
      Path: '/curfew/',
      Description: 'Ends what is overdue while Curfew is gone; may delete what Curfew made, and nothing else.',
      AssumeRolePolicyDocument: LAMBDA_TRUST,
      Policies: [
        { PolicyName: NAME, PolicyDocument: sweeperHubPolicy(CFN, '${Bucket}') },
        { PolicyName: 'curfew-log', PolicyDocument: sweeperLogPermissions(CFN, `/aws/lambda/${NAME}`) },
      ],
    }),
    LogGroup: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/lambda/${NAME}`, RetentionInDays: 90 },
    },
    Function: functionResource(),
    OncePerMinute: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Function' },
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds: ASYNC.maxAgeS,
        MaximumRetryAttempts: ASYNC.retries,
      },
    },
    EveryMinute: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: NAME,
        ScheduleExpression: 'rate(1 minute)',
        Targets: [{ Id: NAME, Arn: { 'Fn::GetAtt': ['Function', 'Arn'] } }],
      },
    },
    MayInvoke: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Function' },
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': ['EveryMinute', 'Arn'] },
      },
    },
  });
}

function functionResource(): JsonObject {
  const { runtime, handler, timeoutS, memoryMb } = RUNTIME;
  return {
    Type: 'AWS::Lambda::Function',
    DependsOn: 'LogGroup',
    Properties: {
      FunctionName: NAME,
      Description: 'Ends what is overdue while Curfew is gone.',
      Role: { 'Fn::GetAtt': ['Sweeper', 'Arn'] },
      Runtime: runtime,
      Handler: handler,
      Code: { S3Bucket: '${CodeBucket}', S3Key: '${CodeKey}' },
      Timeout: timeoutS,
      MemorySize: memoryMb,
      ReservedConcurrentExecutions: 1,
      Environment: {
        Variables: {
          CURFEW_SWEEP_KEYS: '${Keys}',
          CURFEW_SWEEP_BUCKET: '${Bucket}',
          CURFEW_SWEEP_ACCOUNTS: '${Accounts}',
          CURFEW_SWEEP_PATHS: '${PeoplePaths}',
          CURFEW_SWEEP_IDENTITY_CENTER_ROLE_ARN: '${IdentityCenterRoleArn}',
          CURFEW_SWEEP_IDENTITY_CENTER_REGION: '${IdentityCenterRegion}',
          CURFEW_AWS_EXTERNAL_ID: '${ExternalId}',
        },
      },
    },
  };
}

function peopleTemplate(): string {
  const parameters = { SweeperRoleArn: TEXTS.sweeperRole, ExternalId: TEXTS.externalId, PeoplePath: TEXTS.path };
  return template('Lets the sweeper delete policies of grants that are over, in this account.', parameters, {
    Sweeper: role({
      RoleName: NAME,
      Path: '/curfew/',
      Description: 'Deletes policies of grants that are over; can put none.',
      AssumeRolePolicyDocument: sweeperTrust('${SweeperRoleArn}', '${ExternalId}'),
      Policies: [{ PolicyName: NAME, PolicyDocument: sweeperPeoplePermissions(CFN, '${PeoplePath}') }],
    }),
  });
}

function identityCenterTemplate(): string {
  const description = `For the account that administers IAM Identity Center: gives the role ${SWEEPER} the right to end assignments, and makes it where it is not there yet.`;
  const parameters = {
    SweeperRoleArn: { text: TEXTS.centerSweeperRole, fallback: '' },
    ExternalId: { text: TEXTS.centerExternalId, fallback: '' },
  };
  const resources = {
    Sweeper: {
      ...role({
        RoleName: NAME,
        Path: '/curfew/',
        Description: 'Ends assignments of grants that are over; can make none.',
        AssumeRolePolicyDocument: sweeperTrust('${SweeperRoleArn}', '${ExternalId}'),
      }),
      Condition: 'MakesTheRole',
    },
    Assignments: {
      Type: 'AWS::IAM::RolePolicy',
      Properties: {
        RoleName: { 'Fn::If': ['MakesTheRole', { Ref: 'Sweeper' }, NAME] },
        PolicyName: 'curfew-assignments',
        PolicyDocument: sweeperAssignmentPermissions(CFN),
      },
    },
  };
  const given = { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'SweeperRoleArn' }, ''] }] };
  return template(description, parameters, resources, { MakesTheRole: given });
}
