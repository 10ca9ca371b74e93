import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VerifiedToken } from '../identity/access-tokens.ts';
import type { Actor } from '../operations/world.ts';
import { ApiProblem, type ProblemDetails } from './problems.ts';
import type { ApiParts } from './parts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link authenticator} on every authenticated route; read it with {@link actorOf}. */
    session: Session | null;
  }
}

export interface Session {
  readonly actor: Actor;
  readonly token: VerifiedToken;
}

/** One sentence for every cause: which check failed helps only somebody who forges tokens. */
const UNAUTHENTICATED: ProblemDetails = {
  code: 'unauthenticated',
  detail: 'This needs a sign-in, and the one that was sent is missing, over, or not ours.',
  hint: 'curfew login',
};

/**
 * Makes the hook that runs before anything else on a route: it reads the bearer token, verifies it, and asks the directory
 * whether its person may still act. The token is taken from the header alone: browsers send no header by themselves, so
 * no foreign page can act for a person.
 */
export function authenticator({ tokens, operations, log }: Pick<ApiParts, 'tokens' | 'operations' | 'log'>) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const refuse = (cause: string): never => {
      log.info({ requestId: request.id, route: request.routeOptions.url, cause }, 'a request was not authenticated');
      throw new ApiProblem(UNAUTHENTICATED);
    };
    const header = request.headers.authorization;
    if (header === undefined) return refuse('no token');
    const [, token] = /^Bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(header) ?? [];
    if (token === undefined) return refuse('not a bearer token');
    const verified = await tokens.verify(token);
    if (!verified.ok) return refuse(verified.refusal);
    const { person, key, via, mfaAt } = verified.value;
    if (operations.profile(key) === null) return refuse('person is not in the directory or has left');
    request.session = {
      actor: { person, key, context: { via, ...(mfaAt === null ? {} : { mfaAt }) } },
      token: verified.value,
    };
  };
}

/** Who acts. Throws on a route that forgot to authenticate. */
export function sessionOf(request: FastifyRequest): Session {
  if (request.session === null) throw new Error(`${request.routeOptions.url ?? 'a route'} is not authenticated`);
  return request.session;
}

export function actorOf(request: FastifyRequest): Actor {
  return sessionOf(request).actor;
}
