import { request } from 'node:http';

/** What came of a call. Without an answer nobody knows whether it was done. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'silence'; readonly why: string };

/** One call on a connection of its own, so that each may come to another broker. `body` null is a GET. */
export function ask(
  url: string,
  token: string,
  body: object | null,
  options: { readonly key?: string; readonly timeoutMs: number },
): Promise<Answer> {
  const text = body === null ? null : JSON.stringify(body);
  return new Promise((resolve) => {
    const silence = (error: Error) => resolve({ kind: 'silence', why: error.message });
    const call = request(url, {
      method: text === null ? 'GET' : 'POST',
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs),
      headers: {
        authorization: `Bearer ${token}`,
        ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
      },
    });
    call.once('error', silence);
    call.once('response', (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.once('error', silence);
      response.once('end', () => {
        try {
          const parsed = JSON.parse(answer) as Readonly<Record<string, unknown>>;
          resolve({ kind: 'answer', status: response.statusCode ?? 0, body: parsed });
        } catch {
          resolve({ kind: 'silence', why: `no JSON, status ${response.statusCode ?? 0}` });
        }
      });
    });
    call.end(text ?? undefined);
  });
}
