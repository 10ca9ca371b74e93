import type { PersonView, StepView } from '../views.ts';
import { printable } from './printable.ts';

/** A person with the key, which is theirs alone and is what commands take: names can be alike. `Ana Ribeiro (ana)`. */
export function who({ name, key }: PersonView): string {
  return `${printable(name)} (${printable(key)})`;
}

/** So many people are named; of more there is the number. */
const NAMED = 5;

/** Names in one line; `count` is how many there are where not all are given. */
export function fewOf(names: readonly string[], count = names.length): string {
  const more = count - Math.min(NAMED, names.length);
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Whose yes a step takes: who is on call is said to be. */
export function decidersOf({ eligible, eligibleCount }: Pick<StepView, 'eligible' | 'eligibleCount'>): string {
  return fewOf(
    eligible.map((one) => (one.onCall ? `${who(one)} on call` : who(one))),
    eligibleCount,
  );
}
