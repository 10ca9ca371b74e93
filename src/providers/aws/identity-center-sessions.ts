import { after } from '../../core/time.ts';
import { ProviderFault, type BindingSpec, type Ending, type Residual } from '../contract.ts';
import { LONGEST_SSO_SESSION_MS, NOT_CUT_RESIDUAL, outlastingResidual } from './capabilities.ts';
import { everybody, type Located } from './identity-center-located.ts';
import type { AssignmentPlace } from './identity-center-place.ts';
import type { Asked } from './identity-center-statuses.ts';
import { needsCut, noLater, type TombstoneState } from './tombstone-state.ts';
import type { Tombstones } from './tombstones.ts';

/** So long after an end it is tried to cut the sessions that began before: those that were promised have expired then, whatever became of that. */
const CUTTING_MS = LONGEST_SSO_SESSION_MS + 300_000;

/** A slot that is being ended, and why. */
interface Ended {
  readonly place: AssignmentPlace;
  readonly at: Located;
  readonly spec: BindingSpec;
  readonly ending: Ending;
}

/** Brings the denial of a slot forward to its end, for everybody who could stand there. Throws faults. */
export async function cutSessions(
  tombstones: Tombstones,
  { place, at, spec, ending }: Ended,
  asked: Asked,
): Promise<void> {
  for (const names of everybody(place, at)) {
    const seen = await tombstones.look(names, noLater(spec, ending), asked);
    if (needsCut(seen, ending)) await tombstones.stand(names, noLater(spec, ending), asked);
  }
}

/**
 * What an ending may say of sessions that began before it, once the assignment is gone: how the tombstones of the slot stand, and whether
 * all of them are denied. `uncut`: they can still be used, and be cut; `being-cut`: the set denies them, and the account will know soon.
 */
export async function sessionsCut(
  tombstones: Tombstones,
  { place, at, spec, ending }: Ended,
  asked: Asked,
): Promise<{ readonly tombstone: string; readonly allDenied: boolean } | 'uncut' | 'being-cut'> {
  const states: (TombstoneState | 'unknown')[] = [];
  for (const names of everybody(place, at)) {
    const seen = await tombstones.look(names, noLater(spec, ending), asked).catch((error: unknown) => {
      // Whoever may not look any more must not keep a grant from being over for ever.
      if (error instanceof ProviderFault) return 'unknown' as const;
      throw error;
    });
    states.push(seen);
    tombstones.sawGone(names, asked.call.now);
  }
  const uncutStates = states.filter((state) => state === 'unknown' || needsCut(state, ending));
  const canBeCut = uncutStates.length > 0;
  if (canBeCut && asked.call.now < after(ending.since, CUTTING_MS))
    return uncutStates.every((state) => state === 'not-there-yet') ? 'being-cut' : 'uncut';
  // None: it may have stood without one while the set was full.
  const uncut = canBeCut || states.some((state) => state === 'full' || state === 'none');
  return { tombstone: states.join(', '), allDenied: !uncut };
}

/** What survives the end of a slot whose sessions were not cut; absent: what was said before, of a slot that has no denial. */
export function surviving(maxMs: number, hasTombstone: boolean): { readonly residual?: Residual } {
  if (maxMs > LONGEST_SSO_SESSION_MS) return { residual: outlastingResidual(maxMs) };
  return hasTombstone ? { residual: NOT_CUT_RESIDUAL } : {};
}
