import type { CatalogueItem } from '../../data/api.ts';

/** The clouds that one can look in. */
export const CLOUDS = [
  { value: 'all', label: 'All' },
  { value: 'aws', label: 'AWS' },
  { value: 'azure', label: 'Azure' },
  { value: 'gcp', label: 'Google' },
] as const;
type Cloud = Exclude<(typeof CLOUDS)[number]['value'], 'all'>;

export interface CatalogueSearch {
  readonly q?: string;
  readonly provider?: Cloud;
}

/** What is in the address of the catalogue, which anybody may have written. */
export function readSearch(search: Record<string, unknown>): CatalogueSearch {
  const { q, provider } = search;
  return withCloud(typeof q === 'string' ? withWords({}, q.slice(0, 200)) : {}, provider);
}

export function withWords({ q: _, ...rest }: CatalogueSearch, q: string): CatalogueSearch {
  return q === '' ? rest : { ...rest, q };
}

export function withCloud({ provider: _, ...rest }: CatalogueSearch, value: unknown): CatalogueSearch {
  const cloud = CLOUDS.find((one) => one.value === value)?.value ?? 'all';
  return cloud === 'all' ? rest : { ...rest, provider: cloud };
}

export const pairOf = ({ role, target }: Pick<CatalogueItem, 'role' | 'target'>): string => `${role} ${target}`;

/** How much of how much is shown; the rest comes as one goes down. */
export function countWords(shown: number, total: number): string {
  const all = `${total} ${total === 1 ? 'role on a target' : 'roles on targets'}`;
  return shown >= total ? all : `${all}, ${shown} of them read so far`;
}
