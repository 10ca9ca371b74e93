/** A small HTTP client for the places that talk to a server of our own. Clouds are reached through their SDKs. */
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
