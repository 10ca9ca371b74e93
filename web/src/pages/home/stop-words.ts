import type { Stop } from '../../data/stops.ts';

/** What an order stops of mine, in a line; what follows from it; and what to do. */
export interface StopWords {
  readonly what: string;
  readonly follows: string;
  readonly toDo: string;
}

export function stopWords({ scope, target, reach, holds, byMe, order }: Omit<Stop, 'since'>): StopWords {
  const how = reach === 'all' ? 'All' : 'Some';
  if (scope === 'person' && byMe && !holds)
    return {
      what: 'You stopped your own access',
      follows: 'All that you held is being ended.',
      toDo: 'You can ask again as soon as it is proven gone.',
    };
  const what = {
    person: `${how} of your access is stopped`,
    target: `${how === 'All' ? 'All access' : 'Some access'} on ${target ?? 'a target'} is stopped, yours too`,
    all: 'All access of everybody is stopped, yours too',
  }[scope];
  const follows =
    reach === 'all'
      ? 'What you held of it ends, and nothing starts while the order stands.'
      : 'It is what whoever gave the order may end alone: what you held of that ends, and none of it starts while the order stands. The request form says whether it would.';
  return {
    what,
    follows,
    toDo: `If you need it, ask whoever answers for the role or the target, and name them the order ${order}: they can lift it.`,
  };
}
