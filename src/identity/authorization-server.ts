import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import type { SessionId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { Db } from '../store/schema.ts';
import type { BaseUrl } from './base-url.ts';
import { createBrowserSignIn, type BegunLink, type LinkProven, type OpenSession } from './browser-sign-in.ts';
import { companyNamed, type Companies } from './companies.ts';
import { handleCompanyLogout, logoutFrom, type EndAtCompany } from './company-logout.ts';
import type { CompanyProvider, CompanyRefusal } from './company-provider.ts';
import { publicJwk, type IdentityKeys } from './keys.ts';
import { createOidcAdapters, type EndSignIn } from './oidc-adapter.ts';
import { OAUTH_ROUTES, oidcConfiguration } from './oidc-configuration.ts';
import type { People } from './people.ts';
import { createSeal } from './seal.ts';
import { errorPage } from './sign-in-pages.ts';
import { createSignIn } from './sign-in.ts';
import type { TokenEpoch } from './token-epoch.ts';

/** Our own authorization server: issues the short tokens that the command line brings to the API. */
export interface AuthorizationServer {
  readonly base: BaseUrl;
  /** Public keys that verify its access tokens. */
  readonly verificationKeys: { readonly keys: readonly object[] };
  /** Where people sign in, the company's own provider first. */
  readonly providers: readonly Pick<CompanyProvider, 'name' | 'title' | 'issuer' | 'use'>[];
  /** Begins to link an account at a further provider to the person of a browser's session; `null`: there is no such provider. */
  beginLink(
    name: string,
    session: SessionId,
    returnTo: string | null,
  ): Promise<Result<BegunLink, CompanyRefusal> | null>;
  /** Whether a path is answered here and not by the API. */
  owns(pathname: string): boolean;
  /** Answers a request with an untouched body; the caller has given up the response. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

export interface AuthorizationServerParts {
  readonly base: BaseUrl;
  readonly db: Db;
  readonly keys: IdentityKeys;
  readonly companies: Companies;
  readonly people: People;
  readonly openSession: OpenSession;
  readonly linkProven: LinkProven;
  readonly endAtCompany: EndAtCompany;
  readonly endSignIn: EndSignIn;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly epoch: TokenEpoch;
}

/** The only file that knows how oidc-provider (a Koa application) and our sign-in pages sit on the API's server. */
export function createAuthorizationServer(parts: AuthorizationServerParts): AuthorizationServer {
  const { base, keys, people, clock, random, log, epoch } = parts;
  const seal = createSeal(keys.sealing, random);
  const provider = new Provider(
    base.issuer,
    oidcConfiguration({ base, keys, people, clock, epoch, adapter: createOidcAdapters({ ...parts, seal }) }),
  );
  // The scheme comes from a header that `asConfigured` writes, so that cookies are `Secure` behind a proxy that ends TLS.
  provider.proxy = true;
  widenResume(provider);
  sayExpired(provider);
  const browser = createBrowserSignIn({ ...parts, seal });
  const signIn = createSignIn({ ...parts, provider, seal, browser });
  endSessions(provider, log);
  reportFaults(provider, log);
  const oauth = provider.callback();

  return {
    base,
    verificationKeys: { keys: keys.signing.map(publicJwk) },
    providers: parts.companies,
    async beginLink(name, session, returnTo) {
      const further = companyNamed(parts.companies, name);
      return further === null || further === parts.companies[0]
        ? null
        : browser.beginLink({ provider: further, session, returnTo });
    },
    owns: (pathname) =>
      ['/oauth', '/sign-in'].some((folder) => pathname === folder || pathname.startsWith(`${folder}/`)),
    handle(request, response) {
      asConfigured(request, base);
      const path = request.url ?? '/';
      const loggedOutAt = logoutFrom(parts.companies, path);
      if (loggedOutAt !== null) return void handleCompanyLogout(parts, loggedOutAt, request, response);
      if (path.startsWith('/sign-in')) return void signIn.handle(request, response);
      Object.assign(request, { baseUrl: '/oauth', url: path.slice('/oauth'.length) || '/' });
      void oauth(request, response);
    },
  };
}

/** Overwrites what a request claims about our own address: links, redirects and cookies are made from it. */
function asConfigured(request: IncomingMessage, base: BaseUrl): void {
  for (const name of ['forwarded', 'x-forwarded-host', 'x-forwarded-for', 'x-forwarded-port'])
    delete request.headers[name];
  request.headers.host = base.host;
  request.headers['x-forwarded-proto'] = base.secure ? 'https' : 'http';
}

/**
 * The library gives the cookie of the way back the path of one interaction, whatever is configured. A name that is bound to this host
 * needs `/`, or browsers drop it; and it must be bound, because the way back goes on with an interaction that nobody has finished.
 */
function widenResume(provider: Provider): void {
  const name = provider.cookieName('resume');
  const isResume = (line: string): boolean => line.startsWith(`${name}=`) || line.startsWith(`${name}.sig=`);
  provider.use(async (ctx, next) => {
    await next();
    const lines = ctx.res.getHeader('set-cookie');
    if (!Array.isArray(lines)) return;
    const widened = lines.map((line) => (isResume(line) ? line.replace(/; path=[^;]*/, '; path=/') : line));
    ctx.res.setHeader('set-cookie', widened);
  });
}

/**
 * The library shows its form again, with a complaint, to whoever sends it badly, and fails at that where the browser has no session: its
 * cookie has ended, or is another browser's. There is nothing to go on with then.
 */
function sayExpired(provider: Provider): void {
  provider.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { oidc } = ctx as { readonly oidc?: { readonly session?: { readonly new?: boolean } } };
      const goesOn =
        ctx.method === 'POST' ? ctx.path === OAUTH_ROUTES.device : ctx.path.startsWith(`${OAUTH_ROUTES.device}/`);
      if (!goesOn || oidc?.session?.new !== true) throw error;
      ctx.status = 400;
      ctx.type = 'html';
      ctx.body = errorPage('This page has expired, or belongs to another browser.');
    }
  });
}

/** Forgets the browser when a sign-in is over: the next one, perhaps by somebody else, starts from nothing. */
function endSessions(provider: Provider, log: Log): void {
  const end = (ctx: { readonly oidc?: { readonly session?: object | undefined } }): void => {
    const session = ctx.oidc?.session as { id: string; destroyed: boolean } | undefined;
    if (session === undefined) return;
    const { id } = session;
    session.destroyed = true;
    provider.Session.adapter.destroy(id).catch((error: unknown) => {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'a finished sign-in session was not removed; it ends by itself',
      );
    });
  };
  provider.on('authorization.success', end);
  provider.on('authorization.error', end);
}

/** Names of the errors only: their messages may quote what a client sent. */
function reportFaults(provider: Provider, log: Log): void {
  // Koa prints what escapes it unless somebody listens, and its own events are not in the provider's types.
  const koa: EventEmitter = provider;
  koa.on('error', (error: Error) => log.error({ error: error.message }, 'the authorization server failed'));
  provider.on('server_error', (_ctx, error) => log.error({ error: error.message }, 'the authorization server failed'));
  provider.on('grant.error', (_ctx, error) => {
    log.warn(
      { error: error.error, reason: 'error_detail' in error ? error.error_detail : undefined },
      'a token was refused',
    );
  });
  provider.on('authorization.error', (_ctx, error) =>
    log.info({ error: error.error }, 'a sign-in ended without a code'),
  );
}
