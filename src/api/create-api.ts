import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { registerAdministration } from './administration/handler.ts';
import { registerAccounts } from './accounts/handler.ts';
import { registerAudit } from './audit/handler.ts';
import { authenticator } from './authenticate.ts';
import { mountAuthorizationServer } from './authorization-server-mount.ts';
import { registerCatalogue } from './catalogue/handler.ts';
import { registerDiscovery } from './discovery/handler.ts';
import { registerDoctor } from './doctor/handler.ts';
import { CONNECTION_OPTIONS, limitConnections } from './connections.ts';
import { BODY_LIMIT, handleErrors } from './error-handler.ts';
import { builtPage } from './pages/portal.ts';
import { registerEvents } from './events/handler.ts';
import { registerFavourites } from './favourites/handler.ts';
import { registerGrantCredentials } from './grants-credentials/handler.ts';
import { registerGrantEnds } from './grants-end/handler.ts';
import { registerGrantExtensions } from './grants-extend/handler.ts';
import { registerGrantReads } from './grants-read/handler.ts';
import { registerHealth } from './health/handler.ts';
import { registerMe } from './me/handler.ts';
import { observeRequests, createApiMetrics } from './metrics.ts';
import { registerNotifications } from './notifications/handler.ts';
import { describeApi } from './openapi.ts';
import { registerPasskeyRecoveries } from './passkey-recoveries/handler.ts';
import { registerPasskeys } from './passkeys/handler.ts';
import { registerDemoPages } from './pages/demo-pages.ts';
import { registerPages } from './pages/handler.ts';
import type { ApiParts, ApiServer } from './parts.ts';
import { registerPolicy } from './policy/handler.ts';
import { registerRequestCreation } from './requests-create/handler.ts';
import { registerRequestDecisions } from './requests-decide/handler.ts';
import { registerRequestReads } from './requests-read/handler.ts';
import { registerRevocations } from './revocations/handler.ts';
import { limitRates } from './rate-limits.ts';
import { secureHeaders } from './security.ts';
import { refuseUnsoundText } from './sound-text.ts';

/**
 * The HTTP face of Curfew, ready to listen or to be injected into. Nothing is trusted that the request says about us: all
 * addresses come from the configured base URL.
 */
export async function createApi(parts: ApiParts): Promise<FastifyInstance> {
  const { base, log, random, trustedProxies } = parts;
  const app: ApiServer = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    genReqId: () => random.bytes(9).toString('base64url'),
    requestIdHeader: false,
    trustProxy: trustedProxies === undefined || trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    ...CONNECTION_OPTIONS,
  }).withTypeProvider<ZodTypeProvider>();
  limitConnections(app);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('session', null);
  // The router of the portal knows no such address either, and says so.
  handleErrors(app, base.origin, log, () => builtPage(parts.portalDir));
  refuseUnsoundText(app);

  const metrics = createApiMetrics(parts);
  observeRequests(app, metrics, parts);
  await secureHeaders(app, base);
  await limitRates(app, parts);
  await describeApi(app, parts);

  mountAuthorizationServer(app, parts);
  await registerPages(app, parts);
  registerDemoPages(app, parts);
  registerDiscovery(app, parts);
  registerHealth(app, parts, metrics);
  registerEvents(app, parts, metrics);
  await app.register(async (v1: ApiServer) => authenticated(v1, parts), { prefix: '/v1' });
  await app.ready();
  return app;
}

/** Everything that needs a person behind it. The check comes before the body is read. */
async function authenticated(v1: ApiServer, parts: ApiParts): Promise<void> {
  v1.addHook('onRequest', authenticator(parts));
  // An empty body means an empty object: `POST …/return` needs nothing.
  v1.addHook('preValidation', async (request) => {
    if (request.method === 'POST') request.body ??= {};
  });
  registerMe(v1, parts);
  registerPasskeys(v1, parts);
  registerPasskeyRecoveries(v1, parts);
  registerAccounts(v1, parts);
  registerFavourites(v1, parts);
  registerCatalogue(v1, parts);
  registerRequestCreation(v1, parts);
  registerRequestReads(v1, parts);
  registerNotifications(v1, parts);
  registerRequestDecisions(v1, parts);
  registerGrantReads(v1, parts);
  registerGrantEnds(v1, parts);
  registerGrantExtensions(v1, parts);
  registerRevocations(v1, parts);
  registerGrantCredentials(v1, parts);
  registerPolicy(v1, parts);
  registerDoctor(v1, parts);
  registerAudit(v1, parts);
  registerAdministration(v1, parts);
}
