import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { CONNECTION_OPTIONS, limitConnections } from './connections.ts';
import { BODY_LIMIT, handleErrors } from './error-handler.ts';
import { registerHealth } from './health/handler.ts';
import { createApiMetrics, observeRequests } from './metrics.ts';
import type { ApiServer, HealthParts } from './parts.ts';
import { secureHeaders } from './security.ts';

/** What a process serves that runs the engine alone: whether it is well, and its numbers. Nothing else is there, and nobody signs in. */
export async function createHealthApi(parts: HealthParts): Promise<FastifyInstance> {
  const app: ApiServer = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    genReqId: () => parts.random.bytes(9).toString('base64url'),
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    ...CONNECTION_OPTIONS,
  }).withTypeProvider<ZodTypeProvider>();
  limitConnections(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('session', null);
  handleErrors(app, parts.base.origin, parts.log);
  const metrics = createApiMetrics(parts);
  observeRequests(app, metrics, parts);
  await secureHeaders(app, parts.base);
  registerHealth(app, parts, metrics);
  await app.ready();
  return app;
}
