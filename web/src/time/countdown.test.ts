import { expect, test } from 'vitest';
import { announcement, countdown, durationText, durationWords } from './countdown.ts';

const END = Date.parse('2026-11-21T06:00:00Z');
const at = (seconds: number, from: number | null = null) => countdown(END - seconds * 1_000, END, from);

test.each([
  [0, '0:00'],
  [0.4, '0:01'],
  [59, '0:59'],
  [60, '1:00'],
  [754, '12:34'],
  [3_599, '59:59'],
  [3_600, '1:00:00'],
  [86_399, '23:59:59'],
  [86_400, '1d 0h'],
  [200_000, '2d 7h'],
])('%d seconds before the end it shows %s', (seconds, text) => {
  expect(at(seconds).text).toBe(text);
});

test('it is over at the end and not a moment before, and stays over', () => {
  expect(at(0.001).over).toBe(false);
  expect(at(0).over).toBe(true);
  expect(at(-50)).toMatchObject({ over: true, text: '0:00', part: 0 });
});

test('what is left of the whole never leaves the dial', () => {
  const from = END - 100_000;
  expect(at(25, from).part).toBe(0.25);
  expect(at(500, from).part).toBe(1);
  expect(countdown(END, END, END).part).toBe(0);
});

test('words for those who hear it', () => {
  expect(at(61).words).toBe('1 minute');
  expect(at(1).words).toBe('1 second');
  expect(at(3_660).words).toBe('1 hour 1 minute');
  expect(at(90_000).words).toBe('1 day 1 hour');
});

test('durations as the command line writes them, and in words', () => {
  expect([0, 900_000, 5_400_000, 90_000_000, 61_000].map(durationText)).toEqual(['0s', '15m', '1h30m', '1d1h', '1m1s']);
  expect(durationWords(7_200_000)).toBe('2 hours');
});

test('said are ten, five and one minutes before the end, each once; seconds never', () => {
  const said: string[] = [];
  for (let second = 700; second > 0; second -= 1) {
    const now = END - second * 1_000;
    const words = announcement(now - 1_000, now, END);
    if (words !== null) said.push(words);
  }
  expect(said).toEqual(['10 minutes', '5 minutes', '1 minute']);
  // After a sleep only the nearest is said, and nothing when it is over.
  expect(announcement(END - 700_000, END - 30_000, END)).toBe('1 minute');
  expect(announcement(END - 700_000, END, END)).toBeNull();
});
