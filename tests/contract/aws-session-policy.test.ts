import { describe, expect, test } from 'vitest';
import { evaluate } from '../../simulators/aws/policy-evaluate.ts';
import { parsePolicy } from '../../simulators/aws/policy-parse.ts';
import type { DangerousAbility } from '../../src/core/role.ts';
import { instant } from '../../src/core/time.ts';
import { catalogueBoundary } from '../../src/providers/aws/permissions.ts';
import { NO_REVOCATIONS, printRevocations, withCut, withEntry } from '../../src/providers/aws/revocations.ts';
import { buildSessionPolicy } from '../../src/providers/aws/session-policy.ts';

/**
 * What the documents that the provider writes mean to an evaluator that shares no code with it. For the actions that the
 * simulated cloud does not serve; the contract suite tries the others over the wire.
 */
const END = instant(Date.UTC(2026, 10, 21, 14, 30));
const BEFORE = '2026-11-21T14:29:59Z';
const CATALOGUE = 'arn:aws:iam::444455556666:role/curfew/invoice-publisher';

function effect(text: string, action: string, resource = '*', facts: Readonly<Record<string, string>> = {}) {
  const known = { 'aws:currenttime': BEFORE, ...facts };
  const values = new Map(Object.entries(known).map(([key, value]) => [key, [value]]));
  return evaluate([parsePolicy(text, 'identity')], { action, resource, facts: values });
}

function policy(allows: readonly DangerousAbility[] = []): string {
  const built = buildSessionPolicy({ sessionPolicy: null, allows }, END, 'aws');
  if (!built.ok) throw new Error(built.refusal.message);
  return built.value.text;
}

describe('a session of a role that allows everything', () => {
  test.each([
    ['role-chaining', 'sts:AssumeRole'],
    ['role-chaining', 'sts:AssumeRoleWithWebIdentity'],
    ['role-chaining', 'sts:AssumeRoot'],
    ['pass-role', 'iam:PassRole'],
    ['create-keys', 'iam:CreateAccessKey'],
    ['create-keys', 'iam:UpdateAccessKey'],
    ['create-keys', 'iam:CreateLoginProfile'],
    ['create-keys', 'iam:UpdateLoginProfile'],
    ['create-keys', 'iam:CreateServiceSpecificCredential'],
    ['create-keys', 'iam:ResetServiceSpecificCredential'],
    ['create-keys', 'iam:UploadSSHPublicKey'],
    ['create-keys', 'iam:UploadSigningCertificate'],
    ['create-keys', 'sts:GetFederationToken'],
    ['create-keys', 'sts:GetSessionToken'],
    ['create-keys', 'sts:GetWebIdentityToken'],
    ['create-keys', 'sts:GetServiceBearerToken'],
    ['create-keys', 'signin:CreateOAuth2Token'],
    ['create-keys', 'signin:AuthorizeOAuth2Access'],
  ] as const)('needs %s for %s', (ability, action) => {
    const resource = 'arn:aws:iam::444455556666:role/deployer';
    expect(effect(policy(), action, resource)).toBe('deny');
    expect(effect(policy([ability]), action, resource)).toBe('allow');
  });

  test.each(['s3:GetObject', 'sts:GetCallerIdentity', 'iam:DeleteAccessKey', 'iam:ListRoles', 'iam:CreateRole'])(
    'may do %s',
    (action) => {
      expect(effect(policy(), action)).toBe('allow');
    },
  );

  test.each([
    'iam:DeleteRolePolicy',
    'iam:PutRolePolicy',
    'iam:UpdateAssumeRolePolicy',
    'sts:AssumeRole',
    'iam:PassRole',
  ])('may never do %s to a role of the catalogue, whatever it declares', (action) => {
    const all = policy(['role-chaining', 'pass-role', 'create-keys']);
    expect(effect(all, action, CATALOGUE)).toBe('deny');
    expect(effect(all, 'iam:GetRole', CATALOGUE)).toBe('allow');
  });

  test.each([
    [BEFORE, 'allow'],
    ['2026-11-21T14:30:00Z', 'deny'],
    ['2026-11-21T14:30:01Z', 'deny'],
    ['2027-01-01T00:00:00Z', 'deny'],
  ])('at %s is answered with %s', (now, answer) => {
    expect(effect(policy(), 's3:GetObject', '*', { 'aws:currenttime': now })).toBe(answer);
  });
});

describe('a revocation policy', () => {
  const entry = printRevocations(withEntry(NO_REVOCATIONS, 'grt_a', END)) ?? '';
  const cut = printRevocations(withCut(NO_REVOCATIONS, instant(Date.UTC(2026, 10, 21, 14, 20)))) ?? '';

  test.each([
    ['grt_a', 'deny'],
    ['grt_b', 'silent'],
  ])('with an entry for grt_a answers %s with %s', (grant, answer) => {
    expect(effect(entry, 's3:GetObject', '*', { 'aws:sourceidentity': grant })).toBe(answer);
  });

  test.each([
    ['2026-11-21T14:19:00Z', 'deny'],
    ['2026-11-21T14:20:00Z', 'deny'],
    ['2026-11-21T14:20:01Z', 'silent'],
  ])('with a cut at 14:20 answers a session issued at %s with %s', (issued, answer) => {
    expect(effect(cut, 's3:GetObject', '*', { 'aws:tokenissuetime': issued })).toBe(answer);
  });
});

test('the boundary lets a role use everything but change who has access', () => {
  const text = JSON.stringify(catalogueBoundary({ partition: 'aws' }));
  const role = 'arn:aws:iam::444455556666:role/deployer';
  expect(effect(text, 's3:DeleteObject', 'arn:aws:s3:::a/b')).toBe('allow');
  expect(effect(text, 'iam:GetRole', role)).toBe('allow');
  for (const action of ['iam:CreateRole', 'iam:AttachRolePolicy', 'iam:UpdateAssumeRolePolicy', 'sts:AssumeRole']) {
    expect([action, effect(text, action, role)]).toEqual([action, 'deny']);
  }
  expect(effect(text, 'organizations:LeaveOrganization')).toBe('deny');
});
