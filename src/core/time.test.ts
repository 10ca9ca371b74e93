import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, formatDuration, fromIso, instant, parseDuration, toIso } from './time.ts';

describe('durations', () => {
  test('what is printed is parsed again, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 * 86_400 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  test('what is parsed is printed in its shortest form, which means the same', () => {
    const count = fc.option(fc.nat(999_999), { nil: undefined });
    fc.assert(
      fc.property(count, count, count, count, (d, h, m, s) => {
        const text = [
          [d, 'd'],
          [h, 'h'],
          [m, 'm'],
          [s, 's'],
        ]
          .flatMap(([amount, unit]) => (amount === undefined ? [] : [`${amount}${unit}`]))
          .join('');
        const seconds = (d ?? 0) * 86_400 + (h ?? 0) * 3_600 + (m ?? 0) * 60 + (s ?? 0);
        expect(parseDuration(text)).toBe(text === '' ? null : seconds * 1_000);
        if (seconds < 999_999 * 86_400) expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  test.each([
    ['', 'nothing'],
    ['1.5y', 'no such unit'],
    ['1.5h', 'no fractions'],
    ['-5m', 'no negative'],
    ['5', 'no unit'],
    ['m', 'no number'],
    ['15M', 'M could be a month'],
    ['1m1h', 'largest unit first'],
    ['1h1h', 'a unit comes once'],
    [' 15m', 'nothing around it'],
    ['15m\n', 'nothing around it'],
    ['15 m', 'nothing between'],
    ['0x10m', 'decimal'],
    ['1e3s', 'decimal'],
    ['١m', 'digits of ASCII'],
    ['9999999d', 'too many digits to be meant'],
    ['9999999h', 'too many digits to be meant'],
    ['9999999m', 'too many digits to be meant'],
    ['9999999s', 'too many digits to be meant'],
  ])('"%s" is no duration: %s', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test.each([
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1d2h3m4s', 93_784_000],
    ['90s', 90_000],
    ['015m', 900_000],
    ['0m', 0],
  ] as const)('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [0, '0s'],
    [900_000, '15m'],
    [5_400_000, '1h30m'],
    [172_800_000, '2d'],
    [90_061_000, '1d1h1m1s'],
    [1_499, '1s'],
  ] as const)('%d ms is printed as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('points in time', () => {
  test('are written and read without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        expect(fromIso(toIso(instant(ms)))).toBe(ms);
      }),
    );
  });

  test.each([
    ['2026-11-21T06:00:00.000Z', 1_795_240_800_000],
    ['2026-11-21T07:00:00+01:00', 1_795_240_800_000],
    ['2026-11-21T06:00Z', 1_795_240_800_000],
  ] as const)('%s is read', (text, ms) => {
    expect(fromIso(text)).toBe(ms);
  });

  test.each([
    ['2026-11-21', 'no time'],
    ['2026-11-21T06:00:00', 'no zone: nobody knows when that is'],
    ['2026-11-21 06:00:00Z', 'not RFC 3339'],
    ['2026-13-01T00:00:00Z', 'no such month'],
    ['2026-11-21T25:00:00Z', 'no such hour'],
    ['tomorrow', 'words'],
    ['1795240800000', 'a number'],
    ['', 'nothing'],
  ])('"%s" is refused: %s', (text) => {
    expect(fromIso(text)).toBeNull();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('%d is no point in time', (ms) => {
    expect(() => instant(ms)).toThrow(RangeError);
  });

  test('have whole milliseconds', () => {
    expect(instant(1.9)).toBe(1);
    expect(after(instant(1_000), 0.5)).toBe(1_000);
    expect(after(instant(1_000), 500)).toBe(1_500);
  });

  test('beyond the end of time are an error and not a date', () => {
    expect(() => after(instant(8.64e15), 1)).toThrow(RangeError);
  });
});
