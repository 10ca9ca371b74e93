/** A small HTTP client: for servers of our own, and for clouds that need no SDK. */
export async function getJson(url: string, timeoutMs: number): Promise<unknown> {
  return json(url, { signal: AbortSignal.timeout(timeoutMs) });
}

/** Sends JSON and reads JSON. Rejects for any answer but success. */
export async function postJson(url: string, body: object, timeoutMs: number): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return json(url, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(timeoutMs) });
}

async function json(url: string, options: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...options, redirect: 'error' });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return response.json();
}

/** An answer as it came, whatever it says. Names of headers are in lower case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none is sent. */
  readonly body: string;
}

/** Sends one request and reads the answer; follows nobody elsewhere. Rejects when there is no answer within `timeoutMs`, or the signal fires. */
export async function exchange(
  { method, url, headers, body }: HttpRequest,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === '' ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}
