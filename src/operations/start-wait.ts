import { toIso } from '../core/time.ts';
import type { GrantRecord } from '../store/grants.ts';
import { AT_WORK_THERE, ENDING_THERE, WRITES_THERE } from '../store/slot-grants.ts';

/** How the engine notes that a start waits for its turn: no fault, and nothing that only the holder may see. */
const WAITING = 'waiting: ';
/** When the engine looks again is no time that could be told to people here: it does so until there is nothing more to wait for. */
const UNTIMED: ReadonlySet<string> = new Set([AT_WORK_THERE, ENDING_THERE, WRITES_THERE]);

/** What the last look at a grant came to: a fault, or what its start waits for; `until` is `null` where nobody knows. */
export function faultOrWait({ state, dueAt, lastFault }: Pick<GrantRecord, 'state' | 'dueAt' | 'lastFault'>): {
  readonly lastFault: string | null;
  readonly waits: { readonly until: string | null; readonly why: string } | null;
} {
  if (state.kind !== 'scheduled' || dueAt === null || lastFault?.startsWith(WAITING) !== true)
    return { lastFault, waits: null };
  const why = lastFault.slice(WAITING.length);
  return { lastFault: null, waits: { until: UNTIMED.has(why) ? null : toIso(dueAt), why } };
}
