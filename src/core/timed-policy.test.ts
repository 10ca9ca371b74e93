import { describe, expect, test } from 'vitest';
import { INLINE_LIMITS, inlineSize, timedDocument, timedPolicyFlaws } from './timed-policy.ts';
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

  test.each([
    ['iam', ['iam:Get*', 'iam:ListUsers', 'iam:SimulatePrincipalPolicy'], 'iam:get*, iam:list*, iam:simulate* alone'],
    [
      'sts',
      ['sts:GetCallerIdentity', 'sts:GetAccessKeyInfo', 'sts:DecodeAuthorizationMessage'],
      'sts:getcalleridentity, sts:getaccesskeyinfo, sts:decodeauthorizationmessage alone',
    ],
    ['sso', ['sso:DescribePermissionSet', 'sso:ListInstances', 'sso:GetInlinePolicyForPermissionSet'], 'alone'],
    [
      'sso-directory',
      ['sso-directory:DescribeUser', 'sso-directory:ListUsers', 'sso-directory:GetUserPoolInfo'],
      'alone',
    ],
    ['identitystore', ['identitystore:DescribeUser', 'identitystore:ListUsers', 'identitystore:GetUserId'], 'alone'],
    ['organizations', ['organizations:DescribeAccount', 'organizations:ListAccounts'], 'alone'],
    ['account', ['account:GetContactInformation', 'account:ListRegions'], 'alone'],
  ])('takes of %s what only reads, and says so', (service, reads, known) => {
    for (const action of reads) expect([action, flawsOf(allow(action))]).toEqual([action, []]);
    const [flaw] = timedPolicyFlaws(allow(`${service}:Update*`), []);
    expect(flaw?.message).toBe(`"${service}:Update*" can change who has access, and with it lift its own end`);
    expect(flaw?.hint).toContain(`Of ${service} a timed policy takes `);
    expect(flaw?.hint).toContain(known);
    expect(flaw?.hint).toContain('method assume-role');
  });

  test.each([
    ['role-chaining', ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity']],
    ['pass-role', ['iam:PassRole']],
    [
      'create-keys',
      [
        ...['sts:GetSessionToken', 'sts:GetFederationToken', 'iam:CreateAccessKey', 'iam:UpdateAccessKey'],
        ...['iam:CreateLoginProfile', 'iam:UpdateLoginProfile', 'iam:CreateServiceSpecificCredential'],
        ...['iam:ResetServiceSpecificCredential', 'iam:UploadSSHPublicKey', 'iam:UploadSigningCertificate'],
        'signin:CreateOAuth2Token',
      ],
    ],
  ] as const)('names the ability %s by which access would outlive its grant', (ability, actions) => {
    for (const action of actions) {
      const [flaw] = timedPolicyFlaws(allow(action), []);
      expect(flaw).toMatchObject({ statement: 0, key: 'Action', message: `"${action}" lets access outlive its grant` });
      expect(flaw?.hint).toContain(`allows: [${ability}]`);
      expect(flawsOf(allow(action), [ability])).toEqual([]);
    }
  });

  test('says which statement is wrong, why, and what to do', () => {
    const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*' }, { Effect: 'Deny' }] };
    expect(timedPolicyFlaws(document, [])).toMatchObject(
      [{ statement: 1, key: 'Effect', message: /no Deny/, hint: /Leave out/ }].map((flaw) => ({
        ...flaw,
        message: expect.stringMatching(flaw.message) as string,
        hint: expect.stringMatching(flaw.hint) as string,
      })),
    );
    const first = (statement: JsonObject) => timedPolicyFlaws(policy(statement), [])[0];
    expect(first({ Effect: 'Allow', NotAction: 's3:*' })?.message).toContain('lifting its own end');
    expect(first({ Effect: 'Allow', NotAction: 's3:*' })?.hint).toContain('Write "Action"');
    const timed = first({ Effect: 'Allow', Action: 's3:*', Condition: { DateLessThan: { 'aws:CurrentTime': UNTIL } } });
    expect(timed?.message).toContain('written by Curfew');
    expect(timed?.hint).toContain('Remove aws:CurrentTime');
    expect(first({ Effect: 'Allow', Action: '*' })).toMatchObject({
      message: '"*" allows everything, also to lift its own end',
      hint: 'Name the services and actions that the task needs.',
    });
    expect(first({ Effect: 'Allow', Action: 's*:Get' })).toMatchObject({
      message: '"s*:Get" names no service',
      hint: 'Write service:Action, such as s3:GetObject.',
    });
  });

  test('looks at every action of every statement', () => {
    const document = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:GetObject', 'iam:PutUserPolicy', 'iam:DeleteUser'] },
        { Effect: 'Allow', Action: ['iam:*'] },
      ],
    };
    expect(timedPolicyFlaws(document, []).map(({ statement }) => statement)).toEqual([0, 0, 1]);
    expect(timedPolicyFlaws({ Version: '2012-10-17', Statement: document.Statement[1] ?? {} }, [])).toHaveLength(1);
    expect(timedPolicyFlaws({ Version: '2012-10-17' }, [])).toEqual([]);
    expect(flawsOf(policy({ Effect: 'Allow' }))).toEqual([]);
  });

  test('is counted as the cloud counts it', () => {
    expect(INLINE_LIMITS).toEqual({ user: 2_048, role: 10_240 });
    expect(inlineSize('{ "a":\t"b c"\n}')).toBe(10);
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
