import type { Instant } from '../../core/time.ts';
import type { BindingSpec, Ending } from '../contract.ts';

/** The end that a tombstone is wanted with: exactly, for access that begins or goes on; `earlier` is as good where it ends. */
export interface WantedEnd {
  readonly endsAt: Instant;
  readonly orEarlier: boolean;
}

/**
 * How the tombstone of a slot stands.
 * - `in-force`: from its end on AWS denies every call of the user by the set in the account.
 * - `not-there-yet`: the set says so, and the account does not know yet.
 * - `other-end`: it says another end than the one that is wanted.
 * - `none`: the set has none for the slot, or somebody has edited it.
 * - `full`: the set has none, and no room for one.
 * - `set-gone`: the account does not have the set any more, so nobody has a session of it that could do anything.
 */
export type TombstoneState = 'in-force' | 'not-there-yet' | 'other-end' | 'none' | 'full' | 'set-gone';

/** Access that begins or goes on wants its end exactly. */
export const exactly = (endsAt: Instant): WantedEnd => ({ endsAt, orEarlier: false });

/** The end that a denial has to have when a grant ends: what was promised, or now where that is earlier. */
export function noLater({ endsAt }: BindingSpec, { since }: Ending): WantedEnd {
  return { endsAt: since < endsAt ? since : endsAt, orEarlier: true };
}

/**
 * Whether there may be sessions that are not denied yet. What failed to begin was not assigned before its denial stood, so where none
 * stands there is nothing to deny.
 */
export function needsCut(state: TombstoneState, { cause }: Ending): boolean {
  switch (state) {
    case 'in-force':
    case 'full':
    case 'set-gone':
      return false;
    case 'none':
      return cause !== 'failed';
    case 'other-end':
    case 'not-there-yet':
      return true;
  }
}
