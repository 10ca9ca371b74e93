import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { readCookie, sessionCookie, setCookie } from '../identity/cookies.ts';
import type { Actor } from '../operations/world.ts';
import { ApiProblem, type ProblemDetails } from './problems.ts';
import type { ApiParts } from './parts.ts';
import type { TokenLimits } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link authenticator} on every authenticated route; read it with {@link actorOf}. */
    session: Session | null;
  }
}

/** Who is on the other side, and how they came in. */
export interface Session {
  readonly actor: Actor;
  /** The sign-in that this belongs to, as the list of sessions names it. */
  readonly id: SessionId;
  readonly signedInAt: Instant;
  /** When the sign-in ends. */
  readonly endsAt: Instant;
  /** When what was shown ends: a token before its sign-in, a cookie together with it. */
  readonly expiresAt: Instant;
  /** What a page has to send with every change; `null` for a bearer token, which no browser sends by itself. */
  readonly csrf: string | null;
}

/** One sentence for every cause: which check failed helps only somebody who forges tokens. */
const UNAUTHENTICATED: ProblemDetails = {
  code: 'unauthenticated',
  detail: 'This needs a sign-in, and the one that was sent is missing, over, or not ours.',
  hint: 'curfew login',
};

const FORGED = {
  code: 'csrf',
  detail: 'This change did not come from a page of this server, so it was not made.',
  hint: 'Send the header x-curfew-csrf with the value "csrf" of GET /v1/me, from a page of this server.',
} as const satisfies ProblemDetails;

const FORGED_READING: ProblemDetails = {
  code: 'csrf',
  detail:
    'Whoever reads the log is named in it for that. This did not come from a page of this server, so nothing was read.',
  hint: `Read it in the portal, or with curfew audit. ${FORGED.hint}`,
};

/** What writes an entry about whoever reads. */
const LOGGED_READING = /^\/v1\/audit\//;

export const CSRF_HEADER = 'x-curfew-csrf';
/**
 * Our own page says by it that nobody did anything: it looks by itself. Nothing else follows from it than that the session is not used by
 * that, so whoever forges it loses.
 */
const UNATTENDED_HEADER = 'x-curfew-unattended';

type Parts = Pick<ApiParts, 'tokens' | 'operations' | 'log' | 'base' | 'clock'>;

/**
 * Makes the hook that runs before anything else on a route: it takes a bearer token, or the cookie of a browser's session,
 * verifies it, and asks the directory whether its person may still act. A token is taken from the header alone, never from
 * the address. A cookie is sent by the browser whoever's page asks, so a change needs more: a header that only our own
 * page knows the value of, and our own origin. So does reading the log, which is written there: a link on somebody else's page, in a mail or
 * in a chat opens it with the cookie. Only the header is asked for there, because browsers name no origin where a page reads its own, and where
 * a navigation came from is not said by all. `unattended`: what comes to this route comes by itself, and is no use of a session.
 */
export function authenticator(parts: Parts, unattended = false) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const refuse = (cause: string): never => {
      parts.log.info(
        { requestId: request.id, route: request.routeOptions.url, cause },
        'a request was not authenticated',
      );
      throw new ApiProblem(UNAUTHENTICATED);
    };
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const found = await byToken(parts, authorization, request.tokenLimits);
      if (typeof found === 'string') {
        await request.tokenLimits?.isRefused();
        return refuse(found);
      }
      request.session = found;
      return;
    }
    const token = readCookie(cookie, sessionCookie(parts.base));
    if (token === null) return refuse('no token');
    request.session = await byCookie(parts, token, { request, reply, unattended }, refuse);
  };
}

/** The same where nobody needs to be signed in: whoever shows nothing, or a cookie that is over, stays a stranger. */
export function optionalAuthenticator(parts: Parts, unattended = false) {
  const authenticate = authenticator(parts, unattended);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.headers.authorization !== undefined) return authenticate(request, reply);
    if (readCookie(request.headers.cookie, sessionCookie(parts.base)) === null) return;
    await authenticate(request, reply).catch((error: unknown) => {
      if (!(error instanceof ApiProblem) || error.problem.code !== 'unauthenticated') throw error;
    });
  };
}

type Refuse = (cause: string) => never;

/** Whose a token is, or why it is nobody's. */
async function byToken(
  { tokens, operations }: Parts,
  header: string,
  limits: TokenLimits | null,
): Promise<Session | string> {
  const [, token] = /^Bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(header) ?? [];
  if (token === undefined) return 'not a bearer token';
  const verified = await tokens.verify(token);
  if (!verified.ok) return verified.refusal;
  const { person, key, via, authenticatedAt, mfaAt, signIn, signedInAt, signInEndsAt, expiresAt } = verified.value;
  await limits?.isOf(signIn);
  if (operations.profile(key) === null) return 'person is not in the directory or has left';
  // A token is good for ten minutes; whoever ended the sign-in from another machine does not want to wait for that.
  if (!(await operations.signInStands(signIn))) return 'the sign-in was ended';
  return {
    actor: {
      kind: 'person',
      person,
      key,
      roles: await operations.rolesOf(person),
      context: { via, ...(mfaAt === null ? {} : { mfaAt }) },
      signIn: { id: signIn, authenticatedAt },
    },
    id: signIn,
    signedInAt,
    endsAt: signInEndsAt,
    expiresAt,
    csrf: null,
  };
}

async function byCookie(
  { operations, base, clock }: Parts,
  token: string,
  {
    request,
    reply,
    unattended,
  }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly unattended: boolean },
  refuse: Refuse,
): Promise<Session> {
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  const isUse = changes || !(unattended || request.headers[UNATTENDED_HEADER] === '1');
  const found = await operations.recogniseSession(token, isUse);
  if (!found.ok) return refuse(found.refusal);
  const { id, person, key, csrf, signedInAt, endsAt, authenticatedAt, mfaAt, offered } = found.value;
  if (operations.profile(key) === null) {
    await operations.endSessionOfLeaver(id);
    return refuse('person is not in the directory or has left');
  }
  if (offered !== null)
    void reply.header('set-cookie', setCookie(sessionCookie(base), offered, (endsAt - clock.now()) / 1_000));
  if (changes && (request.headers.origin !== base.origin || !same(request.headers[CSRF_HEADER], csrf)))
    throw new ApiProblem(FORGED);
  if (LOGGED_READING.test(request.routeOptions.url ?? '') && !same(request.headers[CSRF_HEADER], csrf))
    throw new ApiProblem(FORGED_READING);
  return {
    actor: {
      kind: 'person',
      person,
      key,
      roles: await operations.rolesOf(person),
      context: { via: 'web', ...(mfaAt === null ? {} : { mfaAt }) },
      signIn: { id, authenticatedAt },
    },
    id,
    signedInAt,
    endsAt,
    expiresAt: endsAt,
    csrf,
  };
}

/** Compares in a time that does not depend on where two texts differ. */
function same(given: string | string[] | undefined, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}

/** Who acts. Throws on a route that forgot to authenticate. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === null) throw new Error(`${request.routeOptions.url ?? 'a route'} is not authenticated`);
  return request.session;
}

export function actorOf(request: FastifyRequest): Actor {
  return sessionOf(request).actor;
}
