import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { DANGEROUS_ABILITIES, type DangerousAbility } from '../../core/role.ts';
import { after, instant } from '../../core/time.ts';
import { buildSessionPolicy, SESSION_POLICY_LIMIT } from './session-policy.ts';

const END = instant(Date.UTC(2026, 10, 21, 14, 30));
const READ: JsonObject = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::acme/*' }],
};

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Condition?: unknown;
}

function build(sessionPolicy: JsonObject | null, allows: readonly DangerousAbility[] = [], endsAt = END) {
  const built = buildSessionPolicy({ sessionPolicy, allows }, endsAt, 'aws');
  if (!built.ok) throw new Error(built.refusal.message);
  const { Statement: statements } = JSON.parse(built.value.text) as { Statement: Statement[] };
  return { ...built.value, statements, denied: statements.filter((one) => one.Effect === 'Deny') };
}

function refusal(sessionPolicy: JsonObject) {
  const built = buildSessionPolicy({ sessionPolicy, allows: [] }, END, 'aws');
  return built.ok ? 'accepted' : built.refusal.message;
}

describe('a session policy', () => {
  test('denies everything from the end on, to the second', () => {
    expect(build(READ).denied[0]).toEqual({
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-21T14:30:00Z' } },
    });
  });

  test("keeps the role's statements and drops their labels", () => {
    expect(build(READ).statements[0]).toEqual({
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::acme/*',
    });
  });

  test('without one of its own the role keeps its permissions', () => {
    expect(build(null).statements[0]).toEqual({ Effect: 'Allow', Action: '*', Resource: '*' });
  });

  test.each([
    ['role-chaining', 'sts:Assume*'],
    ['pass-role', 'iam:PassRole'],
    ['create-keys', 'iam:CreateAccessKey'],
    ['create-keys', 'sts:Get*Token'],
    ['create-keys', 'signin:*OAuth2*'],
  ] as const)('without %s it denies %s, with it it does not', (ability, action) => {
    expect(build(READ).denied.flatMap((one) => one.Action)).toContain(action);
    expect(build(READ, [ability]).denied.flatMap((one) => one.Action)).not.toContain(action);
  });

  test('declaring every ability still leaves the end and the protection of the catalogue roles', () => {
    const { denied } = build(READ, DANGEROUS_ABILITIES);
    expect(denied).toHaveLength(2);
    expect(JSON.stringify(denied)).toContain('arn:aws:iam::*:*/curfew/*');
  });

  test('is the same text for the same grant and another one for another end', () => {
    expect(build(READ).hash).toBe(build(READ).hash);
    expect(build(READ).hash).toMatch(/^[0-9a-f]{64}$/);
    expect(build(READ, [], after(END, 1_000)).hash).not.toBe(build(READ).hash);
  });

  test('leaves the role at least two thirds of the characters', () => {
    expect(build(null).text.length).toBeLessThan(SESSION_POLICY_LIMIT / 3);
  });

  test('never allows more than the role says, whatever it declares', () => {
    fc.assert(
      fc.property(fc.subarray([...DANGEROUS_ABILITIES]), (allows) => {
        const allowed = build(READ, allows).statements.filter((one) => one.Effect === 'Allow');
        expect(allowed).toHaveLength(1);
      }),
    );
  });
});

describe('refuses before any call', () => {
  test('a document of more than 2,048 characters, with the count', () => {
    const spare = SESSION_POLICY_LIMIT - build({ ...READ, Statement: [statement('')] }).text.length;
    const fits = build({ ...READ, Statement: [statement('x'.repeat(spare))] });
    expect(fits.text).toHaveLength(SESSION_POLICY_LIMIT);
    expect(refusal({ ...READ, Statement: [statement('x'.repeat(spare + 1))] })).toBe(
      'The session policy has 2049 characters, 1 more than the 2048 that AWS accepts.',
    );
  });

  test.each<[string, JsonObject, RegExp]>([
    ['an old version', { ...READ, Version: '2008-10-17' }, /Version is not/],
    ['an unknown key', { ...READ, Comment: 'x' }, /unknown key "Comment"/],
    ['no statement', { Version: '2012-10-17' }, /statement 1 is not an object/],
    ['only denies', { ...READ, Statement: [{ ...statement('a'), Effect: 'Deny' }] }, /it allows nothing/],
    ['a principal', { ...READ, Statement: [{ ...statement('a'), Principal: '*' }] }, /the key "Principal"/],
    [
      'action and not-action',
      { ...READ, Statement: [{ ...statement('a'), NotAction: 's3:*' }] },
      /exactly one of Action/,
    ],
    ['no resource', { ...READ, Statement: [{ Effect: 'Allow', Action: 's3:*' }] }, /exactly one of Resource/],
    ['an empty list', { ...READ, Statement: [{ ...statement('a'), Action: [] }] }, /neither a text nor a list/],
    ['a wrong effect', { ...READ, Statement: [{ ...statement('a'), Effect: 'allow' }] }, /no Effect of Allow or Deny/],
    ['a character beyond Latin-1', { ...READ, Statement: [statement('日')] }, /a character that AWS does not accept/],
  ])('%s', (_name, document, message) => {
    expect(refusal(document)).toMatch(message);
  });
});

function statement(suffix: string): JsonObject {
  return { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::a/${suffix}` };
}
