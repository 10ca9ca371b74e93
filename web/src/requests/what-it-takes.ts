import type { Preview } from '../data/api.ts';
import { fewOf } from '../data/deciders.ts';
import { durationWords } from '../time/countdown.ts';
import type { State } from '../time/wording.ts';

type Takes = Pick<Preview, 'requirements' | 'needsSignature'>;

/** What the rules ask for besides somebody's yes, a sentence each. */
export function whatItTakes({ requirements, needsSignature }: Takes): readonly string[] {
  const { reasonMin, ticket, mfaMaxAgeMs } = requirements;
  return [
    ...(reasonMin > 0 ? [`A reason of at least ${reasonMin} characters.`] : []),
    ...(ticket === null ? [] : [`A ticket (${ticket}), which nothing looks up yet.`]),
    ...(mfaMaxAgeMs === null ? [] : [`A second factor at your sign-in, at most ${durationWords(mfaMaxAgeMs)} ago.`]),
    ...(needsSignature ? ['A passkey: whoever agrees signs with theirs.'] : []),
  ];
}

/** Why nobody could agree to it as things are; `null`: enough people can. */
export function whyUnsignable({ unsignable }: Pick<Preview, 'unsignable'>): string | null {
  const without = new Map(unsignable.flatMap((step) => step.without.map(({ key, name }) => [key, name] as const)));
  const names = [...without.values()];
  if (names.length === 0) return null;
  const lack = names.length === 1 ? `${names[0]} has none` : `${fewOf(names)} have none`;
  return `Too few of those who decide have a passkey: ${lack}. Tell them to register one first, on their page “Me”.`;
}

/** Long enough for any rule: a preview answers for a request that says why, before anybody has typed it. */
export const STAND_IN = { reason: 'x'.repeat(200), ticket: 'PREVIEW-1' } as const;

/** What is still to be said, by field; empty when it can be sent. */
export function stillMissing(
  { reason, ticket }: { readonly reason: string; readonly ticket: string },
  { reasonMin, ticket: tracker }: Preview['requirements'],
): { readonly reason?: string; readonly ticket?: string } {
  const length = [...reason.trim()].length;
  return {
    ...(length < reasonMin
      ? { reason: length === 0 ? 'Say why.' : `Say a little more: ${reasonMin - length} more characters.` }
      : {}),
    ...(tracker !== null && ticket.trim() === '' ? { ticket: `The rule asks for a ticket (${tracker}).` } : {}),
  };
}

/** How it would be decided, in a word. */
export function outlookState({ effect, steps, unsignable }: Pick<Preview, 'effect' | 'steps' | 'unsignable'>): State {
  if (effect === 'deny') return { word: 'It would be refused', tone: 'bad' };
  if (steps.length === 0) return { word: 'Approved at once, by rule', tone: 'good' };
  if (unsignable.length > 0) return { word: 'Too few can agree yet', tone: 'bad' };
  return { word: steps.length === 1 ? 'Somebody agrees' : `${steps.length} groups agree`, tone: 'waiting' };
}
