import { useQuery } from '@tanstack/react-query';
import { api, ApiFailure, ask, type Schemas } from './api.ts';
import { verifyEntry, type Verdict } from './verify-proof.ts';

/** The body of an entry, as docs/ledger.md describes it. */
export interface EntryBody {
  readonly kind: string;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly subjects: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly commitments?: Readonly<Record<string, string>>;
  readonly late?: boolean;
}

export interface Entry {
  /** Exactly what was hashed, and what it says; `null`: it does not concern whoever asks. */
  readonly shown: { readonly text: string; readonly body: EntryBody } | null;
  /** Leaf hash, hexadecimal. */
  readonly leaf: string;
}

export type Opening = Schemas['PersonalOpenings']['items'][number];

/** Each reading of the log is an entry of the log: nothing is read again by itself. */
const ONCE = { staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;

/** One entry; `null`: there is none with this number. */
export function useEntry(seq: number) {
  return useQuery({
    queryKey: ['audit', 'entry', seq],
    queryFn: async (): Promise<Entry | null> => {
      const { items } = await ask(() => api.GET('/v1/audit/entries', { params: { query: { from: seq, limit: 1 } } }));
      const [found] = items;
      if (found?.seq !== seq) return null;
      const { body: text, leaf } = found;
      return { shown: text === null ? null : { text, body: JSON.parse(text) as EntryBody }, leaf };
    },
    ...ONCE,
  });
}

/** One entry in words, with the names of people; `null`: it does not concern this person. */
export function useEntryWords(seq: number) {
  return useQuery({
    queryKey: ['audit', 'words', seq],
    queryFn: async (): Promise<Schemas['AuditItem'] | null> => {
      const query = { q: `#${seq}`, limit: 1 };
      const { items } = await ask(() => api.GET('/v1/audit/search', { params: { query } }));
      return items[0] ?? null;
    },
    ...ONCE,
  });
}

/** Proof of an entry with what this browser makes of it; `null`: no checkpoint covers it yet. */
export function useProof(seq: number, entry: Entry | null | undefined, vkey: string | null | undefined) {
  return useQuery({
    queryKey: ['audit', 'proof', seq],
    queryFn: async (): Promise<{ size: number; checkpoint: string; verdict: Verdict } | null> => {
      const proof = await orNull(() => ask(() => api.GET('/v1/audit/proof/{seq}', { params: { path: { seq } } })));
      if (proof === null) return null;
      const held = { body: entry?.shown?.text ?? null, leaf: entry?.leaf ?? '' };
      const verdict = await verifyEntry({ ...proof, ...held, seq, vkey: vkey ?? null });
      return { size: proof.size, checkpoint: proof.checkpoint, verdict };
    },
    enabled: entry != null && vkey !== undefined,
    ...ONCE,
  });
}

/** What the commitments of an entry are about, as far as one may see it. */
export function useOpenings(seq: number, wanted: boolean) {
  return useQuery({
    queryKey: ['audit', 'personal', seq],
    queryFn: async (): Promise<readonly Opening[]> => {
      const found = await orNull(() => ask(() => api.GET('/v1/audit/personal/{seq}', { params: { path: { seq } } })));
      return found?.items ?? [];
    },
    enabled: wanted,
    ...ONCE,
  });
}

async function orNull<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  }
}
