import { asMeant } from '../core/pasted.ts';
import type { Role } from '../core/role.ts';
import type { CatalogueIndex, Findable } from './catalogue-index.ts';
import { findAllowing } from './find-allowing.ts';
import { readDenial } from './read-denial.ts';
import {
  addAll,
  addTarget,
  countTargets,
  inBoth,
  isEmpty,
  noTargets,
  without,
  type TargetBits,
} from './target-bits.ts';

/** A role and all targets on which it matches the words equally well. The lower the rank, the better. */
export interface Match {
  readonly role: Role;
  readonly rank: number;
  readonly targets: TargetBits;
}

/** Words that count; more would find less, and each costs a look at every target. */
const MOST_WORDS = 8;

/**
 * Of a pasted ARN or the words of a refusal, finds the roles that allow it (`find-allowing.ts`). Otherwise, and where none does, the roles
 * and, of the targets in `among`, those that match every word, best first. `total` counts the pairs. What is likely to be refused for a
 * reason that no rule has (a cloud that is not there) comes after the rest.
 */
export function findMatches(
  index: CatalogueIndex,
  pasted: string,
  among: (role: Role) => TargetBits,
): { readonly matches: readonly Match[]; readonly total: number } {
  const q = asMeant(pasted);
  const denial = readDenial(q);
  const allowing = denial === null ? [] : findAllowing(index, denial, among);
  if (allowing.length > 0) {
    const matches = allowing.flatMap(({ role, score, targets }) => ranked(index, role, score, targets));
    const total = allowing.reduce((sum, { targets }) => sum + countTargets(targets), 0);
    return { matches: matches.sort((a, b) => a.rank - b.rank), total };
  }
  const words = wordsOf(q);
  const levels = words.map((word) => levelsOf(index, word));
  const matches: Match[] = [];
  let total = 0;
  for (const role of index.roles) {
    const bits = among(role.thing);
    if (isEmpty(bits)) continue;
    const onRole = words.map((word) => weightOf(role, word));
    for (const [score, targets] of byScore(bits, levels, onRole)) {
      total += countTargets(targets);
      matches.push(...ranked(index, role.thing, 99 - score, targets));
    }
  }
  // The sort is stable, so that roles of one rank stay in the order of their names.
  return { matches: matches.sort((a, b) => a.rank - b.rank), total };
}

/** Parts what can be provided from what cannot; `rank` is below 100. */
function ranked(index: CatalogueIndex, role: Role, rank: number, targets: TargetBits): readonly Match[] {
  const here = inBoth(targets, index.available);
  const elsewhere = without(targets, index.available);
  return [
    ...(here === null ? [] : [{ role, rank, targets: here }]),
    ...(elsewhere === null ? [] : [{ role, rank: 100 + rank, targets: elsewhere }]),
  ];
}

function wordsOf(q: string): readonly string[] {
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return [...new Set(words)].slice(0, MOST_WORDS);
}

/** The targets in which a word occurs, by what that is worth, best first. */
type Levels = readonly (readonly [weight: number, targets: TargetBits])[];

function levelsOf({ targets }: CatalogueIndex, word: string): Levels {
  const levels = new Map<number, TargetBits>();
  for (const [position, target] of targets.entries()) {
    const weight = weightOf(target, word);
    if (weight === 0) continue;
    const level = levels.get(weight) ?? noTargets(targets.length);
    addTarget(level, position);
    levels.set(weight, level);
  }
  return [...levels].sort(([a], [b]) => b - a);
}

function weightOf({ texts }: Findable<unknown>, word: string): number {
  // The texts stand in the order of their weights.
  return texts.find(([text]) => text.includes(word))?.[1] ?? 0;
}

/** Parts targets by their score: for each word the better of its weights on the role and on the target; none at all drops the target. */
function byScore(
  bits: TargetBits,
  levels: readonly Levels[],
  onRole: readonly number[],
): ReadonlyMap<number, TargetBits> {
  let parts = new Map([[0, bits]]);
  for (const [n, level] of levels.entries()) {
    const own = onRole[n] ?? 0;
    const next = new Map<number, TargetBits>();
    for (const [score, part] of parts) {
      let rest: TargetBits | null = part;
      for (const [weight, targets] of level) {
        if (rest === null || weight <= own) break;
        const matched = inBoth(rest, targets);
        if (matched === null) continue;
        join(next, score + weight, matched);
        rest = without(rest, targets);
      }
      if (rest !== null && own > 0) join(next, score + own, rest);
    }
    parts = next;
  }
  return parts;
}

function join(parts: Map<number, TargetBits>, score: number, targets: TargetBits): void {
  const before = parts.get(score);
  const joined = targets.slice();
  if (before !== undefined) addAll(joined, before);
  parts.set(score, joined);
}
