const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** Reads `1h30m` as the command line does; `null` for what is no duration. Milliseconds. */
export function parseDuration(text: string): number | null {
  const match = /^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text.trim().toLowerCase());
  if (match === null) return null;
  const [, d = '0', h = '0', m = '0', s = '0'] = match;
  const ms = Number(d) * UNITS.d + Number(h) * UNITS.h + Number(m) * UNITS.m + Number(s) * UNITS.s;
  return ms === 0 ? null : ms;
}

const STEPS_MS = [15, 30, 60, 120, 240, 480].map((minutes) => minutes * UNITS.m);

/** The durations that are offered: the usual ones up to the longest that the rules allow, the rule's own default, and that longest. */
export function durationChoices(defaultMs: number, maxMs: number): readonly number[] {
  const all = [...STEPS_MS.filter((step) => step < maxMs), defaultMs, maxMs].filter((ms) => ms > 0 && ms <= maxMs);
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * The shortest duration that makes sense: what the rule says, if it says less than its longest; otherwise the longest usual one that is
 * at most half of that. The longest is never chosen for anybody, unless there is nothing shorter.
 */
export function sensibleDuration(defaultMs: number, maxMs: number): number {
  if (defaultMs > 0 && defaultMs < maxMs) return defaultMs;
  return STEPS_MS.findLast((step) => step <= maxMs / 2) ?? STEPS_MS.find((step) => step < maxMs) ?? maxMs;
}
