import { performance } from 'node:perf_hooks';
import { decide } from '../src/policy/decide.ts';
import { askCedar, cedarCall, prepareCedar } from './decision-cedar.ts';
import { decisionWorld, SIZE, type DecisionWorld } from './decision-world.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const WARM_UP = 3_000;

/**
 * How long a decision takes, beside Cedar given the same rules, the same entities and the same questions. Both must answer
 * every question alike, or the comparison would be of different things. The worst case is a question that every policy matches.
 */
export const bench: Bench = {
  name: 'decision',
  title: 'Policy decision, beside Cedar (wasm, preparsed)',
  async run({ quick }) {
    const samples = quick ? 500 : 10_000;
    const size = `${count(SIZE.policies)} policies, ${count(SIZE.people)} people, ${count(SIZE.targets)} targets`;
    const usual = compare('usual', decisionWorld(samples, false));
    const worst = compare('worst', decisionWorld(quick ? 50 : 300, true));
    return {
      rows: [
        { name: `curfew, ${size}`, unit: 'us', ...distribution(usual.ours), budget: 'p99 <= 100 us', note: usual.note },
        { name: 'cedar, the same questions', unit: 'us', ...distribution(usual.theirs), note: usual.cedarNote },
        ratio('cedar / curfew', usual, '>= 20 x'),
        { name: 'curfew, worst case: every policy matches', unit: 'us', ...distribution(worst.ours), note: worst.note },
        { name: 'cedar, worst case', unit: 'us', ...distribution(worst.theirs), note: worst.cedarNote },
        ratio('cedar / curfew, worst case', worst),
      ],
    };
  },
};

interface Measured {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly note: string;
  readonly cedarNote: string;
}

function compare(name: string, world: DecisionWorld): Measured {
  const { set, directory, questions } = world;
  const statements = prepareCedar(name, world.policies);
  for (let index = 0; index < WARM_UP; index++) {
    const question = questions[index % questions.length];
    if (question !== undefined) decide(set, directory, question);
  }
  const ours: number[] = [];
  const effects: string[] = [];
  for (const question of questions) {
    const start = performance.now();
    const decision = decide(set, directory, question);
    ours.push((performance.now() - start) * 1_000);
    effects.push(decision.effect);
  }
  const groups = membership(world);
  const calls = questions.map((question) => {
    const tier = set.roles.get(question.items[0]?.role ?? '')?.tier ?? 0;
    return cedarCall(name, question, groups.get(question.requester) ?? [], tier, directory, world.targets);
  });
  for (const call of calls.slice(0, 50)) askCedar(call);
  const theirs: number[] = [];
  for (const [index, call] of calls.entries()) {
    const start = performance.now();
    const effect = askCedar(call);
    theirs.push((performance.now() - start) * 1_000);
    if (effect !== effects[index]) {
      throw new Error(`curfew says ${effects[index]} and cedar ${effect}: ${JSON.stringify(questions[index])}`);
    }
  }
  const allowed = effects.filter((effect) => effect === 'allow').length;
  return {
    ours,
    theirs,
    note: `${count(questions.length)} answers as Cedar's, ${count(allowed)} allow; includes approvers and reasons`,
    cedarNote: `${count(statements)} statements; entities of the call only`,
  };
}

/** Groups of those who ask; scanning every group for each of them would take longer than the bench. */
function membership({ questions, directory }: DecisionWorld): ReadonlyMap<string, readonly string[]> {
  const asking = new Set(questions.map(({ requester }) => requester));
  const groups = new Map<string, string[]>();
  for (const group of directory.groups.values()) {
    for (const person of group.members) {
      if (!asking.has(person)) continue;
      const list = groups.get(person);
      if (list === undefined) groups.set(person, [group.key]);
      else list.push(group.key);
    }
  }
  return groups;
}

/** How many times longer Cedar took, at each percentile. */
function ratio(name: string, { ours, theirs }: Measured, budget?: string): BenchRow {
  const [a, b] = [distribution(ours), distribution(theirs)];
  const at = { p50: b.p50 / a.p50, p90: b.p90 / a.p90, p99: b.p99 / a.p99, max: b.max / a.max };
  return { name, unit: 'x', ...at, samples: a.samples, ...(budget === undefined ? {} : { budget }) };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
