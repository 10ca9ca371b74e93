import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GrantId } from '../../core/ids.ts';
import { instant } from '../../core/time.ts';
import { resolvePlace, sessionName, wholeSecond, writerKey, placeOf } from './names.ts';
import { grantRole, account } from '../../../tests/contract/aws-fixtures.ts';

const GRANT = 'grt_abcdefghijklmnopqrst' as GrantId;

describe('sessionName', () => {
  test('is the principal and the grant', () => {
    expect(sessionName('ana', GRANT)).toBe('ana@grt_abcdefghijklmnopqrst');
  });

  test('is always acceptable to AWS and always ends in the whole grant id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (principal) => {
        const name = sessionName(principal, GRANT);
        expect(name).toMatch(/^[\w+=,.@-]{2,64}$/);
        expect(name.endsWith(`@${GRANT}`)).toBe(true);
      }),
    );
  });
});

describe('resolvePlace', () => {
  const at = (role: string, native = '444455556666') =>
    resolvePlace('aws', { role: grantRole({ role }), target: { ...account, native } });

  test('gives the ARN of a role under /curfew/', () => {
    const found = at('curfew/data/reader');
    expect(found).toMatchObject({
      ok: true,
      value: { place: { arn: 'arn:aws:iam::444455556666:role/curfew/data/reader', roleName: 'reader' } },
    });
  });

  test.each([
    ['admin', /does not lie under the path/],
    ['team/curfew/reader', /does not lie under the path/],
    ['/curfew/reader', /not the path and name/],
    ['curfew//reader', /not the path and name/],
    ['curfew/', /not the path and name/],
    ['curfew/re ader', /not the path and name/],
    [`curfew/${'x'.repeat(65)}`, /not the path and name/],
    ['curfew/curfew-provisioner', /belongs to Curfew itself/],
    ['curfew/curfew-broker', /belongs to Curfew itself/],
  ])('refuses the role %s', (role, message) => {
    const found = at(role);
    expect(found.ok).toBe(false);
    expect(found.ok ? '' : found.refusal.message).toMatch(message);
  });

  test.each(['44445555666', '4444-5555-6666', 'prod', ''])('refuses the account "%s"', (native) => {
    const found = at('curfew/reader', native);
    expect(found.ok ? '' : found.refusal.message).toMatch(/not a 12-digit account id/);
  });

  test('refuses a role that says nothing about AWS', () => {
    const found = resolvePlace('aws', { role: { ...grantRole({}), aws: null }, target: account });
    expect(found.ok ? '' : found.refusal.message).toMatch(/says nothing about AWS/);
  });
});

test('two roles of one name under different paths are written under different locks', () => {
  const one = writerKey(placeOf('aws', '444455556666', 'curfew/a/reader'));
  expect(one).not.toBe(writerKey(placeOf('aws', '444455556666', 'curfew/b/reader')));
});

test('an end is rounded down to the second, never up', () => {
  expect(wholeSecond(instant(Date.UTC(2026, 10, 21, 14, 30, 0, 999)))).toBe('2026-11-21T14:30:00Z');
});
