import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  directory as directories,
  DURATIONS,
  guardrails,
  loadWorld,
  policies,
  question as questions,
  ROLES,
  TARGETS,
  type Env,
  type GuardrailSpec,
  type PolicySpec,
} from '../../tests/policy-worlds.ts';
import { groupsOf, type DirectorySnapshot, type Person } from '../core/directory.ts';
import type { Target } from '../core/target.ts';
import { decide } from './decide.ts';
import type { Question } from './types.ts';

/**
 * A second, slow reading of the semantics, straight from the documents: no index, no compiled expression, no shared code.
 * The real evaluator has to agree with it on everything that matters to a grant.
 */
interface Answer {
  readonly denied: boolean;
  readonly codes: readonly string[];
  readonly durationMs: number;
  readonly maxMs: number;
  readonly reasonMin: number;
  readonly mfaMs: number | null;
  readonly steps: readonly string[];
  readonly alarmed: boolean;
}

interface World {
  readonly specs: readonly PolicySpec[];
  readonly rails: readonly GuardrailSpec[];
  readonly directory: DirectorySnapshot;
  readonly question: Question;
  readonly person: Person;
}

const ms = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (DURATIONS[text] ?? 0);
const maxOf = (spec: PolicySpec) => ms('max' in spec.duration ? spec.duration.max : undefined, 7_200_000);
const defaultOf = (spec: PolicySpec) =>
  Math.min(maxOf(spec), ms('default' in spec.duration ? spec.duration.default : undefined, 1_800_000));

function selects(
  spec: Pick<GuardrailSpec, 'who' | 'roles' | 'targets'>,
  role: string,
  target: Target,
  world: World,
): boolean {
  const { who, roles, targets } = spec;
  const found = ROLES.find((each) => each.name === role);
  const whoMatches =
    who === undefined ||
    'everyone' in who ||
    who.groups.some((group) => world.directory.groups.get(group)?.members.has(world.person.key)) ||
    ('people' in who && who.people.some((key) => key === world.person.key));
  const roleMatches =
    roles === undefined ||
    roles === 'all' ||
    (Array.isArray(roles)
      ? roles.some((each) => each === role)
      : 'tier' in roles
        ? roles.tier.some((tier) => tier === found?.tier)
        : roles.category.some((category) => category === found?.category));
  const targetMatches =
    targets === undefined ||
    targets === 'all' ||
    Object.entries(targets).every(([name, wanted]) => {
      const values: readonly string[] = Array.isArray(wanted) ? wanted : [wanted];
      if (name === 'within')
        return values.includes(target.key) || (target.parent !== null && values.includes(target.parent));
      const value =
        name === 'key'
          ? target.key
          : name === 'kind'
            ? target.kind
            : name === 'provider'
              ? target.provider
              : target.labels[name];
      return value !== undefined && values.includes(value);
    });
  return whoMatches && roleMatches && targetMatches;
}

function approvers(selectors: readonly string[], target: Target, world: World): string[] {
  const { directory, person, question } = world;
  const since = question.submittedAt ?? question.now;
  const named = selectors.flatMap((selector): string[] => {
    if (selector === 'manager-of-requester') return person.manager === null ? [] : [person.manager];
    if (selector === 'owner-of-target') return target.owners.flatMap((owner) => approvers([owner], target, world));
    const [kind, name = ''] = selector.split(':');
    if (kind === 'group') return [...(directory.groups.get(name)?.members ?? [])];
    if (kind === 'person') return [name];
    const shifts = directory.rotations.get(name)?.shifts ?? [];
    return shifts.filter((shift) => shift.from <= question.now && shift.until > since).map((shift) => shift.person);
  });
  const able = named.filter((key) => key !== person.key && directory.people.get(key)?.active);
  return [...new Set(able)].sort();
}

