import { instant, type Instant } from '../core/time.ts';

/** What clocks and calendars of a zone show at a moment. `month` counts from 1; `weekday` is 1 for Monday to 7 for Sunday. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * What a clock in `zone` (an IANA name, `Europe/Berlin`) shows at a moment. Throws `RangeError` for an unknown zone.
 * The zone of the machine never matters: two nodes in two places decide alike.
 */
export function localTime(epochMs: number, zone: string): LocalTime {
  const shifted = new Date(epochMs + offsetMs(epochMs, zone));
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: ((shifted.getUTCDay() + 6) % 7) + 1,
  };
}

/** Whether a zone is known to this runtime. */
export function isZone(zone: string): boolean {
  try {
    formatFor(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * The moment at which a clock in `zone` shows a date and a time. `localMs` is that reading, written as if it were UTC.
 * A reading that the start of summer time leaves out means the moment an hour later; one that occurs twice, the first.
 */
export function fromLocal(localMs: number, zone: string): Instant {
  const before = localMs - offsetMs(localMs - 86_400_000, zone);
  const after = localMs - offsetMs(localMs + 86_400_000, zone);
  const candidates = [Math.min(before, after), Math.max(before, after)];
  for (const candidate of candidates) if (candidate + offsetMs(candidate, zone) === localMs) return instant(candidate);
  return instant(before);
}

function offsetMs(epochMs: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const shown: Record<string, number> = {};
  for (const part of formatFor(zone).formatToParts(epochMs)) shown[part.type] = Number(part.value);
  const read = (name: string): number => shown[name] ?? 0;
  const asUtc = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
  return asUtc - Math.floor(epochMs / 1_000) * 1_000;
}

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  // Zones come from documents, which are reviewed; the bound is for a caller that would make them up.
  if (formats.size < 1_000) formats.set(zone, format);
  return format;
}
