import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { SessionId } from '../core/ids.ts';
import { readCookie, sessionCookie } from '../identity/cookies.ts';
import type { ApiParts, ApiServer } from './parts.ts';
import { ApiProblem } from './problems.ts';

const LIMITS = { perAddressPerMinute: 3_000, signInsPerAddressPerMinute: 600, perPersonPerMinute: 600 } as const;
/** A /48 of IPv6 is what a company or one customer of a hoster gets: so many of its /64 use up their limits before all of it is refused. */
const NETWORKS_PER_SITE = 10;
/** Cookies that are remembered to be somebody's: more than have a session with one process at a time. */
const MOST_KNOWN = 20_000;
/** Where a sign-in begins or goes on. Tokens are refreshed elsewhere, and the company's provider calls elsewhere. */
const SIGN_IN = /^\/(sign-in\/(?!back-channel-logout)|oauth\/(authorize|device))/;

/** What ends access or decides about it, with what a yes to it has to sign, and what throws a thief out. */
const ENDS = [
  /^POST \/v1\/grants\/:id\/(return|revoke)$/,
  /^POST \/v1\/revocations(\/:id\/(confirm|lift))?$/,
  /^POST \/v1\/requests\/:id\/(challenge|approve|deny|withdraw)$/,
  /^POST \/v1\/me\/sign-out$/,
  /^DELETE \/v1\/me\/(sessions\/:id|passkeys\/recovery)$/,
] as const;
/** What has to be read before: the value that a change carries, what somebody holds, where they are signed in, what waits. */
const LOOKS = /^GET \/v1\/(me(\/sessions)?|grants(\/:id)?|requests\/:id|revocations\/:id|passkey-recoveries)$/;

type Kind = 'end' | 'look' | null;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set where rates are limited; for whoever reads the token of a request. */
    tokenLimits: TokenLimits | null;
  }
}

/** What is counted of tokens as soon as it can be, so that none costs the database more than a minute may hold. Both throw a problem. */
export interface TokenLimits {
  /** A token is ours, by its signature: it is counted by the sign-in that it names, whether that stands or not. */
  isOf(signIn: SessionId): Promise<void>;
  /** A token is refused, and about to be logged. */
  isRefused(): Promise<void>;
}

/**
 * What is counted by itself: however much a page or a script reads, what must not go on can still be stopped. What an end has to read is
 * counted apart from ends, so that neither uses up the other.
 */
function kindOf({ method, routeOptions, query }: FastifyRequest): Kind {
  const route = `${method} ${routeOptions.url ?? ''}`;
  if (ENDS.some((one) => one.test(route))) return 'end';
  if (!LOOKS.test(route)) return null;
  // Of lists the one of what somebody holds now: the others are long.
  return route !== 'GET /v1/grants' || (query as { scope?: unknown }).scope === 'live' ? 'look' : null;
}

/**
 * Whose an address is, for what is counted by addresses: itself, and of IPv6 the /64 that one customer or one machine gets whole, and can
 * change within as often as it likes.
 */
export function networkOf(address: string): string {
  const groups = groupsOf(address);
  if (typeof groups === 'string') return groups;
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The /48 that an address of IPv6 is in: whoever has one has 65,536 of what {@link networkOf} tells apart. `null`: it is of IPv4. */
export function siteOf(address: string): string | null {
  const groups = groupsOf(address);
  return typeof groups === 'string' ? null : `${groups.slice(0, 3).join(':')}::/48`;
}

/** The first four groups of an address of IPv6, as short as they can be written; an address of IPv4 as it is. */
function groupsOf(address: string): readonly string[] | string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const [left, right] = [groups(head), groups(tail ?? '')];
  // An IPv4 address at the end stands for two groups.
  const missing = 8 - left.length - right.length - (address.includes('.') ? 1 : 0);
  const all = [...left, ...Array.from({ length: tail === undefined ? 0 : missing }, () => '0'), ...right];
  return all.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
}

/**
 * Bounds what one address may ask (also with a token that is none), and what one person may. Ends, and what they read, are counted by
 * sign-in, once it is known whose it is: whoever shares an address with somebody, or a person with the thief of their cookie, can
 * still end things, with a sign-in of their own.
 */
