import type { Schemas } from './api.ts';
import { who } from './who.ts';

/** So many people are named; of more there is the number. */
const NAMED = 5;

/** Whose yes a step takes, the first by name: `rest` are those who are behind them, `more` how many more there are than are given. */
export function decidersIn(
  { eligible, eligibleCount }: Pick<Schemas['ApprovalStep'], 'eligible' | 'eligibleCount'>,
  me: string,
): { readonly first: string; readonly more: number; readonly rest: string } {
  const names = eligible.map((one) => {
    const name = one.key === me ? 'you' : who(one);
    if (!one.onCall) return name;
    return name.endsWith(')') ? `${name.slice(0, -1)}, on call)` : `${name} (on call)`;
  });
  const unnamed = eligibleCount - names.length;
  const rest = [...names.slice(NAMED), ...(unnamed > 0 ? [`${unnamed} others`] : [])];
  return { first: names.slice(0, NAMED).join(', '), more: Math.max(0, eligibleCount - NAMED), rest: rest.join(', ') };
}

/** Some names in a line that no number of people makes long. */
export function fewOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}
