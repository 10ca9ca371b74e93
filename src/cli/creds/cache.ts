import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../paths.ts';
import { isMissing, readIfThere, remove, writePrivate } from '../private-file.ts';
import type { Surroundings } from '../surroundings.ts';
import { isFields, numberOrNull, parseJson, textOrNull } from '../wire.ts';

/** Temporary AWS credentials as they came from the server, with what is needed to know whether they still hold. */
export interface CachedCredentials {
  readonly server: string;
  readonly profile: string;
  readonly grant: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The earlier of AWS's expiry and the grant's end; RFC 3339. */
  readonly usableUntil: string;
  /** The grant's end as known when they were handed out; RFC 3339. */
  readonly grantEndsAt: string;
  readonly region: string | null;
  /** Epoch milliseconds by the cloud's clock, which also says what `reissueAfter` means. */
  readonly issuedAt: number;
  /** When the server last said that the grant lives, by this machine's clock. */
  readonly checkedAt: number;
}

export interface CacheKey {
  readonly server: string;
  readonly profile: string;
  readonly role: string;
  readonly target: string;
}

type Place = Pick<Surroundings, 'env'>;

export function cachePath(place: Place, key: CacheKey): string {
  const name = createHash('sha256')
    .update(JSON.stringify([key.server, key.profile, key.role, key.target]))
    .digest('hex')
    .slice(0, 32);
  return join(paths(place).creds, `${name}.json`);
}

export function readCached(path: string): CachedCredentials | null {
  const stored = readIfThere(path);
  const of = stored === null ? null : parseJson(stored);
  if (!isFields(of)) return null;
  const [accessKeyId, secretAccessKey, sessionToken] = [
    textOrNull(of, 'accessKeyId'),
    textOrNull(of, 'secretAccessKey'),
    textOrNull(of, 'sessionToken'),
  ];
  const [grant, usableUntil] = [textOrNull(of, 'grant'), textOrNull(of, 'usableUntil')];
  if (!accessKeyId || !secretAccessKey || !sessionToken || !grant || !usableUntil) return null;
  return {
    server: textOrNull(of, 'server') ?? '',
    profile: textOrNull(of, 'profile') ?? '',
    grant,
    accessKeyId,
    secretAccessKey,
    sessionToken,
    usableUntil,
    grantEndsAt: textOrNull(of, 'grantEndsAt') ?? usableUntil,
    region: textOrNull(of, 'region'),
    issuedAt: numberOrNull(of, 'issuedAt') ?? 0,
    checkedAt: numberOrNull(of, 'checkedAt') ?? 0,
  };
}

export function writeCached(
  place: Pick<Surroundings, 'env' | 'random'>,
  path: string,
  credentials: CachedCredentials,
): void {
  writePrivate(place.random, path, `${JSON.stringify(credentials)}\n`);
}

/** Removes what was handed out under some grants, or to a profile: after they were given back, after signing out. */
export function dropCached(place: Place, belongs: (credentials: CachedCredentials) => boolean): void {
  const folder = paths(place).creds;
  for (const name of filesOf(folder)) {
    const path = join(folder, name);
    const credentials = readCached(path);
    if (credentials !== null && belongs(credentials)) remove(path);
  }
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
