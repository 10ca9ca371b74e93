import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromLocal, isZone, localTime } from './local-time.ts';

const at = (iso: string): number => Date.parse(iso);

describe('localTime', () => {
  test.each([
    ['2026-11-19T14:00:00Z', 'Europe/Berlin', { year: 2026, month: 11, day: 19, hour: 15, minute: 0, weekday: 4 }],
    ['2026-11-22T23:30:00Z', 'Asia/Kathmandu', { day: 23, hour: 5, minute: 15, weekday: 1 }],
    [
      '2026-07-01T03:59:59.999Z',
      'America/New_York',
      { month: 6, day: 30, hour: 23, minute: 59, second: 59, weekday: 2 },
    ],
    ['2026-11-22T00:00:00Z', 'UTC', { day: 22, hour: 0, weekday: 7 }],
  ])('%s in %s', (iso, zone, expected) => {
    expect(localTime(at(iso), zone)).toMatchObject(expected);
  });

  test('refuses a zone that does not exist', () => {
    expect(() => localTime(0, 'Europe/Berlni')).toThrow(RangeError);
    expect([isZone('Europe/Berlni'), isZone('Europe/Berlin')]).toEqual([false, true]);
  });
});

describe('fromLocal', () => {
  const local = (iso: string, zone: string) => new Date(fromLocal(at(`${iso}Z`), zone)).toISOString();

  test('keeps the hour on the clock across a change of summer time', () => {
    expect(local('2026-10-24T09:00:00', 'Europe/Berlin')).toBe('2026-10-24T07:00:00.000Z');
    expect(local('2026-10-26T09:00:00', 'Europe/Berlin')).toBe('2026-10-26T08:00:00.000Z');
  });

  test('takes the first of an hour that occurs twice, and an hour later for one that is left out', () => {
    expect(local('2026-10-25T02:30:00', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(local('2026-03-29T02:30:00', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  });

  test('undoes localTime everywhere but in the hour that occurs twice', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Lisbon', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kolkata');
    fc.assert(
      fc.property(fc.integer({ min: at('2020-01-01'), max: at('2040-01-01') }), zones, (moment, zone) => {
        const second = Math.floor(moment / 1_000) * 1_000;
        const shown = localTime(second, zone);
        const asUtc = Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second);
        const back = fromLocal(asUtc, zone);
        expect(second - back === 0 || (second - back > 0 && second - back <= 3_600_000)).toBe(true);
        expect(localTime(back, zone)).toEqual(shown);
      }),
    );
  });
});
