import { useSyncExternalStore } from 'react';

/** In whose time things are shown: of this machine, or of nobody. */
export const ZONES = ['local', 'utc'] as const;
export type Zone = (typeof ZONES)[number];

const KEY = 'curfew-zone';
const listeners = new Set<() => void>();
let chosen: Zone = read();

function read(): Zone {
  try {
    return localStorage.getItem(KEY) === 'utc' ? 'utc' : 'local';
  } catch {
    return 'local';
  }
}

export function chooseZone(zone: Zone): void {
  chosen = zone;
  try {
    localStorage.setItem(KEY, zone);
  } catch {
    // Closed storage: the choice holds for this visit.
  }
  for (const listener of listeners) listener();
}

export function useZone(): Zone {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([timeZone, options]);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-GB', { ...options, ...(timeZone === undefined ? {} : { timeZone }) });
    formats.set(key, made);
  }
  return made;
}

const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const;

/**
 * Times of one zone; `ianaName` is for tests, a page takes the machine's. The day is said only where it is not today's, and
 * the year only where it is not this one's.
 */
export function timesIn(zone: Zone, ianaName?: string) {
  const timeZone = zone === 'utc' ? 'UTC' : ianaName;
  const day = (at: number): string => format(timeZone, DAY).format(at);
  const name = (at: number): string =>
    format(timeZone, { ...HOURS, timeZoneName: 'short' })
      .formatToParts(at)
      .find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
  const clock = (at: number): string => format(timeZone, HOURS).format(at);
  /** Everything, with the zone: `22 Nov 2026, 14:30:05 CET`. */
  const full = (at: number): string =>
    `${day(at)}, ${format(timeZone, { ...HOURS, second: '2-digit' }).format(at)} ${name(at)}`;
  return {
    /** `14:30`. */
    clock,
    /** `14:30:05`. */
    seconds: (at: number): string => format(timeZone, { ...HOURS, second: '2-digit' }).format(at),
    /** `CET`. */
    name,
    /** `14:30`, or `23 Nov, 14:30` on another day than `now`'s. */
    short(at: number, now: number): string {
      if (day(at) === day(now)) return clock(at);
      const [date = '', year = ''] = [day(at).replace(/ \d{4}$/, ''), day(at).slice(-4)];
      return year === day(now).slice(-4) ? `${date}, ${clock(at)}` : `${date} ${year}, ${clock(at)}`;
    },
    /** `22 Nov 2026, 14:30:05`: for lists that go over many days, and whose order is by the second. */
    dated: (at: number): string => `${day(at)}, ${format(timeZone, { ...HOURS, second: '2-digit' }).format(at)}`,
    full,
    /** A sentence of the server with the times that it wrote as machines do, as {@link full} says them. */
    within: (sentence: string): string => sentence.replace(ISO, (at) => full(Date.parse(at))),
  };
}

export type Times = ReturnType<typeof timesIn>;

/** Times in the zone that was chosen. */
export function useTimes(): Times {
  return timesIn(useZone());
}
