import { basename, delimiter, dirname, isAbsolute, resolve } from 'node:path';
import type { Surroundings } from './surroundings.ts';

/** How the user named us, passed on by the launcher `bin/curfew`; a suggested command must work as it is printed. */
export const CALLED_AS = 'CURFEW_CALLED_AS';
/** Set by the launcher when the cache of compiled code was its idea, so that it is not handed to other programs. */
export const OWN_COMPILE_CACHE = 'CURFEW_OWN_COMPILE_CACHE';

type Place = Pick<Surroundings, 'env' | 'cwd'>;

/** `curfew` when the PATH leads to it, otherwise what was typed: `./bin/curfew`, `/opt/curfew/bin/curfew`. */
export function callName(place: Place): string {
  const called = place.env[CALLED_AS];
  if (called === undefined || called === '') return 'curfew';
  const folder = resolve(place.cwd, dirname(called));
  const onPath = (place.env['PATH'] ?? '')
    .split(delimiter)
    .some((entry) => isAbsolute(entry) && resolve(entry) === folder);
  return onPath ? basename(called) : shellWord(called);
}

/** The absolute path of the launcher, for files that other programs read. `null` when we were not started by it. */
export function launcherPath(place: Place): string | null {
  const called = place.env[CALLED_AS];
  return called === undefined || called === '' ? null : resolve(place.cwd, called);
}

/** What has to stand in a suggested command besides its own words, because the user gave it too. */
export interface CommonFlags {
  readonly profile: string;
  /** Given on this command line; `null` when the profile or the environment named the server. */
  readonly server: string | null;
}

/** Builds a command that can be pasted: `curfew --profile bo request invoice-reader --on aws/prod`. */
export function commandLine(place: Place, flags: CommonFlags, words: readonly string[]): string {
  const fromEnvironment = place.env['CURFEW_PROFILE'] === flags.profile;
  const profile = flags.profile === 'default' || fromEnvironment ? [] : ['--profile', flags.profile];
  const server = flags.server === null ? [] : ['--server', flags.server];
  return [callName(place), ...[...profile, ...server, ...words].map(shellWord)].join(' ');
}

/** The line that asks for what somebody does not hold; it waits until it can be used. */
export function requestLine(
  by: { command(...words: readonly string[]): string },
  role: string,
  target: string,
): string {
  return by.command('request', role, '--on', target, '--reason', 'why you need it', '--wait');
}

/** Quotes a word for a POSIX shell when it needs it. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:@=+,%-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
