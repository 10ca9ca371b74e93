import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure, interrupted } from './failure.ts';
import { NetworkFault } from './http.ts';
import { clockTime, countdown, leftMs } from './terminal/times.ts';
import { printable, shorten } from './terminal/printable.ts';
import { requestView, type GrantView, type PersonView, type RequestView } from './views.ts';
import type { Fields } from './wire.ts';

const POLL_MS = 1_500;
const POLL_WITH_EVENTS_MS = 10_000;
const POLL_ACTIVATING_MS = 300;
/** Between two questions, however many events come. */
const AT_MOST_EVERY_MS = 200;
/** A server that restarts is waited for this long. */
const OUTAGE_MS = 30_000;

/** A request as it was last seen, with the answer as the server wrote it, for `--json`. */
export interface Seen {
  readonly request: RequestView;
  readonly raw: Fields;
}

/**
 * Waits until a request is decided and, when it was approved, until every grant of it is usable or over. Ctrl-C leaves the
 * request as it is. Gives the last state back when `timeoutMs` has passed.
 */
export async function waitForRequest(context: Context, id: string, timeoutMs: number): Promise<Seen> {
  const { place } = context;
  const startedAt = place.clock.now();
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  const wakeUp = listen(context, stop.signal);
  const line = progressLine(context);
  let lastHeardAt = startedAt;
  try {
    for (;;) {
      const seen = await look(context, id, stop.signal, lastHeardAt);
      if (seen !== null) {
        lastHeardAt = place.clock.now();
        if (isSettled(seen.request) || lastHeardAt - startedAt >= timeoutMs) return seen;
        line.show(words(seen.request, lastHeardAt), startedAt);
      }
      const activating = seen?.request.status === 'approved';
      const leftMs = Math.max(0, startedAt + timeoutMs - place.clock.now());
      await wakeUp.orAfter(
        Math.min(leftMs, activating ? POLL_ACTIVATING_MS : wakeUp.live() ? POLL_WITH_EVENTS_MS : POLL_MS),
        () => line.show(seen === null ? 'Waiting for the server' : words(seen.request, lastHeardAt), startedAt),
      );
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw interrupted(`You stopped waiting; ${id} stays as it is.`, context.command('wait', id));
  } finally {
    line.clear();
    forget();
    stop.abort();
  }
}

/** One look at the request; `null` when the server cannot be reached for the moment. */
async function look(context: Context, id: string, signal: AbortSignal, lastHeardAt: number): Promise<Seen | null> {
  try {
    const raw = await context.api.get(`/requests/${id}`, { signal });
    return { raw, request: requestView(raw) };
  } catch (error) {
    if (signal.aborted) throw error;
    const passing = error instanceof Failure && error.code === 'server-unreachable';
    if (!passing || context.place.clock.now() - lastHeardAt > OUTAGE_MS) throw error;
    return null;
  }
}

export function isSettled(request: RequestView): boolean {
  if (request.status === 'pending' || request.extends?.status === 'writing') return false;
  return (
    request.status !== 'approved' || (request.grants.length > 0 && request.grants.every((grant) => !isUnderWay(grant)))
  );
}

function isUnderWay({ status, triesAgain }: GrantView): boolean {
  return status === 'scheduled' || status === 'activating' || triesAgain;
}

/** What became of a request, as an exit code. */
export function exitOf(request: RequestView): ExitCode {
  switch (request.status) {
    case 'pending':
      return EXIT.pending;
    case 'lapsed':
      return EXIT.expired;
    case 'approved':
      if (request.extends !== null) return exitOfExtension(request.extends.status);
      return exitOfGrants(request.grants.filter(({ id }) => !request.grants.some(({ retryOf }) => retryOf === id)));
    default:
      return EXIT.denied;
  }
}

function exitOfGrants(grants: readonly GrantView[]): ExitCode {
  if (grants.some((grant) => grant.status === 'failed')) return EXIT.provider;
  if (grants.some((grant) => grant.triesAgain)) return EXIT.pending;
  if (grants.some((grant) => grant.status === 'ended' || grant.status === 'ending')) return EXIT.expired;
  return grants.every((grant) => grant.status === 'active') ? EXIT.ok : EXIT.pending;
}

/** Without it the access is as it was: that is no success for who asked. */
function exitOfExtension(status: string): ExitCode {
  if (status === 'extended') return EXIT.ok;
  return status === 'writing' ? EXIT.pending : status === 'ended-first' ? EXIT.expired : EXIT.denied;
}

function words(request: RequestView, now: number): string {
  if (request.extends?.status === 'writing') return 'Approved, the cloud is being told the later end';
  if (request.status !== 'approved') return `Waiting for ${deciders(request)}`;
  const waits = request.grants.find((grant) => grant.status === 'scheduled' && grant.waits !== null);
  return waits === undefined ? 'Approved, being set up in the cloud' : `Approved, ${waitWords(waits, now)}`;
}

/** Minutes alone: elsewhere than on a terminal each change is a new line. */
function waitWords({ waits, serverTime }: GrantView, now: number): string {
  if (waits === null) return '';
  const why = printable(waits.why);
  if (waits.until === null) return `waits: ${why}`;
  const soon = leftMs(waits.until, serverTime) < 60_000;
  return `starts ${soon ? 'within a minute' : `at about ${clockTime(waits.until, now)}`}: ${why}`;
}

/** Who can decide, as a phrase: `Bo Lind or Cy Young`. */
export function deciders(request: RequestView): string {
  const open = request.steps.filter((step) => step.missing > 0);
  const people = new Map<string, PersonView>(
    open.flatMap((step) => step.eligible).map((person) => [person.key, person]),
  );
  const names = [...people.values()].map((person) => printable(person.name));
  if (names.length === 0) return 'the decision';
  const many = Math.max(names.length, ...open.map((step) => step.eligibleCount));
  const shown = many > 4 ? [...names.slice(0, 3), `${many - 3} others`] : names;
  return shown.length === 1 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1) ?? ''}`;
}

export interface WakeUp {
  live(): boolean;
  orAfter(durationMs: number, tick: () => void): Promise<void>;
}

/** Follows the server's events: each one is a reason to look again. Without them we look more often. */
export function listen(context: Context, signal: AbortSignal): WakeUp {
  const { clock } = context.place;
  let live = false;
  let rung = new AbortController();
  const follow = async (): Promise<void> => {
    try {
      const events = await context.api.events('/events', signal);
      live = true;
      for await (const chunk of events) if (!chunk.startsWith(':')) rung.abort();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    } finally {
      live = false;
    }
  };
  void follow();
  return {
    live: () => live,
    async orAfter(durationMs, tick) {
      const until = clock.now() + durationMs;
      await clock.sleep(Math.min(AT_MOST_EVERY_MS, durationMs), signal);
      while (clock.now() < until && !rung.signal.aborted && !signal.aborted) {
        tick();
        await clock.sleep(Math.min(1_000, until - clock.now()), AbortSignal.any([rung.signal, signal]));
      }
      rung = new AbortController();
      if (signal.aborted) throw new NetworkFault('interrupted', context.server);
    },
  };
}

export interface ProgressLine {
  show(text: string, startedAt: number): void;
  clear(): void;
}

/** One line that is rewritten on a terminal, and written once anywhere else. */
export function progressLine(context: Context, aside = 'Ctrl-C leaves it pending'): ProgressLine {
  const { place, err } = context;
  let shown = '';
  return {
    show(text, startedAt) {
      // Whoever reads JSON reads standard error as JSON too.
      if (context.json) return;
      if (!err.rich) {
        if (text !== shown) context.say(`${text}.`);
        shown = text;
        return;
      }
      const passed = countdown(place.clock.now() - startedAt);
      // A line that wraps cannot be rewritten: first the aside has to go, then the end of the words.
      const room = place.stderr.columns - 3;
      const more = `${passed} · ${aside}`;
      const rest = text.length + 1 + more.length > room ? passed : more;
      shown = `${shorten(text, room - 1 - rest.length)} ${err.dim(rest)}`;
      place.stderr.write(`\r\u001b[2K${err.warn('○')} ${shown}`);
    },
    clear() {
      if (err.rich && shown !== '') place.stderr.write('\r\u001b[2K');
    },
  };
}
