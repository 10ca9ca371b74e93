import type { DirectorySnapshot } from '../core/directory.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { formatDuration, fromIso, instant, parseDuration, type Instant } from '../core/time.ts';
import { decide } from './decide.ts';
import { checkDocument, problemAt } from './documents/check-document.ts';
import { readDocuments, type SourceDocument } from './documents/read-documents.ts';
import type { PolicySet } from './rules.ts';
import type { Decision, Item, PolicyProblem, Question, RefusalCode, RequestContext, SourceFile } from './types.ts';

interface CaseShape {
  readonly name: string;
  readonly ask: {
    readonly requester: string;
    readonly role?: string;
    readonly target?: string;
    readonly items?: readonly Item[];
    readonly for?: string;
    readonly reason?: string;
    readonly ticket?: string;
    readonly network?: string;
    readonly via?: RequestContext['via'];
    readonly mfaAge?: string;
    readonly at?: string;
  };
  readonly expect: {
    readonly effect: 'allow' | 'pending' | 'deny';
    readonly refusals?: readonly RefusalCode[];
    readonly rules?: readonly string[];
    readonly duration?: string;
    readonly max?: string;
    readonly steps?: number;
    readonly eligible?: readonly string[];
    readonly notEligible?: readonly string[];
  };
}

/** One case of a policy test and how it went. */
export interface PolicyTestResult {
  readonly file: string;
  readonly line: number;
  /** Name of the document and of the case. */
  readonly name: string;
  /** What was expected and did not happen, in words; empty when the case passed. */
  readonly failures: readonly string[];
  readonly decision: Decision;
}

/**
 * Runs every case of the documents of kind policy-test against a set. `now` is the moment of cases that name none.
 * Refused when the tests themselves are not sound: a case that expects a rule that does not exist could never fail usefully.
 */
export function runPolicyTests(
  files: readonly SourceFile[],
  policy: PolicySet,
  directory: DirectorySnapshot,
  now: Instant,
): Result<readonly PolicyTestResult[], readonly PolicyProblem[]> {
  const read = readDocuments(files);
  const documents = read.documents.filter((document) => document.kind === 'policy-test');
  const problems: PolicyProblem[] = [...read.problems, ...documents.flatMap(checkDocument)];
  if (problems.length > 0) return refused(problems);
  const results: PolicyTestResult[] = [];
  for (const document of documents) {
    const { name, cases } = document.value as { readonly name: string; readonly cases: readonly CaseShape[] };
    for (const [index, each] of cases.entries()) {
      const question = toQuestion(document, index, each, now, problems);
      problems.push(...unknownNames(document, index, each, policy, directory));
      const decision = decide(policy, directory, question);
      const { line } = document.place(['cases', index]);
      const failures = compare(each.expect, decision);
      results.push({ file: document.file, line, name: `${name}: ${each.name}`, failures, decision });
    }
  }
  return problems.length > 0 ? refused(problems) : ok(results);
}

function toQuestion(
  document: SourceDocument,
  index: number,
  { ask }: CaseShape,
  now: Instant,
  problems: PolicyProblem[],
): Question {
  const path = ['cases', index, 'ask'];
  const at = ask.at === undefined ? now : fromIso(ask.at);
  if (at === null) {
    problems.push(problemAt(document, [...path, 'at'], `"${ask.at}" is not a moment`, 'write 2026-11-19T14:00:00Z'));
  }
  const moment = at ?? now;
  const pair = ask.role !== undefined && ask.target !== undefined ? [{ role: ask.role, target: ask.target }] : [];
  const items = [...pair, ...(ask.items ?? [])];
  if (items.length === 0) {
    problems.push(problemAt(document, path, 'the question asks for nothing', 'write role and target, or items'));
  }
  const mfaMs = ask.mfaAge === undefined ? null : parseDuration(ask.mfaAge);
  return {
    now: moment,
    requester: ask.requester,
    items,
    // A text that is no duration is asked as one that no rule accepts, so that tests can show that it is refused.
    ...(ask.for === undefined ? {} : { durationMs: parseDuration(ask.for) ?? -1 }),
    ...(ask.reason === undefined ? {} : { reason: ask.reason }),
    ...(ask.ticket === undefined ? {} : { ticket: ask.ticket }),
    context: {
      via: ask.via ?? 'cli',
      ...(ask.network === undefined ? {} : { network: ask.network }),
      ...(mfaMs === null ? {} : { mfaAt: instant(moment - mfaMs) }),
    },
  };
}

function* unknownNames(
  document: SourceDocument,
  index: number,
  { expect }: CaseShape,
  policy: PolicySet,
  directory: DirectorySnapshot,
): Generator<PolicyProblem> {
  const known = new Set(['default', ...policy.policies.map(({ id }) => id), ...policy.guardrails.map(({ id }) => id)]);
  for (const [at, rule] of (expect.rules ?? []).entries()) {
    if (!known.has(rule))
      yield problemAt(document, ['cases', index, 'expect', 'rules', at], `there is no rule "${rule}"`);
  }
  for (const list of ['eligible', 'notEligible'] as const) {
    for (const [at, person] of (expect[list] ?? []).entries()) {
      if (directory.people.has(person)) continue;
      yield problemAt(document, ['cases', index, 'expect', list, at], `there is no person "${person}"`);
    }
  }
}

function compare(expect: CaseShape['expect'], decision: Decision): readonly string[] {
  const failures: string[] = [];
  const check = (holds: boolean, text: () => string): void => {
    if (!holds) failures.push(text());
  };
  const effect = decision.effect === 'deny' ? 'deny' : decision.steps.length > 0 ? 'pending' : 'allow';
  const why = decision.refusals.map(({ code, text }) => `${code}: ${text}`).join(' ');
  check(effect === expect.effect, () => `expected ${expect.effect}, got ${effect}${why === '' ? '' : ` (${why})`}`);
  if (expect.refusals !== undefined) {
    const wanted = [...expect.refusals].sort().join(', ');
    const got = [...new Set(decision.refusals.map(({ code }) => code))].sort().join(', ');
    check(wanted === got, () => `expected the refusals ${wanted || 'none'}, got ${got || 'none'}`);
  }
  const named = new Set([...decision.reasons, ...decision.refusals, ...decision.steps].map(({ rule }) => rule));
  for (const rule of expect.rules ?? [])
    check(named.has(rule), () => `${rule} does not appear; ${[...named].join(', ')} do`);
  const duration = formatDuration(decision.durationMs);
  const max = formatDuration(decision.maxDurationMs);
  if (expect.duration !== undefined) {
    const wantedMs = parseDuration(expect.duration);
    check(wantedMs === decision.durationMs, () => `expected a duration of ${expect.duration}, got ${duration}`);
  }
  if (expect.max !== undefined) {
    const wantedMs = parseDuration(expect.max);
    check(wantedMs === decision.maxDurationMs, () => `expected a maximum of ${expect.max}, got ${max}`);
  }
  const count = decision.steps.length;
  if (expect.steps !== undefined) check(count === expect.steps, () => `expected ${expect.steps} steps, got ${count}`);
  const eligible = new Set(decision.steps.flatMap((step) => step.eligible));
  for (const person of expect.eligible ?? []) check(eligible.has(person), () => `${person} should be able to decide`);
  for (const person of expect.notEligible ?? [])
    check(!eligible.has(person), () => `${person} should not be able to decide`);
  return failures;
}
