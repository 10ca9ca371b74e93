import type { Schemas } from '../../data/api.ts';

export type Kind = keyof Schemas['NotificationSettings']['kinds'];

/** What can be told, in the words of whoever reads it. A test holds it against the kinds that there are. */
export const KIND_WORDS: readonly {
  readonly title: string;
  readonly of: readonly (readonly [kind: Kind, words: string])[];
}[] = [
  {
    title: 'When I can decide',
    of: [
      ['waits', 'A request waits for me'],
      ['escalated', 'A request has come to me because others did not answer'],
      ['decide-again', 'My yes does not count any more, because what it was for has changed'],
    ],
  },
  {
    title: 'About what I asked for',
    of: [
      ['approved', 'It was approved, and is not usable within a minute'],
      ['denied', 'It was denied'],
      ['lapsed', 'It lapsed: mostly nobody decided it in time'],
      ['withdrawn', 'It was withdrawn'],
      ['active', 'The access is usable'],
      ['ending-soon', 'It ends soon'],
      ['extended', 'Its end was moved to later'],
      ['not-extended', 'Its end was not moved'],
      ['ended', 'It ended, with the proof'],
      ['failed', 'It could not be started'],
      ['not-gone', 'It should be over, and is not yet proven gone'],
    ],
  },
];
