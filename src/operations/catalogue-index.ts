import { definedOn, type Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { isPlaceFor } from '../policy/decide.ts';
import type { PolicyRule, PolicySet } from '../policy/rules.ts';
import { selectPolicies } from '../policy/scope.ts';
import { matchesTarget } from '../policy/selectors.ts';
import { addAll, addTarget, hasTarget, inBoth, noTargets, removeTarget, type TargetBits } from './target-bits.ts';

/** A role or a target with the words it can be found by, in lower case, and what a match in each text is worth. */
export interface Findable<Thing> {
  readonly thing: Thing;
  readonly texts: readonly (readonly [text: string, weight: number])[];
}

/**
 * What a search needs to know of a policy set. Thousands of targets times a thousand roles are millions of pairs, far too many to decide
 * each at a keystroke, so that what a person is offered is found by sets first.
 */
export interface CatalogueIndex {
  /** By name. */
  readonly roles: readonly Findable<Role>[];
  /** By key; sets of targets hold positions in this list. */
  readonly targets: readonly Findable<Target>[];
  /** Targets of the clouds that this installation can provide on. */
  readonly available: TargetBits;
  /** Targets that a role can exist on. */
  fitting(role: Role): TargetBits;
  /** Of these, the ones that some policy offers to a person: on the target and on everything below it. */
  offered(role: Role, person: string, groups: readonly string[]): TargetBits;
}

/** Rules change rarely; what was worked out for them lives as long as they do. */
const indexes = new WeakMap<PolicySet, CatalogueIndex>();

export function catalogueIndex(policy: PolicySet): CatalogueIndex {
  let index = indexes.get(policy);
  if (index === undefined) {
    index = build(policy);
    indexes.set(policy, index);
  }
  return index;
}

function build(policy: PolicySet): CatalogueIndex {
  const { vocabulary } = policy;
  const all = [...vocabulary.targets.values()].sort((a, b) => a.key.localeCompare(b.key));
  const positions = new Map(all.map((target, position) => [target.key, position]));
  const select = (matches: (target: Target) => boolean): TargetBits => {
    const bits = noTargets(all.length);
    for (const [position, target] of all.entries()) if (matches(target)) addTarget(bits, position);
    return bits;
  };
  // Whether a role can exist on a target depends on the cloud and the kind of the target alone.
  const kinds = new Map(all.map((target) => [`${target.provider} ${target.kind}`, target]));
  const ofKind = [...kinds].map(
    ([kind, one]) => [one, select((target) => `${target.provider} ${target.kind}` === kind)] as const,
  );
  const covered = new Map<PolicyRule, TargetBits>();
  const coveredBy = (rule: PolicyRule): TargetBits => {
    let bits = covered.get(rule);
    if (bits === undefined) {
      bits = select((target) => matchesTarget(rule.targets, target, vocabulary.targets));
      covered.set(rule, bits);
    }
    return bits;
  };
  const fitted = new Map<Role, TargetBits>();
  const fitting = (role: Role): TargetBits => {
    let bits = fitted.get(role);
    if (bits === undefined) {
      bits = noTargets(all.length);
      for (const [one, same] of ofKind) if (definedOn(role, one.provider) && isPlaceFor(role, one)) addAll(bits, same);
      fitted.set(role, bits);
    }
    return bits;
  };
  const parents = [...policy.index.below].map(
    ([key, below]) => [positions.get(key), below.map((child) => positions.get(child))] as const,
  );
  return {
    roles: [...policy.roles.values()].sort((a, b) => a.name.localeCompare(b.name)).map(findableRole),
    targets: all.map(findableTarget),
    available: select((target) => vocabulary.available.has(target.provider)),
    fitting,
    offered(role, person, groups) {
      const bits = noTargets(all.length);
      const rules = selectPolicies(policy, role.name, person, groups);
      if (rules.length === 0) return bits;
      for (const rule of rules) addAll(bits, coveredBy(rule));
      const partly = parents.filter(([, below]) =>
        below.some((child) => child === undefined || !hasTarget(bits, child)),
      );
      for (const [parent] of partly) if (parent !== undefined) removeTarget(bits, parent);
      return inBoth(bits, fitting(role)) ?? noTargets(all.length);
    },
  };
}

function findableRole(role: Role): Findable<Role> {
  return {
    thing: role,
    texts: [
      [role.name.toLowerCase(), 8],
      [role.categories.join(' ').toLowerCase(), 3],
      [role.description.toLowerCase(), 2],
    ],
  };
}

function findableTarget(target: Target): Findable<Target> {
  const labels = Object.entries(target.labels).map(([key, value]) => `${key}=${value}`);
  return {
    thing: target,
    texts: [
      [target.key.toLowerCase(), 6],
      [target.native.toLowerCase(), 6],
      [labels.join(' ').toLowerCase(), 3],
      [target.description.toLowerCase(), 1],
    ],
  };
}
