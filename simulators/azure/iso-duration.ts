const FORM = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const DAY_MS = 86_400_000;
const UNITS_MS = [365 * DAY_MS, 30 * DAY_MS, 7 * DAY_MS, DAY_MS, 3_600_000, 60_000, 1_000];

/** Milliseconds of a duration of ISO 8601, as `PT8H` or `P180D`; a year is 365 days and a month 30. `null` for what is none. */
export function durationMs(text: string): number | null {
  const found = FORM.exec(text);
  if (found === null || /^P$|T$/.test(text)) return null;
  return UNITS_MS.reduce((sum, unit, index) => sum + Number(found[index + 1] ?? 0) * unit, 0);
}
