import type { Order } from '../data/orders.ts';
import { needsOneOf, who } from '../data/who.ts';
import type { State } from '../time/wording.ts';

/** What an order stops, in a line. */
export function whatOf({ kind, person, target }: Order['scope']): string {
  if (kind === 'all') return 'All access of everybody';
  return kind === 'person'
    ? `All access of ${person === null ? 'somebody' : who(person)}`
    : `All access on ${target ?? 'a target'}`;
}

/**
 * Of what is over, how much goes on all the same at `now`: sessions that could not be cut, until they have run out, and access from before
 * Curfew. Nobody calls that gone.
 */
export function goesOn({ sessions, until, standing }: Order['survives'], now: number) {
  return { sessions: until !== null && now < Date.parse(until) ? sessions : 0, standing };
}

/** How an order stands at `now`. */
export function orderState(
  { status, stopsNew, asksUntil, survives }: Pick<Order, 'status' | 'stopsNew' | 'asksUntil' | 'survives'>,
  now: number,
): State {
  switch (status) {
    case 'waiting':
      return { word: 'waits for a second person', tone: 'waiting' };
    case 'ending':
      return { word: 'ending…', tone: 'waiting' };
    case 'partly':
      return { word: asksUntil === null ? 'not all of it' : 'the rest needs a second person', tone: 'waiting' };
    case 'done': {
      const { sessions, standing } = goesOn(survives, now);
      const word = standing > 0 ? 'all over, some access stays' : sessions > 0 ? 'all over, sessions go on' : null;
      return word === null
        ? { word: stopsNew ? 'all gone, and nothing starts' : 'all gone', tone: 'good' }
        : { word, tone: 'waiting' };
    }
    case 'lapsed':
      return { word: 'nobody confirmed it', tone: 'quiet' };
    case 'lifted':
      return { word: 'lifted', tone: 'quiet' };
  }
}

type Counted = Pick<Order, 'counts' | 'reach' | 'status' | 'survives'>;

/** How far it is at `now`. What is beyond its reach is not hidden behind what is within, nor what goes on behind what is over. */
export function progressOf({ counts: { live, ending, gone: over }, reach, status, survives }: Counted, now: number) {
  // A confirmed order reaches everything: what it has not told to end yet is left. Of another one that may be beyond its reach for ever.
  const beyond = status === 'ending' && reach === 'all' ? 0 : live;
  const told = over + ending + (live - beyond);
  const { sessions, standing } = goesOn(survives, now);
  return {
    told,
    gone: Math.max(0, over - sessions - standing),
    sessions,
    standing,
    beyond,
    /** What is left of what was told to end, 1 to 0. */
    part: told === 0 ? 0 : (told - over) / told,
  };
}

/** The same in a few words, for a list. */
export function progressWords(order: Counted, now: number): string {
  const { told, gone, sessions, standing, beyond } = progressOf(order, now);
  const words = [
    told > 0 ? `${gone} of ${told} proven gone` : beyond === 0 ? 'nothing was held' : null,
    sessions === 0 ? null : `${sessions} with sessions that may go on`,
    standing === 0 ? null : `${standing} from before Curfew ${standing === 1 ? 'stays' : 'stay'}`,
    beyond === 0 ? null : `${beyond} live`,
  ];
  return words.filter((one) => one !== null).join(', ');
}

/** The same in sentences: zero is not always nothing. `timeOf`: how the reader writes a time. */
export function survivorWords(
  survives: Order['survives'],
  now: number,
  timeOf: (at: string) => string,
): readonly string[] {
  const { sessions, standing } = goesOn(survives, now);
  const open =
    sessions === 0 || survives.until === null
      ? []
      : [
          `Sessions of ${sessions} of them could not be cut and may go on until ${timeOf(survives.until)}; no new ones can be made.`,
        ];
  return [...open, ...(standing === 0 ? [] : [`${standing} of them had access from before Curfew, which remains.`])];
}

/** `61.2 s`, or `4 min 10 s`: people compare these, so the short ones have one unit. */
export function timeToZero(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

/** From when a time to zero runs, until what, and how long all of it took if it began later than the order. `over`: some goes on all the same. */
export function zeroWords(
  {
    orderedAt,
    startedAt,
    confirmedAt,
    finishedAt,
  }: Pick<Order, 'orderedAt' | 'startedAt' | 'confirmedAt' | 'finishedAt'>,
  over: boolean,
): string {
  const until = `until the last of it was ${over ? 'over' : 'proven gone'}`;
  if (startedAt === null || finishedAt === null || Date.parse(startedAt) <= Date.parse(orderedAt))
    return `from the order ${until}.`;
  const from = startedAt === confirmedAt ? 'the confirmation' : 'when it was widened';
  const whole = timeToZero(Date.parse(finishedAt) - Date.parse(orderedAt));
  return `from ${from} ${until}; ${whole} from the order.`;
}

/** How long a second person has, as `asksUntil` of an order says while they have. */
const ASKS_FOR_MS = 15 * 60_000;

/** The second person of an order that has none. */
export function secondWords(
  { asksUntil, reach, orderedAt, liftedAt }: Pick<Order, 'asksUntil' | 'reach' | 'orderedAt' | 'liftedAt'>,
  now: number,
): string {
  if (asksUntil !== null && now < Date.parse(asksUntil)) return 'nobody yet';
  if (liftedAt !== null && Date.parse(liftedAt) < Date.parse(orderedAt) + ASKS_FOR_MS)
    return 'nobody, before it was lifted';
  return reach === 'none' ? 'nobody, in the 15 minutes there were' : 'nobody';
}

/** Who is asked for as the second person of an order; `null`: nobody is, or it is not said. `me` is called _you_. */
export function confirmerWords(
  { confirmers, status }: Pick<Order, 'confirmers' | 'status'>,
  me: string,
): string | null {
  // One that has ended all there was could still be widened, but nothing waits for that.
  if (status === 'done' || confirmers === null || confirmers.people.length === 0) return null;
  const { people, more } = confirmers;
  const others = more === 1 ? 'another who answers' : `one of ${more} others who answer`;
  return needsOneOf(people, me, more === 0 ? null : `${others} for a role or a target`);
}

/** Why some of what an order covers goes on, and what can be done. `beyond`: how many. */
export function beyondWords(order: Pick<Order, 'asksUntil' | 'status'>, beyond: number): string {
  if (order.status === 'lifted') return 'nobody confirmed it before it was lifted.';
  if (order.asksUntil === null) return 'nobody confirmed it in time. Give the order again if it has to end.';
  return `${beyond === 1 ? 'it ends' : 'they end'} when a second person confirms.`;
}
