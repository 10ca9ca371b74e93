import { expect, test } from 'vitest';
import { timesIn } from './zone.ts';

/** An hour that happens twice in Berlin, happens differently in New York and Lord Howe, and once only in UTC. */
const BEFORE = Date.parse('2026-10-25T00:30:00Z');
const AFTER = Date.parse('2026-10-25T01:30:00Z');

test('the night when the clocks go back is told apart by the name of the zone', () => {
  const berlin = timesIn('local', 'Europe/Berlin');
  expect([BEFORE, AFTER].map(berlin.clock)).toEqual(['02:30', '02:30']);
  expect([BEFORE, AFTER].map(berlin.full)).toEqual(['25 Oct 2026, 02:30:00 CEST', '25 Oct 2026, 02:30:00 CET']);
});

test.each([
  ['UTC', '25 Oct, 00:30'],
  ['America/New_York', '20:30'],
  ['Australia/Lord_Howe', '25 Oct, 11:30'],
  ['Asia/Kolkata', '25 Oct, 06:00'],
])('in %s the day is said where it is another', (zone, text) => {
  expect(timesIn('local', zone).short(BEFORE, Date.parse('2026-10-24T12:00:00Z'))).toBe(text);
});

test('a sentence with the times of machines is read in the chosen zone', () => {
  const sentence = 'People of "export" are as of 2026-10-25T00:30:00.000Z, and not of 2026-10-25T01:30:00Z.';
  expect(timesIn('local', 'Europe/Berlin').within(sentence)).toBe(
    'People of "export" are as of 25 Oct 2026, 02:30:00 CEST, and not of 25 Oct 2026, 02:30:00 CET.',
  );
});

test('UTC is UTC whatever the machine thinks, and another year is said', () => {
  const utc = timesIn('utc', 'Asia/Tokyo');
  expect(utc.full(BEFORE)).toBe('25 Oct 2026, 00:30:00 UTC');
  expect(utc.short(BEFORE, Date.parse('2027-01-01T00:00:00Z'))).toBe('25 Oct 2026, 00:30');
});

test('a list over many days says the day of each, in the zone of who reads it', () => {
  const at = Date.parse('2026-11-22T23:30:05Z');
  expect(timesIn('local', 'Europe/Berlin').dated(at)).toBe('23 Nov 2026, 00:30:05');
  expect(timesIn('utc').dated(at)).toBe('22 Nov 2026, 23:30:05');
});
