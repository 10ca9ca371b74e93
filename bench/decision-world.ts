import type { DirectorySnapshot, Group, Person } from '../src/core/directory.ts';
import type { Target } from '../src/core/target.ts';
import { instant } from '../src/core/time.ts';
import { loadPolicy, type PolicySet } from '../src/policy/load.ts';
import type { Question } from '../src/policy/types.ts';

/** A company large enough that nothing may be proportional to its size. Deterministic: the same world in every run. */
export const SIZE = {
  policies: 1_000,
  people: 100_000,
  targets: 5_000,
  groups: 2_000,
  teams: 250,
  roles: 200,
} as const;
const ENVS = ['prod', 'staging', 'dev', 'lab'] as const;
export const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));

/** A policy in the terms that both languages can express. */
export interface PolicySpec {
  readonly name: string;
  readonly group: string;
  readonly roles: readonly string[];
  readonly env: string;
  readonly team: string;
  readonly condition: 'none' | 'network' | 'employee';
  readonly approver: string | null;
}

export interface DecisionWorld {
  readonly directory: DirectorySnapshot;
  readonly targets: ReadonlyMap<string, Target>;
  readonly policies: readonly PolicySpec[];
  readonly set: PolicySet;
  readonly questions: readonly Question[];
}

/** Mulberry32: small, fast, and the same everywhere. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Builds the world; with `allMatch`, every policy is for everybody's first group and for every role and target. */
export function decisionWorld(samples: number, allMatch: boolean, roles: number = SIZE.roles): DecisionWorld {
  const random = seeded(20_261_121);
  const directory = people(random);
  const targets = inventory(random);
  const policies = Array.from({ length: SIZE.policies }, (_, index) => spec(index, random, allMatch, roles));
  const loaded = loadPolicy([{ path: 'rules.yaml', text: documents(policies, roles) }], {
    directory,
    targets,
    available: new Set(['aws']),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal.slice(0, 3)));
  const questions = Array.from({ length: samples }, () => ask(random, policies, directory, targets, roles));
  return { directory, targets, policies, set: loaded.value, questions };
}

function people(random: (below: number) => number): DirectorySnapshot {
  const everybody = new Map<string, Person>();
  const members = Array.from({ length: SIZE.groups }, () => new Set<string>());
  for (let index = 0; index < SIZE.people; index++) {
    const key = `p${index}`;
    everybody.set(key, {
      key,
      name: key,
      email: `${key}@acme.example`,
      manager: index === 0 ? null : `p${Math.floor(index / 10)}`,
      employment: index % 9 === 0 ? 'contractor' : 'employee',
      labels: {},
      accounts: {},
      active: true,
    });
    for (let count = 0; count < 5; count++) members[random(SIZE.groups)]?.add(key);
    members[0]?.add(key);
  }
  const groups = new Map(
    members.map((set, index): [string, Group] => [`g${index}`, { key: `g${index}`, description: '', members: set }]),
  );
  return { version: 'bench', takenAt: NOW, people: everybody, groups, rotations: new Map() };
}

function inventory(random: (below: number) => number): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (let index = 0; index < SIZE.targets; index++) {
    const key = `aws/a${index}`;
    const labels = { env: ENVS[index % ENVS.length] ?? 'dev', team: `t${random(SIZE.teams)}` };
    const native = String(100_000_000_000 + index);
    targets.set(key, {
      key,
      provider: 'aws',
      kind: 'account',
      native,
      description: key,
      labels,
      parent: null,
      owners: [],
    });
  }
  return targets;
}

function spec(index: number, random: (below: number) => number, allMatch: boolean, roles: number): PolicySpec {
  return {
    name: `p${index}`,
    group: allMatch ? 'g0' : `g${1 + random(SIZE.groups - 1)}`,
    roles: allMatch ? ['r0'] : Array.from(new Set([0, 1, 2].map(() => `r${random(roles)}`))),
    env: allMatch ? '' : (ENVS[random(ENVS.length)] ?? 'dev'),
    team: allMatch ? '' : `t${random(SIZE.teams)}`,
    condition: index % 3 === 0 ? (index % 2 === 0 ? 'network' : 'employee') : 'none',
    approver: index % 2 === 0 ? `g${1 + random(SIZE.groups - 1)}` : null,
  };
}

function documents(policies: readonly PolicySpec[], count: number): string {
  const roles = Array.from({ length: count }, (_, index) => ({
    kind: 'role',
    name: `r${index}`,
    tier: 1 + (index % 3),
    owner: 'group:g1',
    description: `The role number ${index} of the bench`,
    aws: { method: 'assume-role', role: `curfew/r${index}` },
  }));
  const rules = policies.map(({ name, group, roles: names, env, team, condition, approver }) => ({
    kind: 'policy',
    name,
    who: { groups: [group] },
    roles: names,
    targets: env === '' ? 'all' : { env, team },
    ...(condition === 'network' ? { when: 'request.network in ["office", "vpn"]' } : {}),
    ...(condition === 'employee' ? { when: 'requester.employment == "employee"' } : {}),
    duration: { max: '4h' },
    ...(approver === null ? {} : { approval: [{ from: [`group:${approver}`] }] }),
  }));
  const guardrails = [
    { kind: 'guardrail', name: 'contractors', deny: 'requester.employment == "contractor" && role.tier == 1' },
    { kind: 'guardrail', name: 'cafe', targets: { env: 'prod' }, deny: 'request.network == "cafe"' },
    { kind: 'guardrail', name: 'short', targets: { env: 'prod' }, limit: { max: '2h' } },
  ];
  return [...roles, ...rules, ...guardrails].map((document) => JSON.stringify(document)).join('\n---\n');
}

/** Half of the questions are aimed at a policy, so that they can be allowed; the others ask for anything. */
function ask(
  random: (below: number) => number,
  policies: readonly PolicySpec[],
  directory: DirectorySnapshot,
  targets: ReadonlyMap<string, Target>,
  roles: number,
): Question {
  const all = policies[0]?.env === '';
  const aimed = all || random(2) === 0 ? policies[random(policies.length)] : undefined;
  const members = aimed === undefined ? [] : [...(directory.groups.get(aimed.group)?.members ?? [])];
  const places = aimed === undefined ? [] : matching(aimed, targets);
  const requester = members[random(members.length)] ?? `p${random(SIZE.people)}`;
  const role = aimed?.roles[0] ?? `r${random(roles)}`;
  const target = places[random(places.length)] ?? `aws/a${random(SIZE.targets)}`;
  const network = ['office', 'vpn', 'cafe'][random(3)] ?? 'vpn';
  return { now: NOW, requester, items: [{ role, target }], durationMs: 1_800_000, context: { via: 'web', network } };
}

const byLabels = new WeakMap<ReadonlyMap<string, Target>, Map<string, string[]>>();

function matching({ env, team }: PolicySpec, targets: ReadonlyMap<string, Target>): readonly string[] {
  let index = byLabels.get(targets);
  if (index === undefined) {
    index = new Map();
    for (const { key, labels } of targets.values()) {
      const name = `${labels['env']} ${labels['team']}`;
      index.set(name, [...(index.get(name) ?? []), key]);
    }
    byLabels.set(targets, index);
  }
  return index.get(`${env} ${team}`) ?? [];
}
