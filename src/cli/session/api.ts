import { Failure } from '../failure.ts';
import { NetworkFault, type Answer, type Http } from '../http.ts';
import { readProfile, type Profile } from './profile.ts';
import { failureFrom } from './problem.ts';
import { serverDown } from './discovery.ts';
import { isFresh, loginOver, notSignedIn, renew } from './tokens.ts';
import type { Surroundings } from '../surroundings.ts';
import { fields, parseJson, type Fields } from '../wire.ts';

export interface ApiOptions {
  /** Address without a slash at the end. */
  readonly server: string;
  readonly profile: string;
  /** What to type to sign in, for the complaint that one is not. */
  readonly loginCommand: string;
  readonly http: Http;
}

export interface AskOptions {
  readonly timeoutMs?: number;
  /** How often a broken connection is tried; 3 unless told. */
  readonly tries?: number;
  readonly signal?: AbortSignal;
}

/** The HTTP API as the signed-in person. Throws a {@link Failure} for everything that is not a 2xx answer. */
export interface Api {
  readonly server: string;
  get(path: string, options?: AskOptions): Promise<Fields>;
  /** Text instead of JSON, such as a signed checkpoint. */
  getText(path: string): Promise<string>;
  /** Sends with an Idempotency-Key, so that a broken connection may be tried again without doing the thing twice. */
  post(path: string, body: object, options?: AskOptions): Promise<Fields>;
  /** Server-sent events as raw text, until the signal fires. */
  events(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

const TRIES = 3;
const BETWEEN_TRIES_MS = 400;

type Place = Pick<Surroundings, 'env' | 'clock' | 'pid' | 'random'>;

export function createApi(place: Place, options: ApiOptions): Api {
  const { http, server } = options;
  const base = `${server}/v1`;

  function profile(): Profile {
    const stored = readProfile(place, options.profile);
    // Tokens of one server are never shown to another.
    if (stored === null || stored.server !== server) throw notSignedIn(options.loginCommand);
    return stored;
  }

  async function token(rejected: string | null): Promise<string> {
    const stored = profile();
    if (stored.accessToken !== rejected && isFresh(stored, place.clock.now())) return stored.accessToken;
    return (await explained(() => renew(place, http, options.profile, rejected, options.loginCommand))).accessToken;
  }

  async function explained<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof NetworkFault && error.kind !== 'interrupted' ? serverDown(server, error) : error;
    }
  }

  /** Sends with a token, and once more with a new one when the server did not take the first. */
  async function authorized(send: (bearer: string) => Promise<Answer>): Promise<Answer> {
    const first = await token(null);
    const answer = await send(first);
    if (answer.status !== 401) return checked(answer);
    const second = await token(first);
    const again = await send(second);
    if (again.status === 401) throw loginOver(options.loginCommand);
    return checked(again);
  }

  async function patiently(send: () => Promise<Answer>, tries = TRIES): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send();
        if (attempt >= tries || !isPassing(answer)) return answer;
      } catch (error) {
        const passing = error instanceof NetworkFault && error.kind === 'broken';
        if (attempt >= tries || !passing) throw error;
      }
      await place.clock.sleep(BETWEEN_TRIES_MS * attempt);
    }
  }

  return {
    server,
    async get(path, ask = {}) {
      const answer = await explained(() =>
        authorized((bearer) =>
          patiently(() => http.send(base + path, { headers: authorization(bearer), ...ask }), ask.tries),
        ),
      );
      return fields(parseJson(answer.body), path.split('?')[0] ?? path);
    },
    async getText(path) {
      const answer = await explained(() =>
        authorized((bearer) => http.send(base + path, { headers: { ...authorization(bearer), accept: 'text/plain' } })),
      );
      return answer.body;
    },
    async post(path, body, ask = {}) {
      const key = place.random.bytes(16).toString('hex');
      const call = { method: 'POST' as const, body: JSON.stringify(body), ...ask };
      const headers = { 'content-type': 'application/json', 'idempotency-key': key };
      const answer = await explained(() =>
        authorized((bearer) =>
          patiently(
            () => http.send(base + path, { ...call, headers: { ...authorization(bearer), ...headers } }),
            ask.tries,
          ),
        ),
      );
      return fields(parseJson(answer.body), path);
    },
    async events(path, signal) {
      const bearer = await token(null);
      const stream = await http.open(base + path, {
        headers: { ...authorization(bearer), accept: 'text/event-stream' },
        signal,
      });
      if (stream.status !== 200) throw new Failure(`The server offers no live updates (${stream.status}).`);
      return stream.chunks;
    },
  };
}

function authorization(bearer: string): Record<string, string> {
  return { authorization: `Bearer ${bearer}` };
}

function checked(answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.status === 401) return answer;
  throw failureFrom(answer);
}

/** An answer that says: the same again, a little later. */
function isPassing(answer: Answer): boolean {
  return answer.status === 409 && answer.body.includes('idempotency-key-in-flight');
}
