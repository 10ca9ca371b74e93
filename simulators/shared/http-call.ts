import type { IncomingMessage, ServerResponse } from 'node:http';

/** One HTTP request as it came over the wire: nothing decoded, so that a signature can be checked over the original. */
export type HttpCall = {
  readonly method: string;
  /** The path as sent, percent-encoding kept. */
  readonly rawPath: string;
  /** Query pairs, percent-decoded, in the order sent. */
  readonly query: readonly (readonly [string, string])[];
  /** Header values by lower-case name, in the order sent. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The peer's address in its plain IPv4 or IPv6 form. */
  readonly remoteAddress: string;
};

/** What a handler answers; `body` is sent with its exact length. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

/** The largest request that is read: objects and blobs here are documents of a demo, not archives. */
export const maxBodyBytes = 16 * 1024 * 1024;

/** A request that cannot be read; each cloud says that in words of its own. */
export class BadHttpCall extends Error {
  readonly kind: 'unreadable' | 'too-large' | 'bad-encoding';

  constructor(kind: BadHttpCall['kind']) {
    super(`a call is ${kind}`);
    this.name = 'BadHttpCall';
    this.kind = kind;
  }
}

/** Reads a request whole. Throws `BadHttpCall`, past `maxBodyBytes` and for bad percent-encoding too. */
export async function readHttpCall(message: IncomingMessage): Promise<HttpCall> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) throw new BadHttpCall('unreadable');
    length += chunk.length;
    if (length > maxBodyBytes) throw new BadHttpCall('too-large');
    chunks.push(chunk);
  }
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    rawPath: mark < 0 ? target : target.slice(0, mark),
    query: parseQuery(mark < 0 ? '' : target.slice(mark + 1)),
    headers: collectHeaders(message.rawHeaders),
    body: Buffer.concat(chunks),
    remoteAddress: (message.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, ''),
  };
}

/** Splits a raw query string; a plus sign stays a plus sign, as SigV4 wants it. */
export function parseQuery(raw: string): [string, string][] {
  return raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? [percentDecode(pair), '']
        : [percentDecode(pair.slice(0, equals)), percentDecode(pair.slice(equals + 1))];
    });
}

/** Percent-decodes. Throws `BadHttpCall`. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadHttpCall('bad-encoding');
  }
}

/** The first value of a header, or null. */
export const header = (call: HttpCall, name: string): string | null => call.headers.get(name)?.[0] ?? null;

/** The first value of a query parameter, or null. */
export const queryValue = (call: HttpCall, name: string): string | null =>
  call.query.find(([key]) => key === name)?.[1] ?? null;

/** Sends an answer with its exact length. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer): void {
  const length =
    answer.headers['content-length'] ?? (answer.status === 204 ? null : String(Buffer.byteLength(answer.body)));
  response.writeHead(answer.status, { ...answer.headers, ...(length === null ? {} : { 'content-length': length }) });
  response.end(answer.body);
}

function collectHeaders(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), raw[index + 1] ?? '']);
  }
  return headers;
}
