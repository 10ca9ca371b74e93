import type { Order } from '../data/orders.ts';
import { who } from '../data/who.ts';
import type { State } from '../time/wording.ts';

/** What an order stops, in a line. */
export function whatOf({ kind, person, target }: Order['scope']): string {
  if (kind === 'all') return 'All access of everybody';
  return kind === 'person'
    ? `All access of ${person === null ? 'somebody' : who(person)}`
    : `All access on ${target ?? 'a target'}`;
}

/** How an order stands. */
export function orderState({ status, stopsNew, asksUntil }: Pick<Order, 'status' | 'stopsNew' | 'asksUntil'>): State {
  switch (status) {
    case 'waiting':
      return { word: 'waits for a second person', tone: 'waiting' };
    case 'ending':
      return { word: 'ending…', tone: 'waiting' };
    case 'partly':
      return { word: asksUntil === null ? 'not all of it' : 'the rest needs a second person', tone: 'waiting' };
    case 'done':
      return { word: stopsNew ? 'all gone, and nothing starts' : 'all gone', tone: 'good' };
    case 'lapsed':
      return { word: 'nobody confirmed it', tone: 'quiet' };
    case 'lifted':
      return { word: 'lifted', tone: 'quiet' };
  }
}

/** How far it is. What is beyond its reach is not hidden behind what is within. */
export function progressOf({
  counts: { live, ending, gone },
  reach,
  status,
}: Pick<Order, 'counts' | 'reach' | 'status'>) {
  // A confirmed order reaches everything: what it has not told to end yet is left. Of another one that may be beyond its reach for ever.
  const beyond = status === 'ending' && reach === 'all' ? 0 : live;
  const told = ending + gone + (live - beyond);
  return {
    told,
    gone,
    beyond,
    /** What is left of what was told to end, 1 to 0. */
    part: told === 0 ? 0 : (told - gone) / told,
  };
}

/** The same in a few words, for a list. */
export function progressWords(order: Pick<Order, 'counts' | 'reach' | 'status'>): string {
  const { told, gone, beyond } = progressOf(order);
  const within = told === 0 ? (beyond === 0 ? 'nothing was held' : null) : `${gone} of ${told} proven gone`;
  const others = beyond === 0 ? null : `${beyond} live`;
  return [within, others].filter((one) => one !== null).join(', ');
}

/** What goes on although it is proven gone: zero is not always nothing. `timeOf`: how the reader writes a time. */
export function survivorWords(
  { sessions, until, standing }: Order['survives'],
  timeOf: (at: string) => string,
): readonly string[] {
  const open =
    sessions === 0 || until === null
      ? []
      : [
          `Sessions of ${sessions} of them could not be cut and may go on until ${timeOf(until)}; no new ones can be made.`,
        ];
  return [...open, ...(standing === 0 ? [] : [`${standing} of them had access from before Curfew, which remains.`])];
}

/** `61.2 s`, or `4 min 10 s`: people compare these, so the short ones have one unit. */
export function timeToZero(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}
