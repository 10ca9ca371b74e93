import type { Grant } from '../../data/api.ts';

export const TIER_CHOICES = [
  { value: 'all', label: 'All tiers' },
  { value: '0', label: 'Tier 0' },
  { value: '1', label: '1' },
  { value: '2', label: '2' },
  { value: '3', label: '3' },
] as const;
export type TierChoice = (typeof TIER_CHOICES)[number]['value'];

/** Whether a grant is among what is looked for: every word occurs in its person, role, target or provider. */
export function fits(
  { person, role, target, provider, tier }: Pick<Grant, 'person' | 'role' | 'target' | 'provider' | 'tier'>,
  words: string,
  choice: TierChoice,
): boolean {
  if (choice !== 'all' && String(tier) !== choice) return false;
  const text = `${person.name} ${person.key} ${role} ${target} ${provider}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** How much there is, in a sentence. What is over, and still shown with its proof, is not counted as power. */
export function tally(all: readonly Pick<Grant, 'status' | 'person'>[], shown: number, me: string): string {
  const held = all.filter(({ status }) => status === 'active' || status === 'ending');
  const people = new Set(held.map(({ person }) => person.key)).size;
  const mine = held.filter(({ person }) => person.key === me).length;
  const what = `${held.length} held by ${people} ${people === 1 ? 'person' : 'people'}`;
  const yours = mine === 0 ? '' : `, ${mine} by you`;
  return `${what}${yours}.${shown === all.length ? '' : ` ${shown} of ${all.length} rows are shown.`}`;
}
