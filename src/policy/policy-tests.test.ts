import { describe, expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { instant } from '../core/time.ts';
import { runPolicyTests } from './policy-tests.ts';

const now = instant(Date.parse('2026-11-19T14:00:00Z'));
const { policy, directory } = loadAcme(now);
const run = (cases: string) =>
  runPolicyTests([{ path: 't.yaml', text: `kind: policy-test\nname: t\ncases:\n${cases}` }], policy, directory, now);
const ana = 'requester: ana, role: invoice-reader, target: aws/prod, reason: Check the invoice export';

describe('a policy test', () => {
  test('that fails says where it stands and everything that differs', () => {
    const outcome = run(
      `  - name: passes\n    ask: { ${ana} }\n    expect: { effect: pending }\n` +
        `  - name: fails\n    ask: { ${ana} }\n    expect: { effect: allow, refusals: [mfa-required], rules: [policy:staging], duration: 1h, max: 2h, steps: 2, eligible: [ana], notEligible: [bo] }\n`,
    );
    expect(
      outcome.ok ? outcome.value.map(({ file, line, name, failures }) => ({ file, line, name, failures })) : outcome,
    ).toEqual([
      { file: 't.yaml', line: 4, name: 't: passes', failures: [] },
      {
        file: 't.yaml',
        line: 7,
        name: 't: fails',
        failures: [
          'expected allow, got pending',
          'expected the refusals mfa-required, got none',
          'policy:staging does not appear; policy:invoices-read, guardrail:production-is-short do',
          'expected a duration of 1h, got 15m',
          'expected a maximum of 2h, got 1h',
          'expected 2 steps, got 1',
          'ana should be able to decide',
          'bo should not be able to decide',
        ],
      },
    ]);
  });

  test.each([
    [
      'a rule that does not exist',
      `{ ${ana} }`,
      '{ effect: deny, rules: [policy:nope] }',
      'there is no rule "policy:nope"',
      6,
    ],
    [
      'a person who does not exist',
      `{ ${ana} }`,
      '{ effect: deny, eligible: [nobody] }',
      'there is no person "nobody"',
      6,
    ],
    ['a question for nothing', '{ requester: ana }', '{ effect: deny }', 'the question asks for nothing', 5],
    ['a moment that is none', `{ ${ana}, at: yesterday }`, '{ effect: deny }', '"yesterday" is not a moment', 5],
    [
      'an outcome that is none',
      `{ ${ana} }`,
      '{ effect: maybe }',
      '"cases.0.expect.effect" must be allow (nobody has to agree), pending (somebody has to) or deny, not "maybe"',
      6,
    ],
  ])('is refused for %s', (_what, ask, expected, message, line) => {
    const outcome = run(`  - name: a\n    ask: ${ask}\n    expect: ${expected}\n`);
    expect(outcome.ok ? [] : outcome.refusal).toMatchObject([{ file: 't.yaml', line, message }]);
  });
});