function answer(world: World): Answer {
  const { specs, rails, directory, question, person } = world;
  const codes = new Set<string>();
  if (!person.active) {
    return {
      denied: true,
      codes: ['unknown-requester'],
      durationMs: 0,
      maxMs: 0,
      reasonMin: 0,
      mfaMs: null,
      steps: [],
      alarmed: false,
    };
  }
  const scopes = question.items.flatMap(({ role, target }) =>
    TARGETS.filter((each) => each.key === target || each.parent === target).map((each) => ({ role, target: each })),
  );
  const chosen = scopes.flatMap(({ role, target }) => specs.filter((spec) => selects(spec, role, target, world)));
  const railed = scopes.flatMap(({ role, target }) => rails.filter((rail) => selects(rail, role, target, world)));
  const basis =
    chosen.length === 0
      ? 0
      : Math.min(...chosen.map(defaultOf), ...railed.map((rail) => ms(rail.limit?.max, Infinity)));
  const durationMs = question.durationMs ?? basis;

  let maxMs = Infinity;
  let reasonMin = 0;
  let mfaMs = Infinity;
  let alarmed = false;
  let applied = false;
  const tickets = new Set<string>();
  const steps = new Map<string, string>();
  const need = (require: PolicySpec['require']): void => {
    reasonMin = Math.max(reasonMin, require.reason?.min ?? 0);
    mfaMs = Math.min(
      mfaMs,
      ms(
        require.mfa?.maxAge === '5m' ? undefined : require.mfa?.maxAge,
        require.mfa === undefined ? Infinity : 300_000,
      ),
    );
    if (require.ticket !== undefined) tickets.add(require.ticket);
  };
  for (const { role, target } of scopes) {
    const tier = ROLES.find((each) => each.name === role)?.tier ?? 0;
    const shift = directory.rotations.get('rota')?.shifts ?? [];
    const onCall = shift.some(
      (each) => each.person === person.key && each.from <= question.now && question.now < each.until,
    );
    const env: Env = { person, groups: groupsOf(directory, person.key), onCall, tier, target, durationMs, question };
    const selected = specs.filter((spec) => selects(spec, role, target, world));
    const standing = selected.filter((spec) => {
      const aside = spec.unless?.means(env) ?? false;
      if (aside === 'error') {
        codes.add('condition-error');
        alarmed = true;
      }
      return aside !== true;
    });
    const applying: PolicySpec[] = [];
    // Policies yield to later ones only, so the last one is settled first.
    for (const spec of [...standing].reverse()) {
      if (!applying.some((other) => spec.supersededBy.includes(other.name))) applying.push(spec);
    }
    if (applying.length === 0) codes.add('no-matching-policy');
    let asked = 0;
    for (const spec of applying) {
      applied = true;
      maxMs = Math.min(maxMs, maxOf(spec));
      need(spec.require);
      for (const when of spec.when ?? []) {
        const holds = when.means(env);
        if (holds === 'error') alarmed = true;
        if (holds !== true) codes.add(holds === 'error' ? 'condition-error' : 'condition-not-met');
      }
      for (const step of spec.approval) {
        const when = step.when?.means(env) ?? true;
        if (when === 'error') alarmed = true;
        if (when === false) continue;
        const unless = step.unless?.means(env) ?? false;
        if (unless === 'error') alarmed = true;
        if (unless === true) continue;
        asked += 1;
        const owner = [...step.from, ...(step.escalate?.to ?? [])].includes('owner-of-target');
        const key = JSON.stringify([
          [...step.from].sort(),
          step.count,
          step.escalate?.after,
          [...(step.escalate?.to ?? [])].sort(),
          owner && [...target.owners].sort(),
        ]);
        if (steps.has(key)) continue;
        const first = approvers(step.from, target, world);
        const later = approvers(step.escalate?.to ?? [], target, world);
        const all = [...new Set([...first, ...later])].sort();
        const waitedMs = question.now - (question.submittedAt ?? question.now);
        const escalated = step.escalate !== undefined && waitedMs >= ms(step.escalate.after, 0);
        steps.set(key, `${step.count} of ${(escalated ? all : first).join(',')} then ${later.join(',')}`);
        if (all.length < step.count) codes.add('approval-impossible');
      }
    }
    if (tier === 0 && applying.length > 0 && asked === 0) codes.add('approval-impossible');
    for (const rail of rails.filter((each) => selects(each, role, target, world))) {
      const restrains = rail.limit !== undefined || Object.keys(rail.require).length > 0;
      const denies = rail.deny?.means(env) ?? false;
      const holds = restrains ? (rail.when?.means(env) ?? true) : false;
      if (denies !== false || holds === 'error') codes.add('denied-by-guardrail');
      if (denies === 'error' || holds === 'error') alarmed = true;
      if (holds === false) continue;
      maxMs = Math.min(maxMs, ms(rail.limit?.max, Infinity));
      need(rail.require);
    }
  }
  if (durationMs > maxMs) codes.add('duration-too-long');
  if ((question.reason ?? '').length < reasonMin) codes.add('reason-required');
  if (tickets.size > 1 || (tickets.size === 1 && question.ticket === undefined)) codes.add('ticket-required');
  const { mfaAt } = question.context;
  const ageMs = mfaAt === undefined ? Infinity : (question.submittedAt ?? question.now) - mfaAt;
  if (mfaMs !== Infinity && ageMs > mfaMs) codes.add('mfa-required');
  return {
    denied: codes.size > 0,
    codes: [...codes].sort(),
    durationMs,
    maxMs: applied ? maxMs : 0,
    reasonMin,
    mfaMs: mfaMs === Infinity ? null : mfaMs,
    steps: [...steps.values()].sort(),
    alarmed,
  };
}

describe('decide', () => {
  test('agrees with a naive reading of the documents', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policies, guardrails, directories, questions, (specs, rails, directory, question) => {
        const person = directory.people.get(question.requester);
        if (person === undefined) throw new Error('the generator asks for known people only');
        const decision = decide(loadWorld(specs, rails, directory), directory, question);
        const codes = [...new Set(decision.refusals.map(({ code }) => code))].sort();
        for (const code of decision.effect === 'allow' ? ['allow'] : codes) seen.set(code, (seen.get(code) ?? 0) + 1);
        const expected = answer({ specs, rails, directory, question, person });
        expect({
          denied: decision.effect === 'deny',
          codes,
          durationMs: decision.durationMs,
          maxMs: decision.maxDurationMs,
          reasonMin: decision.requirements.reasonMin,
          mfaMs: decision.requirements.mfaMaxAgeMs,
          steps: decision.steps
            .map((step) => `${step.count} of ${step.eligible.join(',')} then ${step.escalatesTo.join(',')}`)
            .sort(),
          alarmed: decision.alarms.length > 0,
        }).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
    // Agreement proves little if the worlds never get anywhere: every outcome that they can have has occurred.
    expect([...seen.keys()].sort()).toEqual([
      'allow',
      'approval-impossible',
      'condition-error',
      'condition-not-met',
      'denied-by-guardrail',
      'duration-too-long',
      'mfa-required',
      'no-matching-policy',
      'reason-required',
      'ticket-required',
      'unknown-requester',
    ]);
    expect(seen.get('allow')).toBeGreaterThan(20);
  });
});
