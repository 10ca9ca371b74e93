import type { JsonObject } from '../../core/json.ts';
import { instant, type Instant } from '../../core/time.ts';
import { exchange, type HttpAnswer } from '../../platform/http.ts';
import { refuseLate } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { armError, classifyAnswer, classifyThrown } from './faults.ts';
import type { Tokens } from './identity.ts';

/** One call of Resource Manager. */
export interface ArmCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path without version; begins with a slash. */
  readonly path: string;
  readonly version: string;
  readonly filter?: string;
  readonly body?: JsonObject;
  /** In words, what is tried. */
  readonly what: string;
  /** Error codes that are answers to the caller, and no faults. */
  readonly expects?: readonly string[];
}

export interface ArmAnswer {
  /** The error code that the caller expected; `null`: it went well. */
  readonly code: string | null;
  readonly body: unknown;
  /** Azure's own time, from the Date header. `null`: it did not say. */
  readonly cloudNow: Instant | null;
}

/** Calls Resource Manager with the broker's token. Nothing is tried twice: what may be is the engine's decision. Throws faults. */
export interface Arm {
  call(what: ArmCall, call: CallOptions): Promise<ArmAnswer>;
  /** Reads a list to its last page. */
  list(what: Omit<ArmCall, 'method' | 'body' | 'expects'>, call: CallOptions): Promise<readonly unknown[]>;
  /** The same where there may be no such list; `null`: the answer was an error code that the caller expected. */
  tryList(what: Omit<ArmCall, 'method' | 'body'>, call: CallOptions): Promise<readonly unknown[] | null>;
}

/** More pages than any list of ours can have; a list that goes on for ever is a fault. */
const MOST_PAGES = 500;

export function createArm(ports: {
  readonly tokens: Tokens;
  /** Base URL, without a slash at the end. */
  readonly management: string;
  readonly requestTimeoutMs: number;
}): Arm {
  const { tokens, management, requestTimeoutMs } = ports;

  const send = async (what: ArmCall, url: URL, call: CallOptions): Promise<HttpAnswer> => {
    const token = await tokens.get(call.signal);
    const effect = what.method === 'GET' ? 'read' : 'write';
    const body = what.body === undefined ? '' : JSON.stringify(what.body);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
    };
    let answer: HttpAnswer;
    try {
      refuseLate(call, what.what);
      const within = { signal: call.signal, timeoutMs: requestTimeoutMs };
      answer = await exchange({ method: what.method, url, headers, body }, within);
    } catch (error) {
      throw classifyThrown(error, effect, what.what);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    if (answer.status === 401) tokens.forget(token);
    const { code } = armError(answer);
    if (what.expects?.includes(code) === true) return answer;
    throw classifyAnswer(answer, effect, what.what);
  };

  const tryList: Arm['tryList'] = async (what, call) => {
    const all: unknown[] = [];
    const asked = { ...what, method: 'GET' } as const;
    let next: URL | null = urlOf(management, what);
    for (let page = 0; next !== null; page += 1) {
      if (page >= MOST_PAGES) throw new ProviderFault('unreachable', `${what.what}: the list has no end`);
      const answer = await send(asked, next, call);
      if (answer.status >= 300) return null;
      const body = pageOf(bodyOf(answer, asked));
      if (body === null) throw new ProviderFault('unreachable', `${what.what}: the answer is no list`);
      all.push(...body.value);
      next = body.nextLink === null ? null : ownLink(body.nextLink, management, what.what);
    }
    return all;
  };

  return {
    tryList,
    async call(what, call) {
      const answer = await send(what, urlOf(management, what), call);
      const went = answer.status >= 200 && answer.status < 300;
      return { code: went ? null : armError(answer).code, body: bodyOf(answer, what), cloudNow: dateOf(answer) };
    },
    async list(what, call) {
      // Without codes that are expected every refusal is thrown.
      return (await tryList(what, call)) ?? [];
    },
  };
}

function urlOf(management: string, { path, version, filter }: Pick<ArmCall, 'path' | 'version' | 'filter'>): URL {
  const url = new URL(management + path.split('/').map(encodeURIComponent).join('/'));
  url.searchParams.set('api-version', version);
  if (filter !== undefined) url.searchParams.set('$filter', filter);
  return url;
}

/** Nobody gets our token who is not Resource Manager, whatever an answer says. */
function ownLink(link: string, management: string, what: string): URL {
  const url = URL.parse(link);
  if (url?.origin === new URL(management).origin) return url;
  throw new ProviderFault('unreachable', `${what}: the next page is not at Resource Manager`);
}

function bodyOf(answer: HttpAnswer, { method, what }: Pick<ArmCall, 'method' | 'what'>): unknown {
  if (answer.text === '') return null;
  try {
    return JSON.parse(answer.text);
  } catch {
    // It was done, and how it looks now is asked anyway.
    if (method !== 'GET') return null;
    throw new ProviderFault('unreachable', `${what}: the answer cannot be read`);
  }
}

function pageOf(body: unknown): { readonly value: readonly unknown[]; readonly nextLink: string | null } | null {
  if (typeof body !== 'object' || body === null || !('value' in body) || !Array.isArray(body.value)) return null;
  const nextLink =
    'nextLink' in body && typeof body.nextLink === 'string' && body.nextLink !== '' ? body.nextLink : null;
  return { value: body.value as readonly unknown[], nextLink };
}

function dateOf({ headers }: HttpAnswer): Instant | null {
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? null : instant(ms);
}
