import type { PersonView } from '../views.ts';
import { printable } from './printable.ts';

/** A person with the key, which is theirs alone and is what commands take: names can be alike. `Ana Ribeiro (ana)`. */
export function who({ name, key }: PersonView): string {
  return `${printable(name)} (${printable(key)})`;
}
