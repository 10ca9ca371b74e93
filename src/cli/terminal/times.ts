import { formatDuration } from '../../core/time.ts';

/** `14m 05s`, `1h 12m`, `2d 3h`: two units are as exact as a person needs. Negative counts as nothing left. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${two(minutes)}m`;
  if (minutes > 0) return `${minutes}m ${two(seconds % 60)}s`;
  return `${seconds}s`;
}

/** A moment on the reader's clock: `15:04`, with the day when it is another one. */
export function clockTime(iso: string, now: number): string {
  const at = new Date(iso);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const sameDay = new Date(now).toDateString() === at.toDateString();
  return sameDay ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** How long ago something was, in one unit: `just now`, `5m ago`, `2d ago`. */
export function ago(iso: string, now: number): string {
  const passedMs = now - Date.parse(iso);
  if (passedMs < 10_000) return 'just now';
  for (const unitMs of [86_400_000, 3_600_000, 60_000, 1_000]) {
    if (passedMs >= unitMs) return `${formatDuration(Math.floor(passedMs / unitMs) * unitMs)} ago`;
  }
  return 'just now';
}

/** Milliseconds until a moment, on the server's clock: the difference of the clocks is taken out. */
export function leftMs(iso: string, serverTime: string): number {
  return Date.parse(iso) - Date.parse(serverTime);
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}
