import { createHash, randomBytes } from 'node:crypto';

/** A browser without a screen: follows redirects by hand and keeps cookies by host, path and name. */
export interface UserAgent {
  get(url: string): Promise<Visit>;
  post(url: string, form: Readonly<Record<string, string>>): Promise<Visit>;
  /** Any request, with the cookies that belong to it. */
  send(url: string, init: RequestInit): Promise<Visit>;
  /** The value of a cookie that is kept now for a host, whatever its path. */
  cookie(host: string, name: string): string | null;
  /** Keeps a cookie that a host beside this one has set for both (`Domain`), as long as a browser would take it. */
  plant(host: string, cookie: { readonly name: string; readonly value: string; readonly path: string }): void;
  /** Follows redirects until a page, or until `stopAt` says that this address is not for a browser. */
  follow(url: string, stopAt: (url: URL) => boolean): Promise<Visit>;
  cookies(): readonly string[];
}

export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where it was sent on to, absolute. */
  readonly location: URL | null;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly pair: string;
}

/** With `through`, what is for `from` goes to another server, as to a proxy that ends TLS. */
export function createUserAgent(
  extra: Readonly<Record<string, string>> = {},
  through: { readonly from: string; readonly to: string } | null = null,
): UserAgent {
  const jar = new Map<string, Cookie>();
  const seen: string[] = [];
  async function visit(url: string, init: RequestInit): Promise<Visit> {
    const at = new URL(url);
    const cookie = [...jar.values()]
      .filter(
        (one) =>
          one.host === at.host && (at.pathname === one.path || at.pathname.startsWith(one.path.replace(/\/?$/, '/'))),
      )
      // The longer path comes first, as in every browser (RFC 6265, section 5.4).
      .sort((one, other) => other.path.length - one.path.length)
      .map((one) => one.pair)
      .join('; ');
    const reached = at.origin === through?.from ? `${through.to}${at.pathname}${at.search}` : at;
    const answer = await fetch(reached, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', cookie, ...extra, ...init.headers },
    });
    for (const line of answer.headers.getSetCookie()) {
      seen.push(line);
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const name = pair.slice(0, pair.indexOf('='));
      const path = attributes.find((one) => one.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const gone = attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one));
      const secure = at.protocol === 'https:' && attributes.some((one) => one.toLowerCase() === 'secure');
      const isWide = path !== '/' || attributes.some((one) => one.toLowerCase().startsWith('domain='));
      // RFC 6265bis, section 5.7: a browser drops what bears the prefix and does not keep its promise.
      if (name.startsWith('__Host-') && (!secure || isWide)) continue;
      const key = `${at.host} ${path} ${name}`;
      if (gone) jar.delete(key);
      else jar.set(key, { host: at.host, path, pair });
    }
    const location = answer.headers.get('location');
    return {
      url: at,
      status: answer.status,
      headers: answer.headers,
      body: await answer.text(),
      location: location === null ? null : new URL(location, at),
    };
  }
  const agent: UserAgent = {
    send: visit,
    cookie(host, name) {
      const found = [...jar.values()].find((one) => one.host === host && one.pair.startsWith(`${name}=`));
      return found === undefined ? null : found.pair.slice(name.length + 1);
    },
    plant(host, { name, value, path }) {
      if (!name.startsWith('__Host-'))
        jar.set(`${host} ${path} ${name} planted`, { host, path, pair: `${name}=${value}` });
    },
    get: (url) => visit(url, {}),
    post: (url, form) =>
      visit(url, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    async follow(url, stopAt) {
      let last = await agent.get(url);
      for (let hops = 0; hops < 12 && last.location !== null && !stopAt(last.location); hops += 1)
        last = await agent.get(last.location.href);
      return last;
    },
    cookies: () => seen,
  };
  return agent;
}

/** PKCE, state and the URL that the command line would open. */
export interface Attempt {
  readonly url: string;
  readonly verifier: string;
  readonly state: string;
  readonly redirectUri: string;
}

export function newAttempt(base: string, changes: Readonly<Record<string, string | null>> = {}): Attempt {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const redirectUri = 'http://127.0.0.1:49999/callback';
  const parameters: Record<string, string | null> = {
    client_id: 'curfew-cli',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    resource: `${base}/v1`,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.set(name, value);
  return { url: `${base}/oauth/authorize?${query}`, verifier, state, redirectUri };
}

/** What a command line without a browser of its own shows, and asks with. */
export interface Device {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
}

/** Begins a sign-in by device code of a broker, which may listen elsewhere than at its base. */
export async function beginDevice(base: string, listensAt = base): Promise<Device> {
  const answer = await fetch(`${listensAt}/oauth/device/code`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'curfew-cli', scope: 'openid offline_access', resource: `${base}/v1` }),
  });
  return (await answer.json()) as Device;
}

/** Asks for the tokens of a device, which are there once somebody has signed in for it. */
export function pollDevice(listensAt: string, code: string): Promise<Tokens> {
  return askForTokens(listensAt, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code,
  });
}

/** What the form of a page about a device sends by itself. */
export function deviceForm({ body }: Visit): Record<string, string> {
  const fields = body.matchAll(/name="(xsrf|user_code)" value="([^"]*)"/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, value ?? '']));
}

export interface Tokens {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function askForTokens(base: string, form: Readonly<Record<string, string>>): Promise<Tokens> {
  const answer = await fetch(`${base}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'curfew-cli', ...form }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export const isCallback = (url: URL): boolean => url.port === '49999';

/** Signs a demo person in as the command line does. Throws with the page when it does not work. */
export async function signIn(base: string, person: string): Promise<{ accessToken: string; refreshToken: string }> {
  const attempt = newAttempt(base, { login_hint: person });
  const last = await createUserAgent().follow(attempt.url, isCallback);
  const code = last.location?.searchParams.get('code');
  if (code === null || code === undefined)
    throw new Error(`no code for ${person}: ${last.status} ${last.location?.href ?? last.body}`);
  const tokens = await askForTokens(base, {
    grant_type: 'authorization_code',
    code,
    code_verifier: attempt.verifier,
    redirect_uri: attempt.redirectUri,
  });
  if (tokens.status !== 200) throw new Error(`no token for ${person}: ${JSON.stringify(tokens.body)}`);
  return { accessToken: String(tokens.body['access_token']), refreshToken: String(tokens.body['refresh_token']) };
}

/** A code at the command line's callback, and what it takes to redeem it. */
export interface Code {
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

/** Walks a sign-in to its end at the callback. */
export async function walkToCode(base: string, person: string): Promise<Code> {
  const attempt = newAttempt(base, { login_hint: person });
  const last = await createUserAgent().follow(attempt.url, isCallback);
  return {
    code: last.location?.searchParams.get('code') ?? '',
    verifier: attempt.verifier,
    redirectUri: attempt.redirectUri,
  };
}

export function redeemCode(base: string, given: Code, changes: Readonly<Record<string, string>> = {}): Promise<Tokens> {
  return askForTokens(base, {
    grant_type: 'authorization_code',
    code: given.code,
    code_verifier: given.verifier,
    redirect_uri: given.redirectUri,
    ...changes,
  });
}

export function whoAmI(base: string, token: string): Promise<Response> {
  return fetch(`${base}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
