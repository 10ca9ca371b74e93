import fc from 'fast-check';
import type { DirectorySnapshot, Group, Person } from '../src/core/directory.ts';
import type { Target } from '../src/core/target.ts';
import { instant } from '../src/core/time.ts';
import { loadPolicy, type PolicySet } from '../src/policy/load.ts';
import type { Question } from '../src/policy/types.ts';

/**
 * Small random worlds for the properties of decisions: few names, so that rules collide often. Conditions carry their
 * meaning twice, as CEL and as a function, so that an oracle can judge them without the code under test.
 */
export const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));
const HOUR = 3_600_000;

export const PEOPLE = ['p0', 'p1', 'p2', 'p3', 'p4'] as const;
export const GROUPS = ['g0', 'g1', 'g2'] as const;
export const ROLES = [
  { name: 'zero', tier: 0, category: 'identity' },
  { name: 'one', tier: 1, category: 'database' },
  { name: 'three', tier: 3, category: 'database' },
] as const;
/** A folder over two projects, and a project of its own. `b` has no label `team`, so conditions on it err. */
export const TARGETS: readonly Target[] = [
  target('gcp/f', 'folder', { env: 'all', team: 'x' }, null, ['group:g0']),
  target('gcp/a', 'project', { env: 'prod', team: 'x' }, 'gcp/f', ['person:p1']),
  target('gcp/b', 'project', { env: 'dev' }, 'gcp/f', []),
  target('gcp/c', 'project', { env: 'prod', team: 'y' }, null, ['group:g1', 'person:p0']),
];

function target(
  key: string,
  kind: string,
  labels: Record<string, string>,
  parent: string | null,
  owners: string[],
): Target {
  return { key, provider: 'gcp', kind, native: key, description: key, labels, parent, owners };
}

/** What a condition's meaning is computed from; `durationMs` is the one that the decision settled on. */
export interface Env {
  readonly person: Person;
  readonly groups: readonly string[];
  readonly onCall: boolean;
  readonly tier: number;
  readonly target: Target;
  readonly durationMs: number;
  readonly question: Question;
}
export type Outcome = boolean | 'error';
export interface Condition {
  readonly cel: string;
  readonly means: (env: Env) => Outcome;
}

const ATOMS: readonly Condition[] = [
  { cel: 'requester.employment == "contractor"', means: (e) => e.person.employment === 'contractor' },
  { cel: '"g1" in requester.groups', means: (e) => e.groups.includes('g1') },
  { cel: 'requester.onCall("rota")', means: (e) => e.onCall },
  { cel: 'requester.manager == "p1"', means: (e) => (e.person.manager === null ? 'error' : e.person.manager === 'p1') },
  { cel: 'role.tier <= 1', means: (e) => e.tier <= 1 },
  {
    cel: 'target.labels.team == "x"',
    means: (e) => (e.target.labels['team'] === undefined ? 'error' : e.target.labels['team'] === 'x'),
  },
  { cel: 'has(target.labels.team)', means: (e) => e.target.labels['team'] !== undefined },
  {
    cel: 'request.network == "vpn"',
    means: (e) => (e.question.context.network === undefined ? 'error' : e.question.context.network === 'vpn'),
  },
  { cel: `request.durationMs > ${HOUR}`, means: (e) => e.durationMs > HOUR },
  { cel: 'true', means: () => true },
];

const atom = fc.constantFrom(...ATOMS);
/** CEL absorbs an error when the other side decides alone. */
export const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: atom },
  { weight: 1, arbitrary: fc.tuple(atom, atom).map(([a, b]) => both(a, b)) },
  { weight: 1, arbitrary: fc.tuple(atom, atom).map(([a, b]) => either(a, b)) },
  { weight: 1, arbitrary: atom.map((a) => ({ cel: `!(${a.cel})`, means: (e: Env) => negate(a.means(e)) })) },
);

