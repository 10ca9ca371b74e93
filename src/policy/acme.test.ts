import { describe, expect, test } from 'vitest';
import { acmeFiles, loadAcme } from '../../tests/acme-world.ts';
import { instant } from '../core/time.ts';
import { decide } from './decide.ts';
import { runPolicyTests } from './policy-tests.ts';
import type { Question } from './types.ts';

const now = instant(Date.parse('2026-11-19T14:00:00Z'));
const { policy, directory } = loadAcme(now);
const run = runPolicyTests(acmeFiles(), policy, directory, now);
const OTHER_CLOUDS = [
  'azure-network',
  'azure-sandbox',
  'change-access-gcp',
  'finance-erp',
  'ml-lab',
  'warehouse-change',
  'warehouse-read',
];

describe('the rules of examples/acme', () => {
  test('load without a warning', () => {
    expect(policy.warnings).toEqual([]);
    expect(policy.roles.size).toBeGreaterThanOrEqual(12);
    expect(new Set([...policy.roles.values()].map((role) => role.tier))).toEqual(new Set([0, 1, 2, 3]));
  });

  test('have tests that are sound', () => expect(run.ok ? [] : run.refusal).toEqual([]));

  test.each(run.ok ? run.value.map((each) => [`${each.file}:${each.line} ${each.name}`, each.failures] as const) : [])(
    'answer: %s',
    (_name, failures) => expect(failures).toEqual([]),
  );

  test('are all tested: every policy decides in some case, except those of clouds that cannot be requested yet', () => {
    const seen = new Set((run.ok ? run.value : []).flatMap(({ decision }) => decision.reasons.map(({ rule }) => rule)));
    const untested = policy.policies.filter(({ id }) => !seen.has(id)).map(({ name }) => name);
    expect(untested.sort()).toEqual(OTHER_CLOUDS);
  });
});

describe('the rules of examples/acme, once Azure and Google Cloud can be requested', () => {
  const all = loadAcme(now, ['aws', 'azure', 'gcp']);
  const ask = (requester: string, role: string, target: string, more: Partial<Question> = {}) =>
    decide(all.policy, all.directory, {
      now,
      requester,
      items: [{ role, target }],
      reason: 'A reason of more than twenty characters',
      ticket: 'OPS-1',
      context: { via: 'cli' },
      ...more,
    });

  test('the lab needs nobody, the warehouse its owners, and the engineer on call neither', () => {
    expect(ask('ana', 'ml-lab-runner', 'gcp/ml-lab')).toMatchObject({ effect: 'allow', steps: [] });
    expect(ask('cleo', 'warehouse-reader', 'gcp/analytics').steps).toMatchObject([
      { id: 'policy:warehouse-read#1@gcp/analytics', eligible: ['bo', 'finn', 'hal'], escalatesTo: ['bo'] },
    ]);
    expect(ask('bo', 'warehouse-reader', 'gcp/analytics')).toMatchObject({ effect: 'allow', steps: [] });
  });

  test('a folder is judged with every project in it', () => {
    const refusals = ask('ana', 'ml-lab-runner', 'gcp/acme').refusals;
    expect(refusals).toMatchObject([
      { code: 'no-matching-policy', text: expect.stringContaining('on gcp/acme.') as string },
    ]);
  });

  test('access to Google projects takes two of the security team', () => {
    expect(ask('hal', 'gcp-access-admin', 'gcp/analytics')).toMatchObject({
      effect: 'allow',
      maxDurationMs: 30 * 60_000,
      steps: [{ count: 2, eligible: ['fay', 'xena', 'yara', 'zoe'] }],
    });
  });

  test('the books are closed on the last evening of the month, by the clock in Stockholm', () => {
    const at = (iso: string) => ask('abe', 'erp-sql-reader', 'azure/erp', { now: instant(Date.parse(iso)) });
    expect(at('2026-11-30T16:59:00Z').effect).toBe('allow');
    expect(at('2026-11-30T17:00:00Z').refusals).toMatchObject([{ rule: 'guardrail:finance-close' }]);
    expect(at('2026-11-30T17:00:00Z').refusals[0]?.text).toContain('when the books are closed');
  });

  test('networks are for employees of the platform team', () => {
    expect(ask('kai', 'network-admin', 'azure/erp').effect).toBe('allow');
    expect(ask('quin', 'network-admin', 'azure/erp').refusals).toMatchObject([
      { code: 'condition-not-met', rule: 'policy:azure-network' },
    ]);
    expect(ask('gwen', 'sandbox-contributor', 'azure/sandbox')).toMatchObject({ effect: 'allow', steps: [] });
    expect(ask('ines', 'warehouse-editor', 'gcp/analytics').refusals.map(({ rule }) => rule)).toEqual([
      'policy:warehouse-change',
      'guardrail:contractors-no-customer-data',
    ]);
  });
});
