import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { paths } from './paths.ts';
import { readIfThere, remove, writePrivate } from './private-file.ts';
import type { Surroundings } from './surroundings.ts';
import { isFields, numberOrNull, parseJson, textOrNull } from './wire.ts';

/** What was seen of a server's log: whoever changes its key or its past later is found out. */
export interface TrustedLog {
  readonly server: string;
  readonly vkey: string;
  /** Whether it was a demo, which may be begun anew at any time. */
  readonly demo: boolean;
  /** The newest checkpoint that was verified; `null` while the log was empty. */
  readonly verified: { readonly size: number; readonly root: string } | null;
  /** Epoch milliseconds. */
  readonly verifiedAt: number;
}

type Place = Pick<Surroundings, 'env'>;

function trustPath(place: Place, server: string): string {
  const name = createHash('sha256').update(server).digest('hex').slice(0, 32);
  return join(paths(place).trust, `${name}.json`);
}

/** What is remembered; `null` at the first time. A damaged file throws: forgetting silently is what an attacker would want. */
export function readTrusted(place: Place, server: string): TrustedLog | null {
  const path = trustPath(place, server);
  const stored = readIfThere(path);
  if (stored === null) return null;
  const of = parseJson(stored);
  const vkey = isFields(of) ? textOrNull(of, 'vkey') : null;
  if (!isFields(of) || vkey === null) throw new Error(`${path} is damaged`);
  const verified = isFields(of['verified']) ? of['verified'] : null;
  return {
    server,
    vkey,
    demo: of['demo'] === true,
    verified:
      verified === null
        ? null
        : { size: numberOrNull(verified, 'size') ?? 0, root: textOrNull(verified, 'root') ?? '' },
    verifiedAt: numberOrNull(of, 'verifiedAt') ?? 0,
  };
}

export function writeTrusted(place: Pick<Surroundings, 'env' | 'random'>, log: TrustedLog): void {
  writePrivate(place.random, trustPath(place, log.server), `${JSON.stringify(log, null, 2)}\n`);
}

export function forgetTrusted(place: Place, server: string): void {
  remove(trustPath(place, server));
}
