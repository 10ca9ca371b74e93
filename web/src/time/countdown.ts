/** What a countdown shows. `over`: the time has come, and what is said then is not "ended" but "ending". */
export interface Countdown {
  readonly text: string;
  /** In words, for those who hear it. */
  readonly words: string;
  readonly over: boolean;
  /** What is left of the whole, 1 to 0. */
  readonly part: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');
const many = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** How much is left at `now` until `endsAt`, of a time that began at `from`; all in epoch milliseconds. A second that has begun counts. */
export function countdown(now: number, endsAt: number, from: number | null = null): Countdown {
  const left = Math.max(0, Math.ceil((endsAt - now) / 1_000));
  const whole = from === null || endsAt <= from ? null : endsAt - from;
  const part = whole === null ? (left === 0 ? 0 : 1) : Math.min(1, Math.max(0, (endsAt - now) / whole));
  return { text: clockText(left), words: spoken(left), over: left === 0, part };
}

function clockText(seconds: number): string {
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)}d ${Math.floor((seconds % DAY) / HOUR)}h`;
  const minutes = Math.floor(seconds / MINUTE) % 60;
  if (seconds < HOUR) return `${minutes}:${two(seconds % MINUTE)}`;
  return `${Math.floor(seconds / HOUR)}:${two(minutes)}:${two(seconds % MINUTE)}`;
}

function spoken(seconds: number): string {
  if (seconds >= DAY)
    return `${many(Math.floor(seconds / DAY), 'day')} ${many(Math.floor((seconds % DAY) / HOUR), 'hour')}`;
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor(seconds / MINUTE) % 60;
  if (hours > 0) return minutes === 0 ? many(hours, 'hour') : `${many(hours, 'hour')} ${many(minutes, 'minute')}`;
  return minutes > 0 ? many(minutes, 'minute') : many(seconds, 'second');
}

/** A duration as the command line and the API write it: `1h30m`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / DAY), 'd'],
    [Math.floor(seconds / HOUR) % 24, 'h'],
    [Math.floor(seconds / MINUTE) % 60, 'm'],
    [seconds % MINUTE, 's'],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, unit]) => `${n}${unit}`)
      .join('') || '0s'
  );
}

/** The same in words: `1 hour 30 minutes`. */
export const durationWords = (ms: number): string => spoken(Math.round(ms / 1_000));

/** Minutes before the end at which those who hear the page are told; seconds are never read out. */
export const ANNOUNCED_MINUTES = [10, 5, 1] as const;

/** What was passed between two looks that is to be said, if anything. */
export function announcement(before: number, now: number, endsAt: number): string | null {
  for (const minutes of [...ANNOUNCED_MINUTES].reverse()) {
    const at = endsAt - minutes * MINUTE * 1_000;
    if (before < at && at <= now && now < endsAt) return many(minutes, 'minute');
  }
  return null;
}
