import type { AccessRequest, Grant } from '../data/api.ts';
import { durationWords } from './countdown.ts';

/** How something stands: `tone` for its colour and shape, which are never the only sign. */
export type Tone = 'quiet' | 'good' | 'waiting' | 'bad';

export interface State {
  readonly word: string;
  readonly tone: Tone;
}

/** The state of a grant at `now`. When its time has come it is ending, whatever the last answer said, until there is proof. */
export function grantState({ status, endsAt, waits }: Pick<Grant, 'status' | 'endsAt' | 'waits'>, now: number): State {
  switch (status) {
    case 'scheduled':
      return { word: 'planned', tone: 'quiet' };
    case 'activating':
      return waits === null ? { word: 'starting…', tone: 'waiting' } : { word: 'waits to start', tone: 'waiting' };
    case 'active':
      return endsAt !== null && Date.parse(endsAt) <= now ? ENDING : { word: 'active', tone: 'good' };
    case 'ending':
      return ENDING;
    case 'ended':
      return { word: 'ended', tone: 'quiet' };
    case 'failed':
      return { word: 'failed', tone: 'bad' };
  }
}

const ENDING: State = { word: 'ending…', tone: 'waiting' };

/** The state of a request at `now`: once access came out of it, that of the access. Of several that differ each is named, in the tone of the worst. */
export function requestState(
  { status, extends: extension, grants }: Pick<AccessRequest, 'status' | 'extends' | 'grants'>,
  now: number,
): State {
  switch (status) {
    case 'pending':
      return { word: 'waiting', tone: 'waiting' };
    case 'approved':
      if (extension?.status === 'refused' || extension?.status === 'ended-first')
        return { word: 'approved, not extended', tone: 'bad' };
      // The access is there before the later end is.
      return (extension?.status === 'writing' ? null : stateOfAll(grants, now)) ?? { word: 'approved', tone: 'good' };
    case 'denied':
      return { word: 'denied', tone: 'bad' };
    case 'withdrawn':
      return { word: 'withdrawn', tone: 'quiet' };
    case 'lapsed':
      return { word: 'lapsed', tone: 'quiet' };
  }
}

const WORST_FIRST: readonly Tone[] = ['bad', 'waiting', 'good', 'quiet'];

/** The grants of a request without those that were tried again: what was tried again stands for what failed before it. */
export function latestOf(grants: readonly Grant[]): readonly Grant[] {
  return grants.filter(({ id }) => !grants.some(({ retryOf }) => retryOf === id));
}

function stateOfAll(grants: readonly Grant[], now: number): State | null {
  const states = latestOf(grants).map((grant) => grantState(grant, now));
  const tone = WORST_FIRST.find((one) => states.some((state) => state.tone === one));
  return tone === undefined ? null : { word: [...new Set(states.map(({ word }) => word))].join(', '), tone };
}

/** What the numbers of tiers mean. */
export const TIER_WORDS: Readonly<Record<Grant['tier'], string>> = {
  0: 'can change who has access',
  1: 'changes production',
  2: 'reads production',
  3: 'neither production nor access',
};

/** What a proof shows: `Proven gone.` only where the access itself is. */
export function proofHeadline({ gone, brief }: Pick<NonNullable<Grant['proof']>, 'gone' | 'brief'>): string {
  return gone ? 'Proven gone.' : `Ended, ${brief}.`;
}

/** Why a request lapsed. */
export const LAPSE_WORDS: Readonly<Record<NonNullable<AccessRequest['lapseCause']>, string>> = {
  'nobody-decided': 'Nobody decided it in time',
  'grant-ended': 'The access ended before it was decided',
  'new-epoch': 'It lapsed, because the database was restored from a backup',
};

/** What a cause of an ending means. */
export function causeWords(cause: string | null): string {
  switch (cause) {
    case 'expired':
      return 'Its time was over.';
    case 'returned':
      return 'Given back by its holder.';
    case 'revoked':
      return 'Taken away.';
    case 'failed':
      return 'It could not be started.';
    case null:
      return '';
    default:
      return cause;
  }
}

/** What survives the end of a grant: of one that is over with its access still there, that it is. */
export function survivesLine({ proof, residual }: Pick<Grant, 'proof' | 'residual'>): string {
  return proof?.gone === false ? 'The access itself is still there.' : residualLine(residual);
}

/** What survives an end, in a line; the words of the residual itself say why. */
export function residualLine({ maxMs }: Pick<Grant['residual'], 'maxMs'>): string {
  if (maxMs === 0) return 'Nothing survives its end.';
  if (maxMs === null) return 'Something can survive its end, and nobody can say for how long.';
  return `What can survive its end is gone ${durationWords(maxMs)} later.`;
}
