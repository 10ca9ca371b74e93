import type { ExportedCheckpoint, ExportedEntry, VerifySource } from '../ledger/verify.ts';
import type { Api } from './session/api.ts';
import { LoggedStates, type StateRow } from './logged-states.ts';
import { list, number, numberOrNull, text, textOrNull } from './wire.ts';

const PAGE = 1_000;

/**
 * The log of a server, read page by page. Every page that is read is itself an entry, so the log grows under us: what is verified
 * ends where the newest checkpoint did when we began, and what came after is only counted.
 */
export interface LogDownload extends VerifySource {
  /** Entries read so far beyond the newest checkpoint. */
  beyond(): number;
  /** What the entries read so far say about requests and grants. */
  readonly states: LoggedStates;
  /** Reads on from where it stopped, into the states. */
  readOn(): Promise<void>;
}

export function downloadLog(api: Api, onProgress: (entries: number, of: number) => void): LogDownload {
  const states = new LoggedStates();
  let signedSize = 0;
  let next = 0;

  async function* pages(): AsyncGenerator<readonly ExportedEntry[]> {
    for (;;) {
      const page = await api.get(`/audit/entries?from=${next}&limit=${PAGE}`);
      const items = list(page, 'items', (of): ExportedEntry => ({
        seq: number(of, 'seq'),
        body: textOrNull(of, 'body'),
        leaf: text(of, 'leaf'),
      }));
      for (const { body } of items) if (body !== null) states.learn(body);
      next += items.length;
      yield items;
      if (items.length < PAGE) return;
    }
  }

  return {
    states,
    beyond: () => Math.max(0, next - signedSize),
    async readOn() {
      for await (const page of pages()) void page;
    },
    async *checkpoints(): AsyncGenerator<ExportedCheckpoint> {
      let from: number | null = 0;
      while (from !== null) {
        const page = await api.get(`/audit/checkpoints?from=${from}&limit=${PAGE}`);
        for (const checkpoint of list(page, 'items', (of) => ({ size: number(of, 'size'), note: text(of, 'note') }))) {
          signedSize = Math.max(signedSize, checkpoint.size);
          yield checkpoint;
        }
        from = numberOrNull(page, 'nextFrom');
      }
    },
    async *entries(): AsyncGenerator<ExportedEntry> {
      let given = 0;
      for await (const page of pages()) {
        for (const entry of page) {
          if (given >= signedSize) break;
          given += 1;
          yield entry;
        }
        onProgress(Math.min(next, signedSize), signedSize);
      }
    },
  };
}

/** What the server says is so now. */
export async function readStates(api: Api): Promise<readonly StateRow[]> {
  const rows: StateRow[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page = await api.get(
      `/audit/reconciliation?limit=${PAGE}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
    );
    rows.push(
      ...list(page, 'items', (of) => ({
        kind: text(of, 'kind'),
        id: text(of, 'id'),
        state: text(of, 'state'),
        endsAt: textOrNull(of, 'endsAt'),
      })),
    );
    after = textOrNull(page, 'nextAfter');
  }
  return rows;
}
