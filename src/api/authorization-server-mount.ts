import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiParts, ApiServer } from './parts.ts';
import { SIGN_IN_CSP } from './security.ts';

/**
 * Hands `/oauth` and `/sign-in` to the authorization server, which is another application on the same socket. It reads
 * bodies itself, so these routes parse nothing; rate limits and headers of the API hold for them too.
 */
export function mountAuthorizationServer(
  app: ApiServer,
  { authorizationServer }: Pick<ApiParts, 'authorizationServer'>,
): void {
  if (authorizationServer === null) return;
  void app.register(async (folder) => {
    folder.removeAllContentTypeParsers();
    folder.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const hand = (request: FastifyRequest, reply: FastifyReply): void => {
      reply.hijack();
      reply.raw.setHeader('content-security-policy', SIGN_IN_CSP);
      authorizationServer.handle(request.raw, reply.raw);
    };
    for (const url of ['/oauth', '/oauth/*', '/sign-in', '/sign-in/*']) {
      folder.route({ method: ['GET', 'HEAD', 'POST', 'OPTIONS'], url, schema: { hide: true }, handler: hand });
    }
  });
}
