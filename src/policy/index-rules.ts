import type { Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { RoleFacts, TargetFacts } from './facts.ts';
import type { GuardrailRule, PolicyIndex, PolicyRule, RoleIndex } from './rules.ts';
import type { Roles } from './types.ts';

/** Builds the lookups of a policy set: a decision then touches the rules that can apply, not all there are. */
export function buildIndex(
  roles: Roles,
  policies: readonly PolicyRule[],
  guardrails: readonly GuardrailRule[],
  targets: ReadonlyMap<string, Target>,
): PolicyIndex {
  const byRole = new Map<string, RoleIndex>();
  const facts = new Map<string, { readonly role: Role; readonly facts: RoleFacts }>();
  for (const role of roles.values()) {
    facts.set(role.name, { role, facts: new RoleFacts(role) });
    byRole.set(role.name, indexRole(role.name, policies, guardrails));
  }
  const targetFacts = new Map([...targets.values()].map((target) => [target.key, new TargetFacts(target)]));
  return { byRole, facts, targetFacts, below: descendants(targets) };
}

function indexRole(role: string, policies: readonly PolicyRule[], guardrails: readonly GuardrailRule[]): RoleIndex {
  const everyone: PolicyRule[] = [];
  const byGroup = new Map<string, PolicyRule[]>();
  const byPerson = new Map<string, PolicyRule[]>();
  for (const policy of policies) {
    if (!policy.roles.has(role)) continue;
    if (policy.who.everyone) {
      everyone.push(policy);
      continue;
    }
    for (const group of policy.who.groups) append(byGroup, group, policy);
    for (const person of policy.who.people) append(byPerson, person, policy);
  }
  const restrains = guardrails.filter((guardrail) => guardrail.roles === null || guardrail.roles.has(role));
  return { everyone, byGroup, byPerson, guardrails: restrains };
}

function append(lists: Map<string, PolicyRule[]>, key: string, policy: PolicyRule): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [policy]);
  else list.push(policy);
}

function descendants(targets: ReadonlyMap<string, Target>): ReadonlyMap<string, readonly string[]> {
  const below = new Map<string, string[]>();
  for (const target of targets.values()) {
    let parent = target.parent;
    for (let depth = 0; parent !== null && depth < 64; depth++) {
      const list = below.get(parent);
      if (list === undefined) below.set(parent, [target.key]);
      else list.push(target.key);
      parent = targets.get(parent)?.parent ?? null;
    }
  }
  for (const list of below.values()) list.sort();
  return below;
}
