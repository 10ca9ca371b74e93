import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name = '', light = '', dark = '']) => [
    name,
    [light, dark] as const,
  ]),
);

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
  return ((a ?? 0) + 0.05) / ((b ?? 0) + 0.05);
}

const GROUNDS = ['paper', 'card', 'well'] as const;
const PAIRS: readonly (readonly [text: string, ground: string, least: number])[] = [
  ...['ink', 'quiet', 'pine', 'ember', 'clay'].flatMap((text) => GROUNDS.map((ground) => [text, ground, 4.5] as const)),
  ['on-pine', 'pine', 4.5],
  ['pine', 'pine-soft', 4.5],
  ['quiet', 'pine-soft', 4.5],
  ['ember', 'ember-soft', 4.5],
  ['ink', 'ember-soft', 4.5],
  ['clay', 'clay-soft', 4.5],
  ['ink', 'clay-soft', 4.5],
  ['edge', 'card', 3],
  ['edge', 'paper', 3],
];

test.each(PAIRS)('%s on %s keeps %d to 1, by day and by night', (text, ground, least) => {
  const [ink, paper] = [tokens.get(text), tokens.get(ground)];
  if (ink === undefined || paper === undefined) throw new Error(`no token ${text} or ${ground}`);
  expect(contrast(ink[0], paper[0]), 'light').toBeGreaterThanOrEqual(least);
  expect(contrast(ink[1], paper[1]), 'dark').toBeGreaterThanOrEqual(least);
});

test('black on white is 21 to 1, which is what the formula is known by', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
});
