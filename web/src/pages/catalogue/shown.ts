import type { CatalogueItem } from '../../data/api.ts';

/** What is in the address of the catalogue, which anybody may have written. */
export function readSearch(search: Record<string, unknown>): { readonly q?: string } {
  const { q } = search;
  return typeof q === 'string' && q !== '' ? { q: q.slice(0, 200) } : {};
}

export const pairOf = ({ role, target }: Pick<CatalogueItem, 'role' | 'target'>): string => `${role} ${target}`;

/** The clouds that something is in, in the order of their names. */
export function providersOf(items: readonly Pick<CatalogueItem, 'provider'>[]): readonly string[] {
  return [...new Set(items.map(({ provider }) => provider))].sort();
}

/** What is shown of one cloud, or of `all`; one that nothing is in any more shows everything. */
export function shownOf<Item extends Pick<CatalogueItem, 'provider'>>(
  items: readonly Item[],
  provider: string,
): readonly Item[] {
  return items.some((item) => item.provider === provider) ? items.filter((item) => item.provider === provider) : items;
}

/** How much of how much is shown. What the server left out is said. */
export function countWords(shown: number, read: number, total: number): string {
  if (total > read) return `${shown} are shown, of ${total} that match. Type more words to find the others.`;
  return shown === read ? `${total} roles on targets` : `${shown} of ${total} roles on targets`;
}
