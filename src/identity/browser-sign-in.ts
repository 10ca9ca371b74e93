import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { agentName } from './agent-name.ts';
import type { BaseUrl } from './base-url.ts';
import {
  callbackOf,
  companyNamed,
  lastProvider,
  lastProviderCookie,
  signsInNobody,
  type Companies,
} from './companies.ts';
import type { CompanyChecks, CompanyProvider, CompanyRefusal } from './company-provider.ts';
import { cookieKind, readCookie, sessionCookie, setCookie, type CookieKind } from './cookies.ts';
import type { CompanyIdentity, SignInFacts, SignInRefusal } from './people.ts';
import { returnPath } from './return-path.ts';
import type { Seal } from './seal.ts';
import { browserErrorPage, linkErrorPage } from './sign-in-pages.ts';

/**
 * Sign-in of the portal, and the proof of an account that its person wants to link. What has to be known on the way back (provider, state,
 * nonce, PKCE verifier, the page to return to, the session that links) stands sealed in a short cookie of the browser that began, and
 * nowhere here: beginning ten thousand times costs no row and no memory, and an answer that is planted in another browser finds no cookie
 * there (login CSRF).
 */
export interface BrowserSignIn {
  begin(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
  /** Begins to link an account to the person of a session. Whether they may, and that their own page asks, the caller has made sure of. */
  beginLink(wish: LinkWish): Promise<Result<BegunLink, CompanyRefusal>>;
  /** Whether an answer of a provider belongs here, and not to a sign-in of the command line. */
  awaits(url: URL): boolean;
  finish(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
}

/** Opens a session for somebody whom a provider has just authenticated; the composition root fills it. */
export type OpenSession = (
  identity: CompanyIdentity & SignInFacts,
  browser: { readonly agent: string; readonly formerToken: string | null },
) => Promise<Result<{ readonly token: string; readonly endsAt: Instant }, SignInRefusal>>;

/**
 * Links an account, which somebody has just proven in this browser, to the person of the browser's session, if that is still the one that
 * began; the composition root fills it.
 */
export type LinkProven = (
  session: { readonly id: SessionId; readonly token: string },
  identity: CompanyIdentity & SignInFacts,
) => Promise<Result<null, SignInRefusal>>;

export interface LinkWish {
  /** A further provider. */
  readonly provider: CompanyProvider;
  readonly session: SessionId;
  /** The page to come back to, as somebody asked for it. */
  readonly returnTo: string | null;
}

/** Where to send the browser, and the cookie that it has to bring back. */
export interface BegunLink {
  readonly location: string;
  readonly cookie: string;
}

export interface BrowserSignInParts {
  readonly companies: Companies;
  readonly openSession: OpenSession;
  readonly linkProven: LinkProven;
  readonly base: BaseUrl;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What somebody wants of a provider. */
interface Wish {
  /** Its name. */
  readonly provider: string;
  readonly fresh: boolean;
  readonly returnTo: string;
  /** The session whose person wants to link the account; `null`: somebody signs in. */
  readonly linkTo: SessionId | null;
}

interface Pending extends CompanyChecks, Wish {}

/** Time enough for a password, a second factor and a telephone call about it. */
const PENDING_MS = 600_000;
/**
 * Tabs that sign in at one time have a cookie each, up to so many: a fixed number of cookies can never grow into headers
 * that the server refuses. Two tabs on one cookie means that the later one counts, and the earlier says so.
 */
const SLOTS = 4;
const STATE = /^web([0-3])\.[\w-]{43}$/;
/** How long a browser is known to have signed in at a further provider last. */
const REMEMBERED_S = 90 * 86_400;

export function createBrowserSignIn(parts: BrowserSignInParts): BrowserSignIn {
  return {
    begin: (request, response, url) => begin(parts, request, response, url),
    beginLink: ({ provider, session, returnTo }) =>
      ask(parts, provider, {
        provider: provider.name,
        // What stands open in a browser may be somebody else's: the account has to be proven now.
        fresh: true,
        returnTo: returnPath(returnTo, parts.base.origin),
        linkTo: session,
      }),
    awaits: (url) => url.searchParams.get('state')?.startsWith('web') ?? false,
    finish: (request, response, url) => finish(parts, request, response, url),
  };
}

async function begin(
  parts: BrowserSignInParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { base, companies } = parts;
  const asked = url.searchParams.get('provider');
  const provider =
    asked === null ? lastProvider(companies, base, request.headers.cookie) : companyNamed(companies, asked);
  if (provider === null) return respond(response, 404, 'There is no sign-in provider of this name.', null);
  if (provider.use === 'link') return respond(response, 403, signsInNobody(provider), null);
  const wish: Wish = {
    provider: provider.name,
    fresh: url.searchParams.get('fresh') === '1',
    returnTo: returnPath(url.searchParams.get('return'), base.origin),
    linkTo: null,
  };
  const begun = await ask(parts, provider, wish, url.searchParams.get('hint')?.slice(0, 200));
  if (!begun.ok) return reportRefusal(parts, response, begun.refusal, wish);
  redirect(response, begun.value.location, [begun.value.cookie]);
}

/** Makes the secrets of one attempt, and the cookie that alone holds them. */
async function ask(
  { base, companies, clock, random, seal }: BrowserSignInParts,
  provider: CompanyProvider,
  wish: Wish,
  hint: string | null = null,
): Promise<Result<BegunLink, CompanyRefusal>> {
  const secret = (): string => random.bytes(32).toString('base64url');
  const slot = (random.bytes(1)[0] ?? 0) % SLOTS;
  const checks = { state: `web${slot}.${secret()}`, nonce: secret(), codeVerifier: secret(), begunAt: clock.now() };
  const pending: Pending = { ...wish, ...checks };
  const target = await provider.authorizationUrl(pending, `${base.origin}${callbackOf(companies, provider)}`, hint);
  if (!target.ok) return target;
  const kind = pendingCookie(base, slot);
  const sealed = seal.seal(JSON.stringify(pending), kind.name);
  return ok({ location: target.value.href, cookie: setCookie(kind, sealed, PENDING_MS / 1_000) });
}

async function finish(
  parts: BrowserSignInParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { base, companies, clock } = parts;
  const slot = Number(STATE.exec(url.searchParams.get('state') ?? '')?.[1] ?? -1);
  const kind = pendingCookie(base, slot);
  const pending = slot < 0 ? null : open(parts, request, kind);
  const isOver = pending !== null && after(pending.begunAt, PENDING_MS) <= clock.now();
  if (pending === null || pending.state !== url.searchParams.get('state') || isOver)
    return respond(response, 400, 'This sign-in has ended, was used, or began in another browser or tab.', pending);
  // Whatever comes of it, the same answer is not looked at twice in this browser.
  response.setHeader('set-cookie', [setCookie(kind, '', 0)]);
  const provider = companyNamed(companies, pending.provider);
  if (provider === null || url.pathname !== callbackOf(companies, provider))
    return respond(
      response,
      400,
      'The answer comes from another sign-in provider than the one that was asked.',
      pending,
    );
  // It was begun before the provider was set to be for linking alone.
  if (provider.use === 'link' && pending.linkTo === null) return respond(response, 403, signsInNobody(provider), null);
  const identity = await provider.redeem(url, pending);
  if (!identity.ok) return reportRefusal(parts, response, identity.refusal, pending);
  const done = pending.linkTo === null ? signIn : link;
  await done(parts, request, response, { identity: identity.value, pending, spent: setCookie(kind, '', 0) });
}

/** What a provider has proven, for whom, and the line that takes the cookie of the attempt back. */
interface Proven {
  readonly identity: CompanyIdentity & SignInFacts;
  readonly pending: Pending;
  readonly spent: string;
}

async function signIn(
  parts: BrowserSignInParts,
  request: IncomingMessage,
  response: ServerResponse,
  { identity, pending, spent }: Proven,
): Promise<void> {
  const { base, clock, companies, log, openSession } = parts;
  const { cookie } = request.headers;
  const session = await openSession(identity, {
    agent: agentName(request.headers['user-agent']),
    formerToken: readCookie(cookie, sessionCookie(base)),
  });
  if (!session.ok) {
    const { issuer } = identity;
    log.warn({ issuer, reason: session.refusal.detail }, 'somebody whom the directory does not admit signed in');
    return respond(response, 403, session.refusal.detail, pending);
  }
  const { token, endsAt } = session.value;
  const lines = [spent, setCookie(sessionCookie(base), token, (endsAt - clock.now()) / 1_000)];
  const last = lastProviderCookie(base);
  if (pending.provider !== companies[0].name) lines.push(setCookie(last, pending.provider, REMEMBERED_S));
  else if (readCookie(cookie, last) !== null) lines.push(setCookie(last, '', 0));
  redirect(response, `${base.origin}${pending.returnTo}`, lines);
}

async function link(
  { base, linkProven, log }: BrowserSignInParts,
  request: IncomingMessage,
  response: ServerResponse,
  { identity, pending, spent }: Proven,
): Promise<void> {
  const token = readCookie(request.headers.cookie, sessionCookie(base));
  if (pending.linkTo === null || token === null) return respond(response, 403, SIGNED_OUT, pending);
  const linked = await linkProven({ id: pending.linkTo, token }, identity);
  if (linked.ok) return redirect(response, `${base.origin}${pending.returnTo}`, [spent]);
  log.warn({ issuer: identity.issuer, reason: linked.refusal.detail }, 'an account was not linked');
  respond(response, 403, linked.refusal.detail, pending);
}

const SIGNED_OUT = 'You were signed out here meanwhile.';

function pendingCookie(base: BaseUrl, slot: number): CookieKind {
  return cookieKind(base, `curfew-sign-in-${slot}`);
}

/** Sealed by this server for this cookie, so it holds what {@link ask} wrote. */
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
  wish: Wish,
): void {
  log.warn({ cause: refusal.log, kind: refusal.kind }, 'sign-in at the company provider failed');
  const status = { unreachable: 503, refused: 403, untrusted: 400 }[refusal.kind];
  respond(response, status, refusal.detail, wish);
}

function redirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  response
    .writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0', 'set-cookie': [...cookies] })
    .end();
}

function respond(response: ServerResponse, status: number, text: string, wish: Wish | null): void {
  const { returnTo = '/', fresh = false, provider, linkTo = null } = wish ?? {};
  const again = new URLSearchParams({
    return: returnTo,
    ...(fresh ? { fresh: '1' } : {}),
    ...(provider && { provider }),
  });
  const body = linkTo === null ? browserErrorPage(text, `/sign-in/browser?${again}`) : linkErrorPage(text, returnTo);
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
}
