import type { Preview } from '../../data/api.ts';
import { fewOf } from '../../data/deciders.ts';
import { durationWords } from '../../time/countdown.ts';

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
