import { describe, expect, test } from 'vitest';
import { acme, ask, MINUTE, NOW, on, plain, policy, rules } from '../../tests/acme-rules.ts';
import { instant } from '../core/time.ts';
import { decide } from './decide.ts';
import type { PolicySet } from './load.ts';
import { REFUSAL_CODES, type Question } from './types.ts';

test.each([
  ['aws/prdo', 'did you mean "aws/prod"?'],
  ['aws', 'did you mean aws/prod, aws/security, aws/staging?'],
  ['prod', 'did you mean aws/prod?'],
  ['acme', 'did you mean aws/acme, azure/acme, gcp/acme?'],
  ['nowhere', 'Search the catalogue: it lists roles with their targets.'],
])('a target %s leads to those that were meant', (written, hint) => {
  expect(ask(plain, on('reader', written)).refusals[0]?.hint).toBe(hint);
});

describe('every refusal names its code and the rule that gave it', () => {
  const cases: readonly (readonly [string, string, PolicySet, Partial<Question>, string])[] = [
    ['unknown-requester', 'default', plain, { requester: 'nobody' }, 'Nobody in the directory is called "nobody".'],
    [
      'unknown-requester',
      'default',
      plain,
      { requester: 'iris' },
      'Iris Vogel has left, so nothing can be asked for in this name.',
    ],
    ['unknown-role', 'default', plain, on('raeder', 'aws/prod'), 'There is no role "raeder".'],
    ['unknown-target', 'default', plain, on('reader', 'aws/prdo'), 'There is no target "aws/prdo".'],
    [
      'role-not-defined-on-target',
      'default',
      plain,
      on('reader', 'gcp/analytics'),
      'reader is not defined on gcp, where gcp/analytics is.',
    ],
    [
      'role-not-defined-on-target',
      'default',
      plain,
      on('reader', 'aws/acme'),
      'reader is assumed in an AWS account, and aws/acme is an organization.',
    ],
    [
      'provider-not-available',
      'default',
      acme.policy,
      on('warehouse-reader', 'gcp/analytics'),
      'gcp/analytics is on gcp, which this installation cannot provide access to yet.',
    ],
    [
      'no-matching-policy',
      'default',
      plain,
      on('reader', 'aws/staging'),
      'No policy lets ana ask for reader on aws/staging.',
    ],
    ['no-matching-policy', 'default', plain, { requester: 'sara' }, 'No policy lets sara ask for reader on aws/prod.'],
    ['no-matching-policy', 'default', plain, { items: [] }, 'Nothing was asked for.'],
    [
      'no-matching-policy',
      'default',
      rules(policy('aside', 'unless: "true"')),
      {},
      'Every policy for reader on aws/prod steps aside by its own "unless".',
    ],
    [
      'denied-by-guardrail',
      'guardrail:no',
      rules(policy('p', '') + 'kind: guardrail\nname: no\ndescription: Not today.\ndeny: role.tier == 2'),
      {},
      'guardrail:no denies this: Not today.',
    ],
    [
      'denied-by-guardrail',
      'guardrail:net',
      rules(policy('p', '') + 'kind: guardrail\nname: net\ndeny: request.network == "cafe"'),
      {},
      'guardrail:net could not be judged on aws/prod, and so denies: No such key: network',
    ],
    [
      'denied-by-guardrail',
      'guardrail:lim',
      rules(policy('p', '') + 'kind: guardrail\nname: lim\nwhen: request.network == "cafe"\nlimit: { max: 1h }'),
      {},
      'guardrail:lim could not be judged on aws/prod, and so denies: No such key: network',
    ],
    [
      'condition-not-met',
      'policy:vpn',
      rules(policy('vpn', 'when: request.network in ["vpn"]')),
      { context: { via: 'cli', network: 'cafe' } },
      'policy:vpn requires on aws/prod: request.network in ["vpn"]',
    ],
    [
      'condition-error',
      'policy:vpn',
      rules(policy('vpn', 'when: request.network in ["vpn"]')),
      {},
      'policy:vpn could not be judged on aws/prod, and so refuses: No such key: network',
    ],
    [
      'condition-error',
      'policy:odd',
      rules(policy('odd', 'unless: request.network == "vpn"')),
      {},
      'policy:odd could not be judged on aws/prod, and so refuses: No such key: network',
    ],
    [
      'duration-too-long',
      'policy:plain',
      plain,
      { durationMs: 121 * MINUTE },
      'policy:plain allows at most 2h, not 2h1m.',
    ],
    [
      'duration-too-long',
      'guardrail:lim',
      rules(policy('p', '') + 'kind: guardrail\nname: lim\nlimit: { max: 20m }'),
      { durationMs: 21 * MINUTE },
      'guardrail:lim allows at most 20m, not 21m.',
    ],
    [
      'duration-invalid',
      'default',
      plain,
      { durationMs: 0 },
      'The duration has to be a whole number of milliseconds above zero.',
    ],
    [
      'duration-invalid',
      'default',
      plain,
      { durationMs: -MINUTE },
      'The duration has to be a whole number of milliseconds above zero.',
    ],
    [
      'duration-invalid',
      'default',
      plain,
      { durationMs: Number.NaN },
      'The duration has to be a whole number of milliseconds above zero.',
    ],
    [
      'duration-invalid',
      'default',
      plain,
      { durationMs: 1.5 },
      'The duration has to be a whole number of milliseconds above zero.',
    ],
    [
      'duration-too-long',
      'policy:once',
      rules(policy('once', 'duration: { max: 1h, extensions: 1 }')),
      { durationMs: 90 * MINUTE, extension: 1 },
      'policy:once allows at most 1h altogether, extensions included, not 1h30m.',
    ],
    [
      'no-extension-left',
      'policy:plain',
      plain,
      { durationMs: 30 * MINUTE, extension: 1 },
      'policy:plain does not let access be extended.',
    ],
    [
      'no-extension-left',
      'policy:b',
      rules(policy('a', 'duration: { extensions: 3 }') + policy('b', 'duration: { extensions: 2 }')),
      { durationMs: 30 * MINUTE, extension: 3 },
      'policy:b lets access be extended 2 times, and it was.',
    ],
    [
      'reason-required',
      'policy:why',
      rules(policy('why', 'require: { reason: { min: 10 } }')),
      { reason: ' too short ' },
      'policy:why requires a reason of at least 10 characters.',
    ],
    [
      'ticket-required',
      'policy:why',
      rules(policy('why', 'require: { ticket: jira }')),
      { ticket: '  ' },
      'policy:why requires a ticket of jira.',
    ],
    [
      'ticket-required',
      'policy:b',
      rules(policy('a', 'require: { ticket: jira }') + policy('b', 'require: { ticket: snow }')),
      { ticket: 'X-1' },
      'policy:a requires a ticket of jira and policy:b one of snow; a request has one.',
    ],
    [
      'mfa-required',
      'policy:mfa',
      rules(policy('mfa', 'require: { mfa: { maxAge: 15m } }')),
      {},
      'policy:mfa requires a second factor given in the last 15m.',
    ],
    [
      'mfa-required',
      'policy:mfa',
      rules(policy('mfa', 'require: { mfa: { maxAge: 15m } }')),
      { context: { via: 'cli', mfaAt: instant(NOW - 15 * MINUTE - 1) } },
      'policy:mfa requires a second factor given in the last 15m.',
    ],
    [
      'mfa-required',
      'policy:mfa',
      rules(policy('mfa', 'require: { mfa: { maxAge: 15m } }')),
      { context: { via: 'cli', mfaAt: instant(NOW + 2 * MINUTE) } },
      'policy:mfa requires a second factor given in the last 15m.',
    ],
    [
      'approval-impossible',
      'policy:two',
      rules(policy('two', 'approval: [{ from: [person:ana, person:iris, person:bo], count: 2 }]')),
      {},
      'policy:two#1 needs 2 of person:ana, person:iris, person:bo; besides the requester there is only bo.',
    ],
    [
      'approval-impossible',
      'policy:own',
      rules(policy('own', 'approval: [{ from: [person:ana] }]')),
      {},
      'policy:own#1 needs 1 of person:ana; besides the requester there is nobody.',
    ],
    [
      'approval-impossible',
      'default',
      rules(policy('zero', '', '[admin]')),
      on('admin', 'aws/prod'),
      'admin is of tier 0, which is never approved by rule alone, and no rule names an approver.',
    ],
  ];

  test.each(cases)('%s by %s', (code, rule, set, question, text) => {
    const decision = ask(set, question);
    expect(decision.effect).toBe('deny');
    expect(decision.refusals.map((refusal) => [refusal.code, refusal.rule, refusal.text])).toEqual([
      [code, rule, text],
    ]);
  });

  test('and the table above has every code', () => {
    expect(new Set(cases.map(([code]) => code))).toEqual(new Set(REFUSAL_CODES));
  });
});

