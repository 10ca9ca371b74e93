import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Result } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { agentName } from './agent-name.ts';
import type { BaseUrl } from './base-url.ts';
import type { CompanyChecks, CompanyProvider, CompanyRefusal } from './company-provider.ts';
import { cookieKind, readCookie, sessionCookie, setCookie, type CookieKind } from './cookies.ts';
import type { CompanyIdentity, SignInFacts, SignInRefusal } from './people.ts';
import { returnPath } from './return-path.ts';
import type { Seal } from './seal.ts';
import { browserErrorPage } from './sign-in-pages.ts';

/**
 * Sign-in of the portal. What has to be known on the way back (state, nonce, PKCE verifier, the page to return to) stands
 * sealed in a short cookie of the browser that began, and nowhere here: beginning ten thousand times costs no row and no
 * memory, and an answer that is planted in another browser finds no cookie there (login CSRF).
 */
export interface BrowserSignIn {
  begin(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
  /** Whether an answer of the company's provider belongs here, and not to a sign-in of the command line. */
  awaits(url: URL): boolean;
  finish(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
}

/** Opens a session for somebody whom the company's provider has just authenticated; the composition root fills it. */
export type OpenSession = (
  identity: CompanyIdentity & SignInFacts,
  browser: { readonly agent: string; readonly formerToken: string | null },
) => Promise<Result<{ readonly token: string; readonly endsAt: Instant }, SignInRefusal>>;

export interface BrowserSignInParts {
  readonly company: CompanyProvider;
  readonly openSession: OpenSession;
  readonly base: BaseUrl;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Pending extends CompanyChecks {
  readonly returnTo: string;
}

/** Where the company's provider sends browsers back to, of the portal and of the command line alike. */
export const CALLBACK = '/sign-in/callback';
/** Time enough for a password, a second factor and a telephone call about it. */
const PENDING_MS = 600_000;
/**
 * Tabs that sign in at one time have a cookie each, up to so many: a fixed number of cookies can never grow into headers
 * that the server refuses. Two tabs on one cookie means that the later one counts, and the earlier says so.
 */
const SLOTS = 4;
const STATE = /^web([0-3])\.[\w-]{43}$/;

export function createBrowserSignIn(parts: BrowserSignInParts): BrowserSignIn {
  return {
    begin: (request, response, url) => begin(parts, request, response, url),
    awaits: (url) => url.searchParams.get('state')?.startsWith('web') ?? false,
    finish: (request, response, url) => finish(parts, request, response, url),
  };
}

async function begin(
  parts: BrowserSignInParts,
  _request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { base, company, clock, random, seal } = parts;
  const secret = (): string => random.bytes(32).toString('base64url');
  const slot = (random.bytes(1)[0] ?? 0) % SLOTS;
  const pending: Pending = {
    state: `web${slot}.${secret()}`,
    nonce: secret(),
    codeVerifier: secret(),
    fresh: url.searchParams.get('fresh') === '1',
    begunAt: clock.now(),
    returnTo: returnPath(url.searchParams.get('return'), base.origin),
  };
  const hint = url.searchParams.get('hint');
  const target = await company.authorizationUrl(pending, `${base.origin}${CALLBACK}`, hint?.slice(0, 200) ?? null);
  if (!target.ok) return reportRefusal(parts, response, target.refusal, pending);
  const kind = pendingCookie(base, slot);
  const sealed = seal.seal(JSON.stringify(pending), kind.name);
  redirect(response, target.value.href, [setCookie(kind, sealed, PENDING_MS / 1_000)]);
}

async function finish(
  parts: BrowserSignInParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { base, company, clock, log, openSession } = parts;
  const slot = Number(STATE.exec(url.searchParams.get('state') ?? '')?.[1] ?? -1);
  const kind = pendingCookie(base, slot);
  const pending = slot < 0 ? null : open(parts, request, kind);
  const isOver = pending !== null && after(pending.begunAt, PENDING_MS) <= clock.now();
  if (pending === null || pending.state !== url.searchParams.get('state') || isOver)
    return respond(response, 400, 'This sign-in has ended, was used, or began in another browser or tab.', pending);
  // Whatever comes of it, the same answer is not looked at twice in this browser.
  response.setHeader('set-cookie', [setCookie(kind, '', 0)]);
  const identity = await company.redeem(url, pending);
  if (!identity.ok) return reportRefusal(parts, response, identity.refusal, pending);
  const session = await openSession(identity.value, {
    agent: agentName(request.headers['user-agent']),
    formerToken: readCookie(request.headers.cookie, sessionCookie(base)),
  });
  if (!session.ok) {
    log.warn(
      { issuer: identity.value.issuer, reason: session.refusal.detail },
      'somebody whom the directory does not admit signed in',
    );
    return respond(response, 403, session.refusal.detail, pending);
  }
  const { token, endsAt } = session.value;
  const lastsS = (endsAt - clock.now()) / 1_000;
  redirect(response, `${base.origin}${pending.returnTo}`, [
    setCookie(kind, '', 0),
    setCookie(sessionCookie(base), token, lastsS),
  ]);
}

function pendingCookie(base: BaseUrl, slot: number): CookieKind {
  return cookieKind(base, `curfew-sign-in-${slot}`);
}

/** Sealed by this server for this cookie, so it holds what {@link begin} wrote. */
function open({ seal }: BrowserSignInParts, request: IncomingMessage, kind: CookieKind): Pending | null {
  const sealed = readCookie(request.headers.cookie, kind);
  const text = sealed === null ? null : seal.open(sealed, kind.name);
  if (text === null) return null;
  const pending = JSON.parse(text) as Pending;
  return { ...pending, begunAt: instant(pending.begunAt) };
}

function reportRefusal(
  { log }: BrowserSignInParts,
  response: ServerResponse,
  refusal: CompanyRefusal,
  pending: Pending,
): void {
  log.warn({ cause: refusal.log, kind: refusal.kind }, 'sign-in at the company provider failed');
  const status = { unreachable: 503, refused: 403, untrusted: 400 }[refusal.kind];
  respond(response, status, refusal.detail, pending);
}

function redirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  response
    .writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0', 'set-cookie': [...cookies] })
    .end();
}

function respond(response: ServerResponse, status: number, text: string, pending: Pending | null): void {
  const again = new URLSearchParams({ return: pending?.returnTo ?? '/', ...(pending?.fresh ? { fresh: '1' } : {}) });
  const body = browserErrorPage(text, `/sign-in/browser?${again}`);
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
}
