import { commandLine } from './call-name.ts';
import { usage } from './failure.ts';
import { createHttp, type Http } from './http.ts';
import { createApi, type Api } from './session/api.ts';
import { readProfile, profileName, type Profile } from './session/profile.ts';
import { DEFAULT_SERVER, serverAddress } from './session/server-address.ts';
import type { Surroundings } from './surroundings.ts';
import { styleFor, type Style } from './terminal/style.ts';
import type { Fields } from './wire.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly profile?: string;
  readonly server?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  /** `false` after `--no-input`. */
  readonly input?: boolean;
}

/** What a command works with: the surroundings, the options that hold for all, and the API as the signed-in person. */
export interface Context {
  readonly place: Surroundings;
  readonly profile: string;
  readonly server: string;
  readonly stored: Profile | null;
  readonly json: boolean;
  readonly plain: boolean;
  /** Whether a person can be asked: a terminal on both sides, and no `--no-input`. */
  readonly interactive: boolean;
  /** `false` after `--no-input`. */
  readonly mayAsk: boolean;
  readonly http: Http;
  readonly api: Api;
  readonly out: Style;
  readonly err: Style;
  /** A command line that the user can paste, with the flags that this one was given. */
  command(...words: readonly string[]): string;
  /** Data: the only thing that goes to standard output. */
  data(text: string): void;
  /** One JSON object on one line, marked with the version of its shape. */
  dataJson(value: Fields): void;
  /** A message for a person. */
  say(text: string): void;
}

export const API_VERSION = 'curfew.dev/v1';

export function createContext(place: Surroundings, options: GlobalOptions): Context {
  const profile = profileName(options.profile ?? (place.env['CURFEW_PROFILE'] || 'default'));
  const stored = readProfile(place, profile);
  const server = serverAddress(options.server ?? (place.env['CURFEW_SERVER'] || (stored?.server ?? DEFAULT_SERVER)));
  if (options.json && options.plain) throw usage('Choose one of --json and --plain.');
  const http = createHttp(place.clock);
  const flags = { profile, server: options.server === undefined ? null : server };
  const command = (...words: readonly string[]) => commandLine(place, flags, words);
  // Whoever signed in as a demo person signs in that way again.
  const login =
    stored?.demo && stored.server === server ? command('login', '--as', stored.person.key) : command('login');
  return {
    place,
    profile,
    server,
    stored,
    json: options.json === true,
    plain: options.plain === true,
    interactive: options.input !== false && place.stdin.isTTY === true && place.stderr.isTTY,
    mayAsk: options.input !== false,
    http,
    api: createApi(place, { server, profile, loginCommand: login, http }),
    out: styleFor(place, place.stdout, options.plain === true || options.json === true),
    err: styleFor(place, place.stderr, options.plain === true),
    command,
    data: (text) => place.stdout.write(text),
    dataJson: (value) => place.stdout.write(`${JSON.stringify({ ...value, apiVersion: API_VERSION })}\n`),
    say: (text) => place.stderr.write(`${text}\n`),
  };
}
