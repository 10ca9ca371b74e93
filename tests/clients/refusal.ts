import { setTimeout as pause } from 'node:timers/promises';

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The first question that was refused. Epoch milliseconds. */
export interface Refusal {
  /** When it was asked: whatever was served before was asked earlier than that. */
  readonly askedAt: number;
  /** When the answer was there, which on a busy machine is seconds later. */
  readonly answeredAt: number;
  readonly stderr: string;
}

/** In so long everything that was allowed until an end is refused, where the cloud itself ends it. */
export const BOUND_MS = 5_000;

/**
 * Asks until AWS refuses, before the end and after it. A question that would be under way at the end says nothing of either side, so none
 * is asked then. Throws when something is served that was asked later than the end and the bound, and when `aws` fails for another reason.
 */
export async function untilRefused(ask: () => Promise<Outcome>, endsAt: number): Promise<Refusal> {
  let longestMs = 0;
  for (;;) {
    const leftMs = endsAt - Date.now();
    if (leftMs > 0 && leftMs < 2 * longestMs) await pause(leftMs);
    const askedAt = Date.now();
    const { code, stderr } = await ask();
    const answeredAt = Date.now();
    // The object is looked at before it is copied, and an answer to a HEAD has no words.
    if (code !== 0 && /AccessDenied|ExpiredToken|403|Forbidden/.test(stderr)) return { askedAt, answeredAt, stderr };
    if (code !== 0) throw new Error(`neither served nor refused: ${code} ${stderr}`);
    if (askedAt > endsAt + BOUND_MS) throw new Error(`served, and asked ${askedAt - endsAt} ms after the end`);
    longestMs = Math.max(longestMs, answeredAt - askedAt);
  }
}

/** The end of a grant as `curfew ls --json` says it, epoch milliseconds. */
export function endOf(listed: string, grant: string): number {
  const { grants } = JSON.parse(listed) as { grants: readonly { readonly id: string; readonly endsAt: string }[] };
  const endsAt = Date.parse(grants.find(({ id }) => id === grant)?.endsAt ?? '');
  if (Number.isNaN(endsAt)) throw new Error(`no end of ${grant} in ${listed}`);
  return endsAt;
}
