import { join } from 'node:path';
import { usage } from '../failure.ts';
import { paths } from '../paths.ts';
import { readIfThere, remove, writePrivate } from '../private-file.ts';
import type { Surroundings } from '../surroundings.ts';
import { isFields, parseJson, textOrNull, numberOrNull } from '../wire.ts';

/** A login, as it is remembered in `profiles/<name>.json` (0600). */
export interface Profile {
  /** Address that was signed in to, without a slash at the end. The tokens go nowhere else. */
  readonly server: string;
  /** What the tokens are good for: the `resource` of the authorization server. */
  readonly audience: string;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string | null;
  readonly person: { readonly key: string; readonly name: string };
  /** Whether this is a demo person, who signs in by name. */
  readonly demo: boolean;
  readonly refreshToken: string;
  readonly accessToken: string;
  /** Epoch milliseconds. */
  readonly accessTokenEndsAt: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Checks the name of a profile, because it becomes the name of a file. */
export function profileName(name: string): string {
  if (NAME.test(name)) return name;
  throw usage(
    `"${name.slice(0, 70)}" cannot be the name of a profile.`,
    'Use up to 64 letters, digits, dots, dashes and underscores.',
  );
}

type Place = Pick<Surroundings, 'env'>;

export function profilePath(place: Place, name: string): string {
  return join(paths(place).profiles, `${name}.json`);
}

/** The login of that name; `null` when there is none or the file is not one of ours. */
export function readProfile(place: Place, name: string): Profile | null {
  const stored = readIfThere(profilePath(place, name));
  const of = stored === null ? null : parseJson(stored);
  if (!isFields(of) || !isFields(of['person'])) return null;
  const server = textOrNull(of, 'server');
  const audience = textOrNull(of, 'audience');
  const clientId = textOrNull(of, 'clientId');
  const tokenEndpoint = textOrNull(of, 'tokenEndpoint');
  const refreshToken = textOrNull(of, 'refreshToken');
  if (!server || !audience || !clientId || !tokenEndpoint || !refreshToken) return null;
  return {
    server,
    audience,
    clientId,
    tokenEndpoint,
    refreshToken,
    revocationEndpoint: textOrNull(of, 'revocationEndpoint'),
    person: { key: textOrNull(of['person'], 'key') ?? '', name: textOrNull(of['person'], 'name') ?? '' },
    demo: of['demo'] === true,
    accessToken: textOrNull(of, 'accessToken') ?? '',
    accessTokenEndsAt: numberOrNull(of, 'accessTokenEndsAt') ?? 0,
  };
}

export function writeProfile(place: Pick<Surroundings, 'env' | 'random'>, name: string, profile: Profile): void {
  writePrivate(place.random, profilePath(place, name), `${JSON.stringify(profile, null, 2)}\n`);
}

export function removeProfile(place: Place, name: string): void {
  remove(profilePath(place, name));
}
