import { EXIT, type ExitCode } from './exit-codes.ts';
import { readLive } from './live-state.ts';
import type { Surroundings } from './surroundings.ts';

/** A segment for a shell prompt: what is live and for how long. Reads one small file and asks nobody; silent when there is nothing. */
export function prompt(place: Surroundings, profile: string): ExitCode {
  const now = place.clock.now();
  const live = readLive(place, profile).filter((entry) => entry.endsAt > now);
  const parts = live
    .sort((a, b) => a.endsAt - b.endsAt)
    .map((entry) => `${entry.role}@${entry.target} ${left(entry.endsAt - now)}`);
  if (parts.length > 0) place.stdout.write(`${parts.join(' ')}\n`);
  return EXIT.ok;
}

/** One unit only: a prompt has no room. */
function left(durationMs: number): string {
  const minutes = Math.floor(durationMs / 60_000);
  if (minutes >= 120) return `${Math.floor(minutes / 60)}h`;
  return minutes > 0 ? `${minutes}m` : `${Math.ceil(durationMs / 1_000)}s`;
}