describe('an expression that errs', () => {
  test('alarms with the rule and the expression, in policies, steps and guardrails alike', () => {
    const step = 'approval: [{ from: [group:data-leads], unless: request.network == "vpn" }]';
    const deny = 'kind: guardrail\nname: net\ndeny: request.network == "cafe"';
    const decision = ask(rules(policy('net', `when: request.network == "vpn"\n${step}`) + deny));
    expect(decision.alarms).toEqual([
      { rule: 'policy:net', text: 'No such key: network (in: request.network == "vpn")' },
      { rule: 'guardrail:net', text: 'No such key: network (in: request.network == "cafe")' },
    ]);
  });

  test('in a step makes the step apply, by `when` as by `unless`', () => {
    const steps =
      'approval: [{ from: [group:data-leads], when: request.network == "cafe" }, { from: [group:security], unless: request.network == "vpn" }]';
    const set = rules(policy('net', steps));
    expect(ask(set)).toMatchObject({ effect: 'allow', steps: [{ id: 'policy:net#1' }, { id: 'policy:net#2' }] });
    expect(ask(set, { context: { via: 'cli', network: 'vpn' } }).steps).toEqual([]);
  });
});

describe('what several policies say merges to the strictest', () => {
  test('shortest maximum and default, longest reason, youngest second factor, every step', () => {
    const set = rules(
      policy(
        'a',
        'duration: { default: 1h, max: 4h, extensions: 3 }\nrequire: { reason: { min: 5 }, mfa: { maxAge: 10m } }\napproval: [{ from: [group:data-leads] }]',
      ) +
        policy(
          'b',
          'duration: { default: 45m, max: 1h, extensions: 1 }\nrequire: { reason: { min: 9 }, mfa: { maxAge: 1h } }\napproval: [{ from: [group:security], count: 2 }]',
        ),
    );
    expect(ask(set)).toMatchObject({
      durationMs: 45 * MINUTE,
      defaultDurationMs: 45 * MINUTE,
      maxDurationMs: 60 * MINUTE,
      extensions: 1,
      requirements: { reasonMin: 9, ticket: null, mfaMaxAgeMs: 10 * MINUTE },
      steps: [{ id: 'policy:a#1' }, { id: 'policy:b#1', count: 2 }],
    });
  });

  test('30 minutes by default and 2 hours at most where nothing is written', () => {
    expect(ask(plain)).toMatchObject({
      effect: 'allow',
      durationMs: 30 * MINUTE,
      maxDurationMs: 120 * MINUTE,
      extensions: 0,
    });
  });

  test('a step that two policies write alike counts once, in any order of its approvers', () => {
    const set = rules(
      policy('a', 'approval: [{ from: [group:data-leads, oncall:data] }]') +
        policy('b', 'approval: [{ from: [oncall:data, group:data-leads] }, { from: [group:data-leads] }]'),
    );
    expect(ask(set).steps.map(({ id }) => id)).toEqual(['policy:a#1', 'policy:b#2']);
  });
});

