/** A point in time: milliseconds since the Unix epoch. Made only by {@link instant} or by a clock in `src/platform/`. */
export type Instant = number & { readonly __brand: 'Instant' };

/** Checks a number of epoch milliseconds. Throws `RangeError` on anything that `Date` could not represent. */
export function instant(epochMs: number): Instant {
  if (!Number.isFinite(epochMs) || Math.abs(epochMs) > 8.64e15) throw new RangeError(`not a point in time: ${epochMs}`);
  return Math.trunc(epochMs) as Instant;
}

/** The later moment that lies `durationMs` after `at`. */
export function after(at: Instant, durationMs: number): Instant {
  return instant(at + durationMs);
}

/** RFC 3339 in UTC with milliseconds, the form used in the API and in the ledger: `2026-11-21T06:00:00.000Z`. */
export function toIso(at: Instant): string {
  return new Date(at).toISOString();
}

/** {@link toIso} of a moment that may never come. */
export function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : toIso(at);
}

/** Parses RFC 3339 with a zone. Returns `null` for anything else, because the input comes from outside. */
export function fromIso(text: string): Instant | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : instant(ms);
}

/**
 * A duration of ISO 8601 in milliseconds, as clouds write it: `PT1H30M`, `P180D`. `null` for anything else, and for months and years, which have
 * no length.
 */
export function isoDurationMs(text: string): number | null {
  const match = /^P(?!$)(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (match === null) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses the durations people write: whole numbers with a unit, largest unit first (`15m`, `1h30m`, `2d`).
 * Returns milliseconds, or `null` when the text is anything else (`1.5y`, `-5m`, ``, `0x10m`, a bare number).
 * Zero parses (`0m`): whether a duration is allowed is a decision of policy, not of syntax.
 */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?$/.test(text) || text === '') return null;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g)) totalMs += Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  return totalMs;
}

/** Prints a duration in the same notation: `parseDuration(formatDuration(ms)) === ms` for whole seconds. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs / 1_000);
  if (rest === 0) return '0s';
  let text = '';
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}
