import type { Schemas } from './api.ts';

/**
 * A person as whoever decides about them, or because of them, reads it: with the key, which is theirs alone. Names can be alike, or made to
 * look it. Whoever has no name in the directory is called by the key. Where there is markup, `Person` (`ui/signs.tsx`) says the same.
 */
export const who = ({ name, key }: Pick<Schemas['Person'], 'key' | 'name'>): string =>
  name === key ? key : `${name} (${key})`;

/** Who is asked for, one of them: `Needs Ana Ribeiro (ana) or you.` `more`: who else there is, in words. */
export function needsOneOf(
  people: readonly Pick<Schemas['Person'], 'key' | 'name'>[],
  me: string,
  more: string | null = null,
): string {
  const all = [...people.map((one) => (one.key === me ? 'you' : who(one))), ...(more === null ? [] : [more])];
  const [last, ...others] = all.toReversed();
  return others.length === 0 ? `Needs ${last}.` : `Needs ${others.toReversed().join(', ')} or ${last}.`;
}
