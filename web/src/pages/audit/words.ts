import type { Verdict } from '../../data/verify-proof.ts';
import type { State } from '../../time/wording.ts';

/** The number of an entry from an address; `null`: it is none. */
export function readSeq(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A longer value is for machines: a key, a signature, a document. */
const MOST_READ = 80;

/** The facts of an entry as text: those that a person reads, and those to look at when one wants to. */
export function factRows(facts: Readonly<Record<string, unknown>>): {
  readonly short: readonly (readonly [name: string, text: string])[];
  readonly long: readonly (readonly [name: string, text: string])[];
} {
  const rows = Object.entries(facts).map(([name, value]): readonly [string, string] => [name, factText(value)]);
  return {
    short: rows.filter(([, text]) => text.length <= MOST_READ),
    long: rows.filter(([, text]) => text.length > MOST_READ),
  };
}

function factText(value: unknown): string {
  if (typeof value === 'string') return value;
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isList ? value.join(', ') : JSON.stringify(value);
}

/** What this browser found, in words that claim no more than it did. */
export function verdictWords(
  { inTree, signature }: Verdict,
  size: number,
): { readonly state: State; readonly text: string } {
  const last = size - 1;
  if (!inTree || signature === 'broken')
    return {
      state: { word: 'does not hold', tone: 'bad' },
      text: inTree
        ? 'The checkpoint is not signed by the key of this log. Tell whoever answers for security.'
        : 'The entry is not in the tree that was signed. Tell whoever answers for security.',
    };
  if (signature === 'unknown')
    return {
      state: { word: 'in the tree', tone: 'waiting' },
      text: `Your browser has recomputed that the entry is in the tree of #0 to #${last}. The signature of the checkpoint it could not verify: use the command line.`,
    };
  return {
    state: { word: `verified to #${last}`, tone: 'good' },
    text: `Your browser has recomputed that the entry is in the tree of #0 to #${last}, and that the key of the log has signed that tree.`,
  };
}

/** What one can look for with a press: the first words of kinds. */
export const ABOUT = [
  { value: 'all', label: 'Everything' },
  { value: 'request', label: 'Requests' },
  { value: 'approval', label: 'Approvals' },
  { value: 'grant', label: 'Access' },
  { value: 'ledger.read', label: 'Readings' },
] as const;

/** Which of {@link ABOUT} an address means; another kind is none of them, and is still looked for. */
export function aboutOf(kind: string | undefined): string {
  return ABOUT.find(({ value }) => value === kind)?.value ?? (kind === undefined ? 'all' : '');
}

/** What stands in the address of the search, which anybody may have written. */
export function readAuditSearch(search: Record<string, unknown>): { readonly q?: string; readonly kind?: string } {
  const { q, kind } = search;
  return {
    ...(typeof q === 'string' && q !== '' ? { q: q.slice(0, 200) } : {}),
    ...(typeof kind === 'string' && kind !== '' ? { kind: kind.slice(0, 60) } : {}),
  };
}

/** Whether a checkpoint covers an entry. */
export function coveredState(covered: boolean): State {
  return covered ? { word: 'signed', tone: 'good' } : { word: 'not yet', tone: 'waiting' };
}
