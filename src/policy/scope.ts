import { invariant } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { RoleFacts, TargetFacts } from './facts.ts';
import type { GuardrailRule, PolicyRule, PolicySet } from './rules.ts';
import { matchesTarget, matchesWho } from './selectors.ts';
import type { Item } from './types.ts';

/** One item judged on one target: the target asked for, or one below it. */
export interface Scope {
  readonly item: Item;
  readonly tier: number;
  readonly roleFacts: RoleFacts;
  readonly target: Target;
  readonly targetFacts: TargetFacts;
  /** Policies whose selectors match, by name. */
  readonly selected: readonly PolicyRule[];
  readonly guardrails: readonly GuardrailRule[];
}

/** The policies that name a role and a person, by name; targets are not looked at. Touches only lists that can match. */
export function selectPolicies(
  policy: PolicySet,
  role: string,
  person: string,
  groups: readonly string[],
): readonly PolicyRule[] {
  const index = policy.index.byRole.get(role);
  if (index === undefined) return [];
  const lists: (readonly PolicyRule[])[] = [];
  if (index.everyone.length > 0) lists.push(index.everyone);
  const personal = index.byPerson.get(person);
  if (personal !== undefined) lists.push(personal);
  for (const group of groups) {
    const list = index.byGroup.get(group);
    if (list !== undefined) lists.push(list);
  }
  // Every list is in order already; only several lists need merging.
  if (lists.length <= 1) return lists[0] ?? [];
  return [...new Set(lists.flat())].sort((a, b) => a.order - b.order);
}

/** An item on its target and on every target below it. The caller has checked that role and target exist. */
export function* scopesOf(
  policy: PolicySet,
  item: Item,
  candidates: readonly PolicyRule[],
  person: string,
  groups: readonly string[],
): Generator<Scope> {
  const { index, vocabulary } = policy;
  const role = index.facts.get(item.role);
  invariant(role !== undefined, `role ${item.role} is indexed`);
  const guardrails = (index.byRole.get(item.role)?.guardrails ?? []).filter(
    ({ who }) => who === null || matchesWho(who, person, groups),
  );
  for (const key of [item.target, ...(index.below.get(item.target) ?? [])]) {
    const target = vocabulary.targets.get(key);
    const targetFacts = index.targetFacts.get(key);
    invariant(target !== undefined && targetFacts !== undefined, `target ${key} is indexed`);
    yield {
      item,
      tier: role.role.tier,
      roleFacts: role.facts,
      target,
      targetFacts,
      selected: candidates.filter((each) => matchesTarget(each.targets, target, vocabulary.targets)),
      guardrails: guardrails.filter(
        ({ targets }) => targets === null || matchesTarget(targets, target, vocabulary.targets),
      ),
    };
  }
}
