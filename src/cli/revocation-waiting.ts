import type { Context } from './context.ts';
import { Failure, interrupted } from './failure.ts';
import { goesOn, revocationView, type RevocationView } from './revocation-view.ts';
import { listen, progressLine } from './waiting.ts';
import type { Fields } from './wire.ts';

/** People watch this one count down, so it is asked for more often than other things. */
const POLL_MS = 500;
/** A server that restarts is waited for this long; the order goes on whatever we do. */
const OUTAGE_MS = 60_000;

/** An order as it was last seen, with the answer as the server wrote it, for `--json`. */
export interface SeenRevocation {
  readonly order: RevocationView;
  readonly raw: Fields;
}

/** Counts down until nothing is left, nobody can make it less, or `timeoutMs` has passed. Ctrl-C leaves the order as it is. */
export async function waitForZero(context: Context, first: Fields, timeoutMs: number): Promise<SeenRevocation> {
  const { place } = context;
  const startedAt = place.clock.now();
  let seen: SeenRevocation = { raw: first, order: revocationView(first) };
  const { id } = seen.order;
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  const wakeUp = listen(context, stop.signal);
  const line = progressLine(context, 'Ctrl-C leaves it running');
  let lastHeardAt = startedAt;
  try {
    while (!isSettled(seen.order) && place.clock.now() - startedAt < timeoutMs) {
      line.show(countWords(seen.order), startedAt);
      const leftMs = Math.max(0, startedAt + timeoutMs - place.clock.now());
      await wakeUp.orAfter(Math.min(leftMs, POLL_MS), () => line.show(countWords(seen.order), startedAt));
      const next = await look(context, id, stop.signal, lastHeardAt);
      if (next === null) continue;
      seen = next;
      lastHeardAt = place.clock.now();
    }
    return seen;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw interrupted(`You stopped watching; ${id} goes on.`, context.command('revoke', '--status', id));
  } finally {
    line.clear();
    forget();
    stop.abort();
  }
}

/** One look; `null` when the server cannot be reached for the moment. */
async function look(
  context: Context,
  id: string,
  signal: AbortSignal,
  lastHeardAt: number,
): Promise<SeenRevocation | null> {
  try {
    const raw = await context.api.get(`/revocations/${id}`, { signal });
    return { raw, order: revocationView(raw) };
  } catch (error) {
    if (signal.aborted) throw error;
    const passing = error instanceof Failure && error.code === 'server-unreachable';
    if (!passing || context.place.clock.now() - lastHeardAt > OUTAGE_MS) throw error;
    return null;
  }
}

/** Whether waiting longer cannot change anything. */
function isSettled(order: RevocationView): boolean {
  if (order.status === 'partly') return order.asksUntil === null;
  return order.status === 'done' || order.status === 'lapsed' || order.status === 'lifted';
}

/** How far an order is, in one line: `17 left: 13 live, 4 ending; 2 proven gone`. */
export function countWords(order: RevocationView): string {
  const left = order.live + order.ending;
  const waits = order.status === 'waiting' || order.status === 'partly' ? '; waiting for a second person' : '';
  const on = goesOn(order);
  const gone = `${Math.max(0, order.gone - on)} proven gone${on === 0 ? '' : `, ${on} over that ${on === 1 ? 'goes' : 'go'} on`}`;
  return `${left} left: ${order.live} live, ${order.ending} ending; ${gone}${waits}`;
}
