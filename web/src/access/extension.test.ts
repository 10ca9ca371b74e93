import { expect, test } from 'vitest';
import { extensionChoices, furthest, lengthIn, whyNotLonger } from './extension.ts';

const MINUTE = 60_000;
const END = '2026-11-22T10:00:00.000Z';
const later = (minutes: number): string => new Date(Date.parse(END) + minutes * MINUTE).toISOString();
const at = (time: number): string => new Date(time).toISOString().slice(11, 16);

test('what cannot be had is not offered', () => {
  const minutes = (latestEnd: string | null, extensionsLeft = 1) =>
    extensionChoices({ latestEnd, extensionsLeft }, END).map((ms) => ms / MINUTE);
  expect(minutes(later(45))).toEqual([15, 30, 45]);
  expect(minutes(later(10))).toEqual([10]);
  expect(minutes(later(0))).toEqual([]);
  expect(minutes(later(-5))).toEqual([]);
  expect(minutes(later(45), 0)).toEqual([]);
  expect(minutes(null)).toEqual([]);
});

test('what was chosen stays while it can be had', () => {
  expect(lengthIn([15, 30], 30)).toBe(30);
  expect(lengthIn([10], 15)).toBe(10);
  expect(lengthIn([], 15)).toBeNull();
});

test('why not is said before anybody writes why they need it', () => {
  const rule = { rule: 'policy:a', item: null };
  const long = { ...rule, code: 'duration-too-long' as const, text: 'At most 1h.' };
  const none = { ...rule, code: 'no-extension-left' as const, text: 'It was.', hint: 'Ask anew.' };
  const left = { latestEnd: later(30), extensionsLeft: 1 };
  expect(whyNotLonger({ ...left, refusals: [] }, END, at)).toEqual([]);
  // Another length can be chosen.
  expect(whyNotLonger({ ...left, refusals: [long] }, END, at)).toEqual([]);
  expect(whyNotLonger({ ...left, refusals: [long, none] }, END, at)).toEqual([{ text: 'It was.', hint: 'Ask anew.' }]);
  expect(whyNotLonger({ latestEnd: later(0), extensionsLeft: 1, refusals: [long] }, END, at)).toEqual([
    {
      text: 'It has the latest end already that the rules allow: 10:00.',
      hint: 'Ask for new access when this is over.',
    },
  ]);
});

test('how far it can go is a sentence', () => {
  expect(furthest({ latestEnd: later(45), extensionsLeft: 1 }, at)).toBe(
    'The rules let it be extended once more, to 10:45 at the latest.',
  );
  expect(furthest({ latestEnd: later(45), extensionsLeft: 2 }, at)).toContain('2 times more');
});
