import { isAbsolute, join } from 'node:path';
import { homedir } from 'node:os';
import type { Surroundings } from './surroundings.ts';

/** Where the CLI keeps what it has to remember, after the XDG base directory specification. */
export interface Paths {
  /** Logins: one file per profile, holding secrets. */
  readonly profiles: string;
  /** Credentials handed out lately, holding secrets. */
  readonly creds: string;
  /** What `curfew prompt` shows: which access is live. No secrets. */
  readonly live: string;
  /** The last checkpoint and log key that were seen of each server. */
  readonly trust: string;
}

type Place = Pick<Surroundings, 'env'>;

/** The specification says that a relative path in these variables is invalid and must be ignored. */
function base(place: Place, variable: string, fallback: string): string {
  const set = place.env[variable];
  return join(set !== undefined && isAbsolute(set) ? set : join(home(place), fallback), 'curfew');
}

export function home(place: Place): string {
  return place.env['HOME'] || homedir();
}

export function paths(place: Place): Paths {
  const state = base(place, 'XDG_STATE_HOME', '.local/state');
  return {
    profiles: join(base(place, 'XDG_CONFIG_HOME', '.config'), 'profiles'),
    creds: join(base(place, 'XDG_CACHE_HOME', '.cache'), 'creds'),
    live: join(state, 'live'),
    trust: join(state, 'trust'),
  };
}
