import type { Schemas } from './api.ts';

/**
 * A person as whoever decides about them, or because of them, reads it: with the key, which is theirs alone. Names can be alike, or made to
 * look it. Whoever has no name in the directory is called by the key. Where there is markup, `Person` (`ui/signs.tsx`) says the same.
 */
export const who = ({ name, key }: Pick<Schemas['Person'], 'key' | 'name'>): string =>
  name === key ? key : `${name} (${key})`;
