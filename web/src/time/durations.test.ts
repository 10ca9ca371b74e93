import { expect, test } from 'vitest';
import { durationText } from './countdown.ts';
import { durationChoices, parseDuration, sensibleDuration } from './durations.ts';

const M = 60_000;

test.each([
  ['15m', 15 * M],
  ['1h30m', 90 * M],
  [' 2H ', 120 * M],
  ['1d', 1_440 * M],
  ['45s', 45_000],
])('%s is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '0m', 'soon', '1.5h', '-5m', '30m1h', '5'])('"%s" is none', (text) => {
  expect(parseDuration(text)).toBeNull();
});

test('what is written is read again', () => {
  for (const ms of [M, 61 * M, 1_500 * M, 7_000]) expect(parseDuration(durationText(ms))).toBe(ms);
});

test('what is offered ends at the longest that is allowed, and holds the default', () => {
  expect(durationChoices(20 * M, 60 * M).map(durationText)).toEqual(['15m', '20m', '30m', '1h']);
  expect(durationChoices(5 * M, 5 * M).map(durationText)).toEqual(['5m']);
  expect(durationChoices(0, 0)).toEqual([]);
});

test('the longest is never what somebody gets without choosing it', () => {
  expect(sensibleDuration(15 * M, 60 * M)).toBe(15 * M);
  expect(sensibleDuration(60 * M, 60 * M)).toBe(30 * M);
  expect(sensibleDuration(480 * M, 480 * M)).toBe(240 * M);
  expect(sensibleDuration(20 * M, 20 * M)).toBe(15 * M);
  expect(sensibleDuration(5 * M, 5 * M)).toBe(5 * M);
});
