import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  directory as directories,
  guardrail,
  guardrails,
  loadWorld,
  newPolicy,
  NOW,
  policies,
  question as questions,
  TARGETS,
} from '../../tests/policy-worlds.ts';
import { loadAcme } from '../../tests/acme-world.ts';
import { instant } from '../core/time.ts';
import { mayDecide, openSteps } from './approvals.ts';
import { decide } from './decide.ts';
import type { ApprovalStep, Decision, Question } from './types.ts';

/** A duration that is asked for; without one the question itself depends on the rules, as another property below says. */
const asking = questions.map((question): Question => ({ ...question, durationMs: question.durationMs ?? 1_800_000 }));
const RUNS = { numRuns: 400 };

const content = (step: ApprovalStep): string =>
  JSON.stringify([step.count, step.eligible, step.escalatesAfterMs, step.escalatesTo]);

/** Fails unless `after` is at least as strict as `before` in everything that limits a grant. */
function expectAtLeastAsStrict(after: Decision, before: Decision): void {
  if (before.effect === 'deny') expect(after.effect).toBe('deny');
  expect(after.maxDurationMs).toBeLessThanOrEqual(before.maxDurationMs);
  expect(after.extensions).toBeLessThanOrEqual(before.extensions);
  expect(after.requirements.reasonMin).toBeGreaterThanOrEqual(before.requirements.reasonMin);
  if (before.requirements.ticket !== null) expect(after.requirements.ticket).not.toBeNull();
  expect(after.requirements.mfaMaxAgeMs ?? Infinity).toBeLessThanOrEqual(before.requirements.mfaMaxAgeMs ?? Infinity);
  expect(after.steps.map(content)).toEqual(expect.arrayContaining(before.steps.map(content)));
}

