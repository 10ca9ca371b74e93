import { describe, expect, test } from 'vitest';
import { timedDocument, timedPolicyFlaws } from './timed-policy.ts';
import type { JsonObject } from './json.ts';
import type { DangerousAbility } from './role.ts';

const [FROM, UNTIL] = ['2026-11-21T14:19:50Z', '2026-11-21T14:30:00Z'];
const policy = (statement: JsonObject): JsonObject => ({ Version: '2012-10-17', Statement: [statement] });
const allow = (Action: string, more: JsonObject = {}) => policy({ Effect: 'Allow', Action, Resource: '*', ...more });
const flawsOf = (document: JsonObject, allows: readonly DangerousAbility[] = []) =>
  timedPolicyFlaws(document, allows).map(({ key }) => key);

describe('a policy for a time', () => {
  test.each(['s3:GetObject', 's3:*', 'iam:GetUser', 'iam:List*', 'sts:GetCallerIdentity', 'organizations:Describe*'])(
    'may allow %s',
    (action) => expect(flawsOf(allow(action))).toEqual([]),
  );

  test.each([
    ...[
      '*',
      'iam:*',
      'IAM:Put*',
      'iam:P?tUserPolicy',
      'iam:Pass*',
      'iam:*Role',
      'i?m:PutUserPolicy',
      'sts:*',
      'sts:Get*',
    ],
    ...['sts:GetSessionToken', 'sts:AssumeRole', 'iam:PassRole', 'iam:CreateAccessKey', 'iam:UpdateLoginProfile'],
    ...[
      'sso:CreateAccountAssignment',
      'organizations:*',
      'identitystore:CreateGroupMembership',
      'signin:CreateOAuth2Token',
    ],
    ...['iam:DeleteUserPermissionsBoundary', 'account:*'],
  ])('may not allow %s, by which it could lift its end or outlive it', (action) =>
    expect(flawsOf(allow(action))).toEqual(['Action']),
  );

  test.each([
    ['sts:AssumeRole', 'role-chaining'],
    ['iam:PassRole', 'pass-role'],
    ['iam:CreateAccessKey', 'create-keys'],
  ] as const)('may allow %s when the role declares %s, and not what is wider', (action, ability) => {
    expect(flawsOf(allow(action), [ability])).toEqual([]);
    expect(flawsOf(allow(`${action.split(':')[0] ?? ''}:*`), [ability])).toEqual(['Action']);
  });

  test('has no Deny, no NotAction and no times of its own, however they are written', () => {
    expect(flawsOf(policy({ Effect: 'Deny', Action: 's3:*', Resource: '*' }))).toEqual(['Effect']);
    expect(flawsOf(policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }))).toEqual(['NotAction']);
    for (const key of ['aws:CurrentTime', 'AWS:currenttime', 'aws:EpochTime'])
      expect(flawsOf(allow('s3:*', { Condition: { DateLessThan: { [key]: '2099-01-01T00:00:00Z' } } }))).toEqual([
        'Condition',
      ]);
  });

  test('gets both times on every statement, beside the conditions that it has', () => {
    const own = { StringEquals: { 'aws:PrincipalTag/team': 'data' }, DateLessThan: { 'aws:TokenIssueTime': UNTIL } };
    const bounded = timedDocument(allow('s3:GetObject', { Sid: 'Read', Condition: own }), FROM, UNTIL);
    expect(bounded['Statement']).toEqual([
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:PrincipalTag/team': 'data' },
          DateGreaterThan: { 'aws:CurrentTime': FROM },
          DateLessThan: { 'aws:TokenIssueTime': UNTIL, 'aws:CurrentTime': UNTIL },
        },
      },
    ]);
  });
});
