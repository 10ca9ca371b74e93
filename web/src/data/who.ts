import type { Schemas } from './api.ts';

/**
 * A person as whoever decides about them, or because of them, reads it: with the key, which is theirs alone. Names can be alike, or made to
 * look it. Whoever has no name in the directory is called by the key. Where there is markup, `Person` (`ui/signs.tsx`) says the same.
 */
export const who = ({ name, key }: Pick<Schemas['Person'], 'key' | 'name'>): string =>
  name === key ? key : `${name} (${key})`;

/** Who is asked for, one of them: `Needs 1 of Ana Ribeiro (ana), you.` `more`: how many there are besides. */
export function needsOneOf(
  people: readonly Pick<Schemas['Person'], 'key' | 'name'>[],
  me: string,
  more: string | null = null,
): string {
  const names = people.map((one) => (one.key === me ? 'you' : who(one)));
  if (names.length === 1 && more === null) return `Needs ${names.join('')}.`;
  return `Needs 1 of ${names.join(', ')}${more === null ? '' : ` and ${more}`}.`;
}