export async function limitRates(app: ApiServer, { limits, base }: Pick<ApiParts, 'limits' | 'base'>): Promise<void> {
  const { perAddressPerMinute, signInsPerAddressPerMinute, perPersonPerMinute } = { ...LIMITS, ...limits };
  await app.register(rateLimit, { global: false });
  const limiter = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: 60_000, keyGenerator });

  // Hashes of cookies that were somebody's when they were shown last, the one that was shown longest ago first.
  const known = new Set<string>();
  const hashOfCookie = (header: string | undefined): string | null => {
    const token = readCookie(header, sessionCookie(base));
    return token === null ? null : createHash('sha256').update(token).digest('hex');
  };
  /** Before anybody knows who asks. A cookie that was somebody's is counted by itself, and nobody can show another one's. */
  const addressOrCookie = (request: FastifyRequest): string => {
    const network = networkOf(request.ip);
    if (kindOf(request) === null) return network;
    const cookie = hashOfCookie(request.headers.cookie);
    return cookie !== null && known.has(cookie) ? `cookie ${cookie}` : `stranger ${network}`;
  };
  /** Counts by address, and what is counted of one of IPv6 by its /48 as well. */
  const limiterOfAddresses = (max: number, keyOf: (request: FastifyRequest) => string) => {
    const narrow = limiter(max, keyOf);
    const wide = limiter(max * NETWORKS_PER_SITE, (request) =>
      keyOf(request).replace(networkOf(request.ip), siteOf(request.ip) ?? ''),
    );
    return async (request: FastifyRequest): Promise<void> => {
      refuseIfExceeded(await narrow(request));
      // What is counted by somebody's cookie is theirs, wherever they are.
      const isOfAddress = keyOf(request).endsWith(networkOf(request.ip));
      if (isOfAddress && siteOf(request.ip) !== null) refuseIfExceeded(await wide(request));
    };
  };
  const perAddress = limiterOfAddresses(perAddressPerMinute, addressOrCookie);
  const signIns = limiterOfAddresses(signInsPerAddressPerMinute, (request) => `sign-in ${networkOf(request.ip)}`);
  const perPerson = limiter(perPersonPerMinute, (request) => {
    const { session, ip } = request;
    const kind = kindOf(request);
    if (session === null) return networkOf(ip);
    return kind === null ? session.actor.person : `${kind} ${session.id}`;
  });

  const named = new WeakMap<FastifyRequest, SessionId>();
  const perToken = limiter(perPersonPerMinute, (request) => `${kindOf(request)} ${named.get(request)}`);
  const refusedTokens = limiterOfAddresses(perAddressPerMinute, (request) => `refused ${networkOf(request.ip)}`);
  const limitsOf = (request: FastifyRequest): TokenLimits => ({
    isOf: async (signIn) => {
      if (kindOf(request) === null) return;
      named.set(request, signIn);
      refuseIfExceeded(await perToken(request));
    },
    isRefused: () => refusedTokens(request),
  });

  app.decorateRequest('tokenLimits', null);
  // As hooks of the whole server, because limits of single routes would run after the authentication of a folder.
  app.addHook('onRequest', async (request) => {
    request.tokenLimits = limitsOf(request);
    // Whether a token is ours is seen without the database, for no more than refusing it costs: nobody else uses up the place of one.
    const showsToken = request.headers.authorization !== undefined;
    if (!(showsToken && kindOf(request) !== null)) await perAddress(request);
    if (SIGN_IN.test(request.url)) await signIns(request);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (request.session === null) return;
    // Also the younger one that is offered now.
    if (request.session.csrf !== null)
      for (const header of [request.headers.cookie, String(reply.getHeader('set-cookie'))])
        remember(known, hashOfCookie(header));
    // What a token ends or looks for was counted before.
    if (named.has(request)) return;
    const use = await perPerson(request);
    refuseIfExceeded(use);
    if (use.isAllowed) return;
    void reply
      .header('x-ratelimit-limit', use.max)
      .header('x-ratelimit-remaining', use.remaining)
      .header('x-ratelimit-reset', use.ttlInSeconds);
  });
}

function remember(known: Set<string>, cookie: string | null): void {
  if (cookie === null) return;
  known.delete(cookie);
  known.add(cookie);
  const [oldest] = known;
  if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
}

type Use =
  | { readonly isAllowed: true }
  | { readonly isAllowed: false; readonly isExceeded: boolean; readonly ttlInSeconds: number };

function refuseIfExceeded(use: Use): void {
  if (use.isAllowed || !use.isExceeded) return;
  throw new ApiProblem({
    code: 'rate-limited',
    detail: 'That was more than one minute may hold.',
    retryAfterSeconds: Math.max(1, use.ttlInSeconds),
  });
}