describe('a decision', () => {
  test('is never widened by another guardrail', () => {
    fc.assert(
      fc.property(policies, guardrails, guardrail, directories, asking, (specs, rails, rail, directory, question) => {
        const before = decide(loadWorld(specs, rails, directory), directory, question);
        const after = decide(loadWorld(specs, [...rails, rail], directory), directory, question);
        expectAtLeastAsStrict(after, before);
      }),
      RUNS,
    );
  });

  test('is never loosened by another policy, once any policy matches at all', () => {
    let compared = 0;
    fc.assert(
      fc.property(policies, guardrails, newPolicy, directories, asking, (specs, rails, added, directory, question) => {
        const before = decide(loadWorld(specs, rails, directory), directory, question);
        // The two defaults that a policy exists to satisfy: no match, and tier 0 that nobody approves.
        if (before.refusals.some(({ code, rule }) => rule === 'default' && code !== 'unknown-requester')) return;
        compared += 1;
        expectAtLeastAsStrict(decide(loadWorld([...specs, added], rails, directory), directory, question), before);
      }),
      { numRuns: 800 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('on more items, or on a folder, is at least as strict as on each of them alone', () => {
    fc.assert(
      fc.property(policies, guardrails, directories, asking, (specs, rails, directory, question) => {
        const rules = loadWorld(specs, rails, directory);
        const whole = decide(rules, directory, question);
        const parts = question.items.flatMap(({ role, target }) => [
          { role, target },
          ...TARGETS.filter(({ parent }) => parent === target).map(({ key }) => ({ role, target: key })),
        ]);
        for (const item of parts) {
          const alone = decide(rules, directory, { ...question, items: [item] });
          // A part that no policy matches has no maximum; the whole is refused with it, which is what counts.
          if (alone.refusals.some(({ code }) => code === 'no-matching-policy')) expect(whole.effect).toBe('deny');
          else expectAtLeastAsStrict(whole, alone);
        }
      }),
      RUNS,
    );
  });

  test('without a duration is the one with the duration that it names', () => {
    fc.assert(
      fc.property(
        policies,
        guardrails,
        directories,
        questions,
        (specs, rails, directory, { durationMs: _, ...question }) => {
          const rules = loadWorld(specs, rails, directory);
          const implicit = decide(rules, directory, question);
          if (implicit.durationMs === 0) return;
          expect(decide(rules, directory, { ...question, durationMs: implicit.durationMs })).toEqual(implicit);
          if (implicit.maxDurationMs > 0) expect(implicit.durationMs).toBe(implicit.defaultDurationMs);
        },
      ),
      RUNS,
    );
  });

  test('never allows longer than the maximum, nor lets the requester or anybody who has left decide', () => {
    fc.assert(
      fc.property(policies, guardrails, directories, questions, (specs, rails, directory, question) => {
        const decision = decide(loadWorld(specs, rails, directory), directory, question);
        expect(decision.effect === 'allow').toBe(decision.refusals.length === 0);
        expect(decision.defaultDurationMs).toBeLessThanOrEqual(decision.maxDurationMs);
        if (decision.effect === 'allow') {
          expect(decision.durationMs).toBeGreaterThan(0);
          expect(decision.durationMs).toBeLessThanOrEqual(decision.maxDurationMs);
        }
        for (const step of decision.steps) {
          for (const person of [...step.eligible, ...step.escalatesTo]) {
            expect(person).not.toBe(question.requester);
            expect(directory.people.get(person)?.active).toBe(true);
          }
          const able = new Set([...step.eligible, ...step.escalatesTo]).size;
          if (decision.effect === 'allow') expect(able).toBeGreaterThanOrEqual(step.count);
          expect(step.eligible).toEqual([...step.eligible].sort());
        }
        expect(new Set(decision.steps.map(({ id }) => id)).size).toBe(decision.steps.length);
      }),
      RUNS,
    );
  });

  test('is the same every time, whatever the order of the documents', () => {
    fc.assert(
      fc.property(policies, guardrails, directories, questions, (specs, rails, directory, question) => {
        const one = decide(loadWorld(specs, rails, directory), directory, question);
        const other = decide(loadWorld([...specs].reverse(), rails, directory), directory, question);
        expect({ ...other, policyVersion: '' }).toEqual({ ...one, policyVersion: '' });
      }),
      { numRuns: 200 },
    );
  });

  test('survives being stored as JSON', () => {
    const { policy, directory } = loadAcme();
    const items = [{ role: 'invoice-reader', target: 'aws/prod' }];
    const decision = decide(policy, directory, { now: NOW, requester: 'ana', items, context: { via: 'web' } });
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
  });
});

describe('approvals', () => {
  const votes = fc.array(
    fc.record({
      by: fc.constantFrom('p0', 'p1', 'p2', 'p3', 'p4', 'stranger'),
      at: fc.integer({ min: 0, max: 7_200_000 }).map((waitedMs) => instant(NOW + waitedMs)),
    }),
    { maxLength: 6 },
  );

  test('count distinct eligible persons, never the requester, and more of them never reopen a step', () => {
    fc.assert(
      fc.property(policies, directories, questions, votes, votes, (specs, directory, question, first, more) => {
        const decision = decide(loadWorld(specs, [], directory), directory, question);
        const early = openSteps(decision, first);
        const late = openSteps(decision, [...first, ...more]);
        for (const [index, step] of early.entries()) {
          expect(step.approvedBy).not.toContain(question.requester);
          expect(new Set(step.approvedBy).size).toBe(step.approvedBy.length);
          expect(step.missing).toBe(Math.max(0, step.count - step.approvedBy.length));
          expect(late[index]?.missing ?? Infinity).toBeLessThanOrEqual(step.missing);
          for (const person of step.approvedBy) expect([...step.eligible, ...step.escalatesTo]).toContain(person);
        }
        expect(openSteps(decision, [...first, ...first])).toEqual(early);
      }),
      RUNS,
    );
  });

  test('of those to whom a step escalates count from the escalation on, to the millisecond', () => {
    const { policy, directory } = loadAcme();
    const items = [{ role: 'invoice-reader', target: 'aws/prod' }];
    const reason = 'Check the invoice export';
    const decision = decide(policy, directory, { now: NOW, requester: 'ana', items, reason, context: { via: 'web' } });
    const missing = (by: string, afterMs: number) =>
      openSteps(decision, [{ by, at: instant(NOW + afterMs) }])[0]?.missing;
    expect(missing('bo', 0)).toBe(0);
    expect(missing('mia', 10 * 60_000 - 1)).toBe(1);
    expect(missing('mia', 10 * 60_000)).toBe(0);
    expect(missing('ana', 10 * 60_000)).toBe(1);
    expect(mayDecide(decision, 'mia')).toBe(false);
    expect(mayDecide(decision, 'mia', instant(NOW + 10 * 60_000))).toBe(true);
    expect(mayDecide(decision, 'bo')).toBe(true);
    expect(mayDecide(decision, 'ana')).toBe(false);
  });
});
