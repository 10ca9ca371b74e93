import type { Target } from '../core/target.ts';
import { refused, ok, type Result } from '../core/result.ts';
import type { Role } from '../core/role.ts';
import type { CatalogueIndex } from './catalogue-index.ts';
import type { Match } from './find-matches.ts';
import type { OperationRefusal } from './refusal.ts';
import { addAll, addTarget, noTargets, positionsOf, type TargetBits } from './target-bits.ts';

/** One role on one target, by its place in the catalogue. */
export interface Pair {
  readonly role: Role;
  readonly target: Target;
}

/** Where a page of the catalogue ended. Roles have no `@` in their names, targets may. */
export const cursorOf = ({ role, target }: Pair): string => `${role.name}@${target.key}`;

/** Reads {@link cursorOf} back; the names in it need not exist any more, for the next page begins after them. */
export function parseCursor(
  text: string,
): Result<{ readonly role: string; readonly target: string }, OperationRefusal> {
  const at = text.indexOf('@');
  if (at <= 0) return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  return ok({ role: text.slice(0, at), target: text.slice(at + 1) });
}

/** Matches in the order of their names: by role, then by target. It does not depend on how well they match, so that pages can follow each other. */
export function* inOrderOfNames(
  index: CatalogueIndex,
  matches: readonly Match[],
  after: { readonly role: string; readonly target: string } | null,
): Generator<Pair> {
  const byRole = new Map<string, { readonly role: Role; readonly bits: TargetBits }>();
  for (const { role, targets } of matches) {
    const before = byRole.get(role.name);
    if (before === undefined) byRole.set(role.name, { role, bits: targets.slice() });
    else addAll(before.bits, targets);
  }
  for (const name of [...byRole.keys()].sort(byName)) {
    const found = byRole.get(name);
    if (found === undefined || (after !== null && byName(name, after.role) < 0)) continue;
    for (const position of positionsOf(found.bits)) {
      const target = index.targets[position]?.thing;
      if (target === undefined) continue;
      if (after !== null && name === after.role && byName(target.key, after.target) <= 0) continue;
      yield { role: found.role, target };
    }
  }
}

const byName = (a: string, b: string): number => a.localeCompare(b);

/** The targets of which something holds. */
export function targetsWhere({ targets }: CatalogueIndex, holds: (target: Target) => boolean): TargetBits {
  const bits = noTargets(targets.length);
  for (const [position, { thing }] of targets.entries()) if (holds(thing)) addTarget(bits, position);
  return bits;
}