describe('a policy yields', () => {
  const broad = policy('broad', 'duration: { max: 10m }\nsupersededBy: [narrow]');
  test('to the one that it names, when that one applies', () => {
    const set = rules(broad + policy('narrow', 'duration: { max: 1h }'));
    expect(ask(set)).toMatchObject({ effect: 'allow', maxDurationMs: 60 * MINUTE });
    expect(ask(set).reasons).toContainEqual({ rule: 'policy:broad', text: 'yields to policy:narrow' });
  });

  test('not to one that itself steps aside or yields', () => {
    expect(ask(rules(broad + policy('narrow', 'duration: { max: 1h }\nunless: "true"'))).maxDurationMs).toBe(
      10 * MINUTE,
    );
    const chain = rules(broad + policy('narrow', 'supersededBy: [third]') + policy('third', 'duration: { max: 1h }'));
    expect(ask(chain).maxDurationMs).toBe(10 * MINUTE);
  });

  test('and the condition of the one that it yields to still has to hold', () => {
    const set = rules(broad + policy('narrow', 'when: requester.employment == "contractor"'));
    expect(ask(set).refusals).toMatchObject([{ code: 'condition-not-met', rule: 'policy:narrow' }]);
  });
});

describe('approvers', () => {
  const steps = (from: string, more: Partial<Question> = {}) =>
    ask(rules(policy('p', `approval: [{ from: [${from}] }]`)), more).steps[0]?.eligible;

  test('are resolved from groups, rotations, managers, owners and names, without the requester and leavers', () => {
    expect(steps('group:platform')).toEqual(['ivo', 'jan', 'kai', 'lea', 'mia', 'nils', 'oda', 'paz', 'quin']);
    expect(steps('oncall:data')).toEqual(['bo']);
    expect(steps('manager-of-requester')).toEqual(['bo']);
    expect(steps('owner-of-target')).toEqual(['bo', 'eli', 'finn', 'hal', 'ivo', 'mia']);
    expect(steps('person:fay, group:data-engineers', { requester: 'bo' })).toEqual([
      'ana',
      'cem',
      'dia',
      'elif',
      'fay',
      'finn',
      'gia',
      'hal',
      'hugo',
      'ines',
    ]);
  });

  test('who was on call when the request was made may still decide it after the handover', () => {
    const handover = instant(Date.parse('2026-11-16T08:00:00Z'));
    const before = instant(handover - 1);
    expect(steps('oncall:data', { now: before })).toEqual(['cem']);
    expect(steps('oncall:data', { now: handover })).toEqual(['bo']);
    expect(steps('oncall:data', { now: handover, submittedAt: before })).toEqual(['bo', 'cem']);
  });

  test('those to whom a step escalates can decide once its time has passed since the request', () => {
    const set = rules(
      policy('p', 'approval: [{ from: [person:bo], escalate: { after: 10m, to: [person:mia, person:ana] } }]'),
    );
    expect(ask(set).steps).toMatchObject([{ eligible: ['bo'], escalatesAfterMs: 10 * MINUTE, escalatesTo: ['mia'] }]);
    expect(ask(set, { submittedAt: instant(NOW - 10 * MINUTE) }).steps).toMatchObject([{ eligible: ['bo', 'mia'] }]);
  });
});

describe('the age of a sign-in', () => {
  test('counts to the moment of the request, however long the approval took', () => {
    const set = rules(policy('mfa', 'require: { mfa: { maxAge: 15m } }'));
    const context = { via: 'cli' as const, mfaAt: instant(NOW - 70 * MINUTE) };
    expect(ask(set, { context }).effect).toBe('deny');
    expect(ask(set, { context, submittedAt: instant(NOW - 60 * MINUTE) }).effect).toBe('allow');
  });
});

test('the facts of the demo: ana waits for one approval that bo can give', () => {
  const decision = decide(acme.policy, acme.directory, {
    now: NOW,
    requester: 'ana',
    items: [{ role: 'invoice-reader', target: 'aws/prod' }],
    durationMs: 15 * MINUTE,
    reason: 'Check the invoice export',
    context: { via: 'demo' },
  });
  expect(decision).toMatchObject({ effect: 'allow', durationMs: 15 * MINUTE, steps: [{ count: 1 }] });
  expect(decision.steps[0]?.eligible).toContain('bo');
});
