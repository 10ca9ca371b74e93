import type { Schemas } from '../data/api.ts';
import { durationChoices } from '../time/durations.ts';

type Foreseen = Schemas['ExtensionPreview'];

/** By how much a grant that ends at `endsAt` can be kept longer, in milliseconds: the usual times, and as long as the rules allow. Empty: by nothing. */
export function extensionChoices(
  { latestEnd, extensionsLeft }: Pick<Foreseen, 'latestEnd' | 'extensionsLeft'>,
  endsAt: string,
): readonly number[] {
  if (latestEnd === null || extensionsLeft === 0) return [];
  return durationChoices(0, Date.parse(latestEnd) - Date.parse(endsAt));
}

/** What is asked for: what was chosen, if it can be had, and else the shortest. `null`: nothing can be had. */
export function lengthIn(choices: readonly number[], chosen: number): number | null {
  return choices.includes(chosen) ? chosen : (choices[0] ?? null);
}

/** Why it cannot be kept longer whatever is chosen, a sentence each; empty: it can. `at`: says a time. */
export function whyNotLonger(
  foreseen: Pick<Foreseen, 'latestEnd' | 'extensionsLeft' | 'refusals'>,
  endsAt: string,
  at: (time: number) => string,
): readonly { readonly text: string; readonly hint: string }[] {
  const others = foreseen.refusals.filter(({ code }) => code !== 'duration-too-long');
  if (others.length > 0) return others.map(({ text, hint = '' }) => ({ text, hint }));
  if (foreseen.latestEnd === null || extensionChoices(foreseen, endsAt).length > 0) return [];
  const text = `It has the latest end already that the rules allow: ${at(Date.parse(foreseen.latestEnd))}.`;
  return [{ text, hint: 'Ask for new access when this is over.' }];
}

/** How far it can go, in a sentence. `at`: says a time. */
export function furthest(
  { latestEnd, extensionsLeft }: Pick<Foreseen, 'latestEnd' | 'extensionsLeft'>,
  at: (time: number) => string,
): string {
  const times = extensionsLeft === 1 ? 'once' : `${extensionsLeft} times`;
  return latestEnd === null
    ? ''
    : `The rules let it be extended ${times} more, to ${at(Date.parse(latestEnd))} at the latest.`;
}
