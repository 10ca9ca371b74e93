import { join } from 'node:path';
import type { Context } from './context.ts';
import { paths } from './paths.ts';
import { readIfThere, writePrivate } from './private-file.ts';
import type { Surroundings } from './surroundings.ts';
import { leftMs } from './terminal/times.ts';
import { isLive, type GrantView } from './views.ts';
import { isFields, numberOrNull, parseJson, textOrNull } from './wire.ts';

/** What a shell prompt may show without asking anybody: no secrets, and possibly out of date. */
export interface LiveEntry {
  readonly id: string;
  readonly role: string;
  readonly target: string;
  /** Epoch milliseconds on this machine's clock. */
  readonly endsAt: number;
}

function livePath(place: Pick<Surroundings, 'env'>, profile: string): string {
  return join(paths(place).live, `${profile}.json`);
}

export function readLive(place: Pick<Surroundings, 'env'>, profile: string): readonly LiveEntry[] {
  const stored = readIfThere(livePath(place, profile));
  const parsed: unknown = stored === null ? null : parseJson(stored);
  const entries = Array.isArray(parsed) ? parsed.filter(isFields) : [];
  return entries.map((of) => ({
    id: textOrNull(of, 'id') ?? '',
    role: textOrNull(of, 'role') ?? '',
    target: textOrNull(of, 'target') ?? '',
    endsAt: numberOrNull(of, 'endsAt') ?? 0,
  }));
}

/** Remembers grants just seen: those that are live replace what was known of them, the others are forgotten. `complete`: there are no more. */
export function rememberLive(
  context: Pick<Context, 'place' | 'profile'>,
  grants: readonly GrantView[],
  complete = false,
): void {
  const { place, profile } = context;
  const now = place.clock.now();
  const seen = new Set(grants.map((grant) => grant.id));
  const kept = complete ? [] : readLive(place, profile).filter((entry) => !seen.has(entry.id) && entry.endsAt > now);
  const fresh = grants
    .filter(isLive)
    .flatMap(({ id, role, target, endsAt, serverTime }) =>
      endsAt === null ? [] : [{ id, role, target, endsAt: now + leftMs(endsAt, serverTime) }],
    );
  writePrivate(place.random, livePath(place, profile), `${JSON.stringify([...kept, ...fresh])}\n`);
}

export function forgetLive(place: Pick<Surroundings, 'env' | 'random'>, profile: string): void {
  writePrivate(place.random, livePath(place, profile), '[]\n');
}
