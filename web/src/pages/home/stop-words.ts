import type { Stop } from '../../data/stops.ts';

/** What an order stops of mine, in a line; what follows from it; and what to do. */
export interface StopWords {
  readonly what: string;
  readonly follows: string;
  readonly toDo: string;
  /** Whether somebody who is asked has to be told which order it is. */
  readonly named: boolean;
}

export function stopWords({ scope, target, reach, holds, byMe }: Omit<Stop, 'since' | 'order'>): StopWords {
  const how = reach === 'all' ? 'All' : 'Some';
  if (scope === 'person' && byMe && !holds)
    return {
      what: 'You stopped your own access',
      follows: 'All that you held is being ended.',
      toDo: 'You can ask again as soon as it is proven gone.',
      named: false,
    };
  const what = {
    person: `${how} of your access is stopped`,
    target: `${how === 'All' ? 'All access' : 'Some access'} on ${target ?? 'a target'} is stopped, yours too`,
    all: 'All access of everybody is stopped, yours too',
  }[scope];
  const follows =
    reach === 'all'
      ? 'What you held of it ends, and nothing starts while the order stands.'
      : 'Whoever gave the order may end it alone: what you held of it ends, and none of it starts while the order stands. The request form says of each thing whether it would.';
  return {
    what,
    follows,
    toDo: 'If you need it, ask whoever answers for the role or the target: they can lift it. Name them the order',
    named: true,
  };
}