function both(a: Condition, b: Condition): Condition {
  return {
    cel: `(${a.cel}) && (${b.cel})`,
    means: (e) => {
      const [x, y] = [a.means(e), b.means(e)];
      return x === false || y === false ? false : x === 'error' || y === 'error' ? 'error' : true;
    },
  };
}
function either(a: Condition, b: Condition): Condition {
  return {
    cel: `(${a.cel}) || (${b.cel})`,
    means: (e) => {
      const [x, y] = [a.means(e), b.means(e)];
      return x === true || y === true ? true : x === 'error' || y === 'error' ? 'error' : false;
    },
  };
}
function negate(outcome: Outcome): Outcome {
  return outcome === 'error' ? 'error' : !outcome;
}

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Refusals are so many that a world without a preference would hardly ever allow anything. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const mostly = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 4, arbitrary });
const who = fc.oneof(
  fc.record({ groups: some(GROUPS) }),
  fc.record({ people: some(PEOPLE), groups: some(GROUPS) }),
  fc.constant({ everyone: true as const }),
);
const roles = fc.oneof(
  some(ROLES.map((role) => role.name)),
  fc.constant('all' as const),
  fc.constant({ category: ['database'] }),
  fc.constant({ tier: [0, 3] }),
);
const targets = fc.oneof(
  fc.constant('all' as const),
  fc.constantFrom<Record<string, string | string[]>>(
    { env: 'prod' },
    { env: ['dev', 'all'] },
    { team: 'x' },
    { within: 'gcp/f' },
    { key: ['gcp/a', 'gcp/c'] },
    { kind: 'project', provider: 'gcp' },
  ),
);
const require = fc
  .record({
    reason: rarely(fc.record({ min: fc.integer({ min: 1, max: 12 }) })),
    ticket: rarely(fc.constantFrom('jira', 'snow')),
    mfa: rarely(fc.record({ maxAge: fc.constantFrom('5m', '1h') })),
  })
  .map(({ reason, ticket, mfa }) => ({
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(mfa === undefined ? {} : { mfa }),
  }));
const APPROVERS = [
  'group:g0',
  'group:g1',
  'person:p2',
  'oncall:rota',
  'manager-of-requester',
  'owner-of-target',
] as const;
const step = fc.record({
  from: some(APPROVERS),
  count: fc.constantFrom(1, 1, 2),
  when: maybe(condition),
  unless: maybe(condition),
  escalate: maybe(fc.record({ after: fc.constantFrom('10m', '1h'), to: some(APPROVERS) })),
});

export const DURATIONS: Readonly<Record<string, number>> = {
  '10m': 600_000,
  '30m': HOUR / 2,
  '1h': HOUR,
  '3h': 3 * HOUR,
};
const duration = fc.constantFrom(
  {},
  { default: '10m' },
  { max: '1h' },
  { default: '10m', max: '1h', extensions: 1 },
  { default: '1h', max: '3h', extensions: 2 },
  { max: '10m' },
);

const policyBody = fc.record({
  who,
  roles,
  targets,
  when: rarely(fc.array(condition, { minLength: 1, maxLength: 2 })),
  unless: rarely(condition),
  duration,
  require,
  // The schema refuses a step that is written twice.
  approval: fc.uniqueArray(step, {
    maxLength: 2,
    selector: (each) => JSON.stringify([each.from, each.count, each.when?.cel, each.unless?.cel, each.escalate]),
  }),
});
/** Policies are named in order; each may yield to later ones, which rules out circles. */
export const policies = fc
  .array(fc.tuple(policyBody, fc.array(fc.nat(5), { maxLength: 2 })), { maxLength: 5 })
  .map((bodies) =>
    bodies.map(([body, yields], index) => ({
      name: `p${index}`,
      ...body,
      supersededBy: [...new Set(yields.filter((other) => other > index && other < bodies.length))].map(
        (other) => `p${other}`,
      ),
    })),
  );
export type PolicySpec = typeof policies extends fc.Arbitrary<(infer Each)[]> ? Each : never;
export const newPolicy = policyBody.map((body) => ({ name: 'q0', ...body, supersededBy: [] as string[] }));

const guardrailBody = fc.record({
  who: maybe(who),
  roles: maybe(roles),
  targets: maybe(targets),
  deny: rarely(condition),
  when: maybe(condition),
  limit: maybe(fc.record({ max: fc.constantFrom('10m', '30m', '1h') })),
  require,
});
export const guardrail = guardrailBody;
export const guardrails = fc.array(guardrailBody, { maxLength: 3 });
export type GuardrailSpec = typeof guardrailBody extends fc.Arbitrary<infer Each> ? Each : never;

