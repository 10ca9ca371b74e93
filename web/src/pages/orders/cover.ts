import type { Grant } from '../../data/api.ts';
import { quoted } from '../../data/quoted.ts';

/** Whom or what an order is to stop. */
export type Chosen =
  | { readonly kind: 'person'; readonly key: string; readonly name: string }
  | { readonly kind: 'target'; readonly key: string; readonly name: string }
  | { readonly kind: 'all' };

const OVER = new Set<Grant['status']>(['ended', 'failed']);
type Seen = Pick<Grant, 'status' | 'person' | 'target'>;

/** The access that an order is about, of what is live. */
export function coveredBy<One extends Seen>(grants: readonly One[], chosen: Chosen): readonly One[] {
  return grants.filter(({ status, person, target }) => {
    if (OVER.has(status)) return false;
    if (chosen.kind === 'all') return true;
    return chosen.kind === 'person' ? person.key === chosen.key : target === chosen.key;
  });
}

/** How much an order covers. */
export interface Extent {
  readonly grants: number;
  readonly ending: number;
  readonly people: number;
  /** How many of them are held under other entries of the same person, and stand in no list under this one's name. */
  readonly elsewhere: number;
}

/**
 * The figures of what is live here, which follow each change; for a person who holds something under other entries of the directory too, or
 * where not everything was read here, those of the server.
 */
export function extentOf(
  covered: readonly Seen[],
  more: boolean,
  foreseen: { readonly grants: number; readonly ending: number; readonly entries: number } | undefined,
): Extent {
  const here = {
    grants: covered.length,
    ending: covered.filter(({ status }) => status === 'ending').length,
    people: new Set(covered.map(({ person }) => person.key)).size,
  };
  if (foreseen === undefined || (!more && foreseen.entries <= here.people)) return { ...here, elsewhere: 0 };
  const { grants, ending, entries } = foreseen;
  const elsewhere = entries > here.people ? Math.max(0, grants - here.grants) : 0;
  return { grants, ending, people: Math.min(1, entries), elsewhere };
}

/** One of those that can be chosen, with how much of what is live is theirs. */
export interface Candidate {
  readonly key: string;
  readonly name: string;
  readonly held: number;
}

/** Whoever holds something, or on what something is held; who holds most comes first. */
export function candidates(grants: readonly Seen[], kind: 'person' | 'target'): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { status, person, target } of grants) {
    if (OVER.has(status)) continue;
    const { key, name } = kind === 'person' ? person : { key: target, name: target };
    found.set(key, { key, name, held: (found.get(key)?.held ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => b.held - a.held || a.name.localeCompare(b.name));
}

/** So many are shown to choose from. */
export const MOST_SHOWN = 8;

/**
 * Those that match every word. Whoever is typed in full and holds nothing now can be chosen too: an order keeps new access from
 * starting, so it has a use also where there is nothing to end.
 */
export function matching(all: readonly Candidate[], typed: string): readonly Candidate[] {
  const key = typed.trim();
  const words = key.toLowerCase().split(/\s+/);
  const fit = all.filter(({ key: own, name }) => words.every((word) => `${own} ${name}`.toLowerCase().includes(word)));
  const exact = key === '' || all.some((one) => one.key === key);
  return [...fit.slice(0, MOST_SHOWN), ...(exact || /\s/.test(key) ? [] : [{ key, name: key, held: 0 }])];
}

/** As the API takes it. */
export function bodyOf(chosen: Chosen, reason: string) {
  if (chosen.kind === 'all') return { all: true as const, reason };
  return chosen.kind === 'person' ? { person: chosen.key, reason } : { target: chosen.key, reason };
}

/** The same on the command line. */
export function commandLine(chosen: Chosen, reason: string): `curfew ${string}` {
  const what = chosen.kind === 'all' ? ['--all'] : [`--${chosen.kind}`, quoted(chosen.key)];
  const why = reason.trim() === '' ? [] : ['--reason', quoted(reason.trim())];
  return `curfew ${['revoke', ...what, ...why].join(' ')}`;
}
