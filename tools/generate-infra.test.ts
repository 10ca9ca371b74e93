import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  BROKER_ACTIONS,
  IDENTITY_CENTER_READS,
  IDENTITY_CENTER_WRITES,
  PROVISIONER_READS,
  PROVISIONER_WRITES,
  ROLES_ANYWHERE_READS,
  ROLES_ANYWHERE_WRITES,
  SCHEDULE_ACTIONS,
  TIMED_POLICY_LISTS,
  TIMED_POLICY_READS,
  TIMED_POLICY_WRITES,
} from '../src/providers/aws/permissions.ts';
import { TOMBSTONE_READS, TOMBSTONE_WRITES } from '../src/providers/aws/tombstone-permissions.ts';
import { SWEEPER_ASSIGNMENTS, SWEEPER_READS, SWEEPER_WRITES } from '../src/providers/aws/sweep-permissions.ts';
import { infraFiles } from './generate-infra.ts';

const root = resolve(import.meta.dirname, '..');
const terraform = spawnSync('terraform', ['version']).status === 0;

describe('infra', () => {
  test.each([...infraFiles()])('%s is what the permissions say', (path, text) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });

  test('gives the provisioner exactly the actions that the code calls, and the broker the same', () => {
    const files = [...infraFiles()];
    const of = (part: string) => files.filter(([path]) => path.includes(part)).map(([, text]) => text);
    for (const text of of('account')) {
      const actions = new Set(text.match(/\biam:(Get|Put|Delete|List|Create|Attach|Update)\w+/g));
      expect([...actions].sort()).toEqual([...PROVISIONER_READS, ...PROVISIONER_WRITES].sort());
    }
    for (const text of of('timed-policy')) {
      const actions = new Set(text.match(/\biam:(Get|Put|Delete|List|Create|Attach|Update)\w+/g));
      // What the boundary leaves to people themselves is no permission of anybody.
      actions.delete('iam:CreateVirtualMFADevice');
      expect([...actions].sort()).toEqual(
        [...TIMED_POLICY_READS, ...TIMED_POLICY_LISTS, ...TIMED_POLICY_WRITES].map(String).sort(),
      );
    }
    const centers = files.filter(([path]) => path.includes('identity-center') && !path.includes('sweep'));
    for (const [, text] of centers) {
      const actions = new Set(text.match(/\b(sso|identitystore|organizations|scheduler|iam):[A-Z]\w+/g));
      // The key of a condition.
      actions.delete('iam:PassedToService');
      const wanted = [...IDENTITY_CENTER_READS, ...IDENTITY_CENTER_WRITES, ...SCHEDULE_ACTIONS, 'iam:PassRole'].map(
        String,
      );
      expect([...actions].sort()).toEqual(wanted.sort());
    }
    for (const [path, text] of files.filter(([one]) => one.includes('roles-anywhere'))) {
      const actions = new Set(text.match(/\b(rolesanywhere|iam):[A-Z]\w+/g));
      const wanted = [...ROLES_ANYWHERE_READS, ...ROLES_ANYWHERE_WRITES].map(String).sort();
      expect([path, [...actions].sort()]).toEqual([path, wanted]);
    }
    const tombstones = files.filter(([path]) => path.includes('tombstones'));
    expect(tombstones).toHaveLength(2);
    for (const [path, text] of tombstones) {
      const actions = new Set(text.match(/\b(sso|iam):[A-Z]\w+/g));
      expect([path, [...actions].sort()]).toEqual([path, [...TOMBSTONE_READS, ...TOMBSTONE_WRITES].map(String).sort()]);
      // Nothing here could put the tag on a set, and no set without it is within reach.
      expect(text).toMatch(/aws:ResourceTag\/curfew-owned/);
    }
    // Our anchor stands in many accounts: a role that asked for no role of its own would open to all certificates.
    for (const text of of('anywhere-role')) expect(text).toContain('aws:PrincipalTag/x509SAN/URI');
    for (const text of of('hub')) {
      for (const action of BROKER_ACTIONS) expect(text).toContain(action);
      expect(text).not.toMatch(/\biam:[A-Z]/);
    }
  });

  test('lets the sweeper delete, read and say that it ran, and nothing else', () => {
    const texts = [...infraFiles()]
      .filter(([path]) => path.includes('aws') && path.includes('sweeper'))
      .map(([, text]) => text);
    expect(texts).toHaveLength(6);
    const actions = new Set(texts.join().match(/\b(iam|sso|s3|sts|logs|lambda):[A-Z]\w+/g));
    expect([...actions].sort()).toEqual(
      [
        ...[...SWEEPER_READS, ...SWEEPER_WRITES, ...SWEEPER_ASSIGNMENTS, ...TIMED_POLICY_LISTS].map(String),
        ...['s3:ListBucket', 's3:GetObject', 's3:DeleteObject', 's3:PutObject'],
        ...['sts:AssumeRole', 'sts:SetSourceIdentity'],
        // Keys of conditions.
        ...['sts:ExternalId', 'sts:SourceIdentity', 'iam:PermissionsBoundary'],
        ...['logs:CreateLogStream', 'logs:PutLogEvents', 'lambda:InvokeFunction'],
      ].sort(),
    );
    expect(texts.join()).not.toMatch(/["' ](iam|sso|s3|sts|logs|lambda):\*/);
  });

  test('runs the sweeper once a minute, also when a run fails because it found something', () => {
    const of = (path: string) => new Map(infraFiles()).get(path) ?? '';
    const { Resources } = parse(of('infra/aws/cloudformation/sweeper.yaml')) as { Resources: Record<string, object> };
    expect(Object.values(Resources)).toContainEqual({
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Function' },
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds: 60,
        MaximumRetryAttempts: 0,
      },
    });
    const main = of('infra/aws/terraform/sweeper/main.tf').replace(/ +/g, ' ');
    const [, config] = /resource "aws_lambda_function_event_invoke_config" "sweeper" \{\n([^}]*)\}/.exec(main) ?? [];
    expect(config?.split('\n').map((line) => line.trim())).toEqual([
      'function_name = aws_lambda_function.sweeper.function_name',
      'maximum_event_age_in_seconds = 60',
      'maximum_retry_attempts = 0',
      '',
    ]);
  });

  test.each([...infraFiles()].filter(([path]) => path.endsWith('.yaml')))(
    '%s is YAML with texts for versions',
    (_path, text) => {
      const template = parse(text, { version: '1.1' }) as { AWSTemplateFormatVersion: unknown; Resources: object };
      expect(template.AWSTemplateFormatVersion).toBe('2010-09-09');
      expect(JSON.stringify(template.Resources)).not.toMatch(/"[^"]*T00:00:00/);
      // A variable that is not inside Fn::Sub would reach IAM as text.
      expect(JSON.stringify(template.Resources).replace(/\{"Fn::Sub":"(?:[^"\\]|\\.)*"\}/g, '')).not.toContain('${');
    },
  );

  test.skipIf(!terraform)('terraform fmt has nothing to change (skipped where terraform is not on the PATH)', () => {
    const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-diff', '-recursive', 'infra'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