export const directory: fc.Arbitrary<DirectorySnapshot> = fc
  .record({
    people: fc.tuple(
      ...PEOPLE.map((key) =>
        fc.record({
          key: fc.constant(key),
          manager: fc.constantFrom(null, 'p1', 'p2'),
          employment: fc.constantFrom('employee' as const, 'contractor' as const),
          active: fc.constantFrom(true, true, true, false),
        }),
      ),
    ),
    members: fc.tuple(...GROUPS.map(() => fc.subarray([...PEOPLE], { minLength: 2 }))),
    shifts: fc.array(fc.record({ person: fc.constantFrom(...PEOPLE), from: fc.integer({ min: -3, max: 2 }) }), {
      maxLength: 3,
    }),
  })
  .map(({ people, members, shifts }) => ({
    version: 'd',
    takenAt: NOW,
    people: new Map(
      people.map((each) => [
        each.key,
        { ...each, name: each.key, email: `${each.key}@x.example`, labels: {}, accounts: {} },
      ]),
    ),
    groups: new Map(
      GROUPS.map((key, index): [string, Group] => [key, { key, description: key, members: new Set(members[index]) }]),
    ),
    rotations: new Map([
      [
        'rota',
        {
          key: 'rota',
          shifts: shifts.map(({ person, from }) => ({
            person,
            from: instant(NOW + from * HOUR),
            until: instant(NOW + (from + 2) * HOUR),
          })),
        },
      ],
    ]),
  }));

export const question: fc.Arbitrary<Question> = fc
  .record({
    requester: fc.constantFrom(...PEOPLE),
    items: fc.array(
      fc.record({
        role: fc.constantFrom(...ROLES.map(({ name }) => name)),
        target: fc.constantFrom(...TARGETS.map(({ key }) => key)),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    durationMs: maybe(fc.constantFrom(60_000, 60_000, HOUR / 2, HOUR, 2 * HOUR, 4 * HOUR)),
    reason: mostly(fc.constantFrom('short', 'a longer reason')),
    ticket: mostly(fc.constant('T-1')),
    network: mostly(fc.constantFrom('vpn', 'cafe')),
    mfaAgeMs: mostly(fc.constantFrom(0, 0, 600_000, 2 * HOUR)),
    waitedMs: maybe(fc.constantFrom(0, 900_000, 2 * HOUR)),
  })
  .map(({ network, mfaAgeMs, waitedMs, durationMs, reason, ticket, ...rest }) => ({
    ...rest,
    now: NOW,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(waitedMs === undefined ? {} : { submittedAt: instant(NOW - waitedMs) }),
    context: {
      via: 'api' as const,
      ...(network === undefined ? {} : { network }),
      ...(mfaAgeMs === undefined ? {} : { mfaAt: instant(NOW - mfaAgeMs - (waitedMs ?? 0)) }),
    },
  }));

/** Writes a world's documents as text and loads them. Throws when they are refused: a generator that makes unsound rules is broken. */
export function loadWorld(
  specs: readonly PolicySpec[],
  rails: readonly GuardrailSpec[],
  people: DirectorySnapshot,
): PolicySet {
  const cel = (value: Condition | undefined) => value?.cel;
  const documents: unknown[] = ROLES.map(({ name, tier, category }) => ({
    kind: 'role',
    name,
    tier,
    category: [category],
    owner: 'group:g0',
    description: `The role ${name} for properties`,
    gcp: { role: name },
  }));
  for (const { when, unless, approval, supersededBy, require: needs, duration: time, ...rest } of specs) {
    documents.push({
      kind: 'policy',
      ...rest,
      when: when?.map(({ cel: text }) => text),
      unless: cel(unless),
      ...(supersededBy.length === 0 ? {} : { supersededBy }),
      ...(Object.keys(time).length === 0 ? {} : { duration: time }),
      ...(Object.keys(needs).length === 0 ? {} : { require: needs }),
      ...(approval.length === 0
        ? {}
        : { approval: approval.map((each) => ({ ...each, when: cel(each.when), unless: cel(each.unless) })) }),
    });
  }
  for (const [index, { deny, when, require: needs, ...rest }] of rails.entries()) {
    const restrains = rest.limit !== undefined || Object.keys(needs).length > 0;
    documents.push({
      kind: 'guardrail',
      name: `r${index}`,
      ...rest,
      deny: cel(deny) ?? (restrains ? undefined : 'false'),
      when: restrains ? cel(when) : undefined,
      ...(Object.keys(needs).length === 0 ? {} : { require: needs }),
    });
  }
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
  const loaded = loadPolicy([{ path: 'rules.yaml', text }], {
    directory: people,
    targets: new Map(TARGETS.map((each) => [each.key, each])),
    available: new Set(['gcp']),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal));
  return loaded.value;
}
