import {
  Agent,
  request as plainRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import type { Clock } from '../platform/clock.ts';

export interface Call {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds until the call is given up; 20 s unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Stream {
  readonly status: number;
  readonly chunks: AsyncIterable<string>;
}

/** HTTP without a library, because importing one would take longer than `curfew creds aws` may. Follows no redirect. */
export interface Http {
  send(url: string, call?: Call): Promise<Answer>;
  /** An answer that does not end, such as server-sent events; ends by the signal. */
  open(url: string, call: Call & { readonly signal: AbortSignal }): Promise<Stream>;
  close(): void;
}

/** The network failed before there was an answer. `refused`: nobody listens, so nothing can have happened. */
export class NetworkFault extends Error {
  readonly kind: 'refused' | 'timeout' | 'interrupted' | 'broken';

  constructor(kind: NetworkFault['kind'], url: string, cause?: unknown) {
    super(`no answer from ${new URL(url).origin} (${kind})`, { cause });
    this.name = 'NetworkFault';
    this.kind = kind;
  }
}

const DEFAULT_TIMEOUT_MS = 20_000;
const MAX_BODY_CHARS = 256 * 1024 * 1024;

export function createHttp(clock: Clock): Http {
  const agent = new Agent({ keepAlive: true });
  let secureAgent: Agent | null = null;

  async function begin(url: string, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    const secure = new URL(url).protocol === 'https:';
    const options: RequestOptions = { method: call.method ?? 'GET', headers: headers(call), signal, agent };
    let make = plainRequest;
    if (secure) {
      const https = await import('node:https');
      secureAgent ??= new https.Agent({ keepAlive: true });
      make = https.request;
      options.agent = secureAgent;
    }
    return new Promise((resolve, reject) => {
      const outgoing = make(url, options, resolve);
      outgoing.on('error', reject);
      outgoing.end(call.body);
    });
  }

  return {
    async send(url, call = {}) {
      const timeout = clock.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout;
      try {
        const incoming = await begin(url, call, signal);
        return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await readAll(incoming) };
      } catch (error) {
        throw fault(error, url, timeout, call.signal);
      }
    },
    async open(url, call) {
      try {
        const incoming = await begin(url, call, call.signal);
        incoming.setEncoding('utf8');
        return { status: incoming.statusCode ?? 0, chunks: incoming };
      } catch (error) {
        throw fault(error, url, null, call.signal);
      }
    },
    close() {
      agent.destroy();
      secureAgent?.destroy();
    },
  };
}

function headers(call: Call): Record<string, string | number> {
  const length = call.body === undefined ? {} : { 'content-length': Buffer.byteLength(call.body) };
  return {
    accept: 'application/json, application/problem+json',
    'user-agent': 'curfew-cli',
    ...call.headers,
    ...length,
  };
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  incoming.setEncoding('utf8');
  let body = '';
  for await (const chunk of incoming) {
    body += String(chunk);
    if (body.length > MAX_BODY_CHARS) throw new Error('the answer is too long');
  }
  return body;
}

function fault(
  error: unknown,
  url: string,
  timeout: AbortSignal | null,
  caller: AbortSignal | undefined,
): NetworkFault {
  if (caller?.aborted) return new NetworkFault('interrupted', url);
  if (timeout?.aborted) return new NetworkFault('timeout', url);
  const code = causeCode(error);
  const refused = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EHOSTUNREACH';
  return new NetworkFault(refused ? 'refused' : 'broken', url, error);
}

/** A name with two addresses fails with both errors in one. */
function causeCode(error: unknown): string | null {
  if (error instanceof AggregateError) return causeCode(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
