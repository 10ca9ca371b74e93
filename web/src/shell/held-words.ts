import type { Grant } from '../data/api.ts';
import { countdown } from '../time/countdown.ts';
import { grantState } from '../time/wording.ts';

/** What the counter shows, and the same as a sentence for those who hear it. */
export interface HeldWords {
  /** What is active or ending. */
  readonly count: number;
  /** What is left until the first end that still comes; `ending…` where none does. */
  readonly left: string;
  readonly sentence: string;
}

/** How much somebody holds of `grants`, which stand in the order of their ends, at `now`. What is ending hides no end that still comes. `null`: nothing. */
export function heldWords(
  grants: readonly Pick<Grant, 'status' | 'endsAt' | 'waits'>[],
  now: number,
): HeldWords | null {
  const held = grants.filter(({ status }) => status === 'active' || status === 'ending');
  const active = held.filter((grant) => grantState(grant, now).word === 'active');
  const ending = held.length - active.length;
  if (held.length === 0) return null;
  const endsAt = active.find((grant) => grant.endsAt !== null)?.endsAt ?? null;
  const left = endsAt === null ? null : countdown(now, Date.parse(endsAt));
  const parts = [
    active.length === 0 ? '' : `${active.length} active`,
    left === null ? '' : `the first ends in ${left.words}`,
    ending === 0 ? '' : `${ending} ending`,
  ];
  return {
    count: held.length,
    left: left?.text ?? (active.length === 0 ? 'ending…' : ''),
    sentence: parts.filter((part) => part !== '').join(', '),
  };
}
