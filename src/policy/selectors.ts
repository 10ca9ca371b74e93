import type { Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import type { RolesShape, TargetsShape, WhoShape } from './documents/shapes.ts';

/** Keys of `targets:` that are not labels. A label with one of these names is refused by the inventory. */
export const RESERVED_SELECTORS = ['key', 'provider', 'kind', 'within'] as const;

/** Who may ask: membership in any of the groups, being one of the people, or everybody. */
export interface WhoSelector {
  readonly everyone: boolean;
  readonly groups: ReadonlySet<string>;
  readonly people: ReadonlySet<string>;
}

export function compileWho(shape: WhoShape): WhoSelector {
  return { everyone: shape.everyone === true, groups: new Set(shape.groups), people: new Set(shape.people) };
}

export function matchesWho(selector: WhoSelector, person: string, groups: readonly string[]): boolean {
  return selector.everyone || selector.people.has(person) || groups.some((group) => selector.groups.has(group));
}

/** Names of the roles that a selector means. A tier and a category together mean roles that have both. */
export function compileRoles(shape: RolesShape, roles: Iterable<Role>): ReadonlySet<string> {
  if (typeof shape === 'object' && !('tier' in shape) && !('category' in shape))
    return new Set(shape as readonly string[]);
  const names = new Set<string>();
  for (const role of roles) if (shape === 'all' || matchesRole(shape, role)) names.add(role.name);
  return names;
}

function matchesRole(shape: Exclude<RolesShape, 'all'>, role: Role): boolean {
  if ('tier' in shape && shape.tier !== undefined && !shape.tier.includes(role.tier)) return false;
  if (!('category' in shape) || shape.category === undefined) return true;
  return role.categories.some((category) => shape.category?.includes(category));
}

/** Which targets: every part that is written must match. */
export interface TargetSelector {
  readonly keys: ReadonlySet<string> | null;
  readonly providers: ReadonlySet<string> | null;
  readonly kinds: ReadonlySet<string> | null;
  /** The named targets and everything below them. */
  readonly within: ReadonlySet<string> | null;
  readonly labels: readonly (readonly [name: string, values: ReadonlySet<string>])[];
}

export function compileTargets(shape: TargetsShape): TargetSelector {
  const parts = shape === 'all' ? {} : shape;
  const set = (name: string): ReadonlySet<string> | null => {
    const value = Object.hasOwn(parts, name) ? parts[name] : undefined;
    return value === undefined ? null : valuesOf(value);
  };
  const labels = Object.entries(parts).filter(([name]) => !RESERVED_SELECTORS.some((reserved) => reserved === name));
  return {
    keys: set('key'),
    providers: set('provider'),
    kinds: set('kind'),
    within: set('within'),
    labels: labels.map(([name, value]) => [name, valuesOf(value)] as const),
  };
}

function valuesOf(value: string | readonly string[]): ReadonlySet<string> {
  return new Set(typeof value === 'string' ? [value] : value);
}

export function matchesTarget(selector: TargetSelector, target: Target, targets: ReadonlyMap<string, Target>): boolean {
  if (selector.keys !== null && !selector.keys.has(target.key)) return false;
  if (selector.providers !== null && !selector.providers.has(target.provider)) return false;
  if (selector.kinds !== null && !selector.kinds.has(target.kind)) return false;
  for (const [name, values] of selector.labels) {
    const value = Object.hasOwn(target.labels, name) ? target.labels[name] : undefined;
    if (value === undefined || !values.has(value)) return false;
  }
  return selector.within === null || isWithin(selector.within, target, targets);
}

function isWithin(roots: ReadonlySet<string>, target: Target, targets: ReadonlyMap<string, Target>): boolean {
  // Loaders refuse circles of parents; the count keeps a hand-made map from hanging a decision.
  let current: Target | undefined = target;
  for (let depth = 0; current !== undefined && depth < 64; depth++) {
    if (roots.has(current.key)) return true;
    current = current.parent === null ? undefined : targets.get(current.parent);
  }
  return false;
}
