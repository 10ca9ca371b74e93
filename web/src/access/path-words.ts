import type { CatalogueItem } from '../data/api.ts';

/** How something would be decided, in a few words. */
export const PATH_WORDS: Readonly<Record<CatalogueItem['path'], string>> = {
  automatic: 'At once, by rule',
  approval: 'Somebody agrees',
  refused: 'Not for you now',
  later: 'Not available yet',
};
