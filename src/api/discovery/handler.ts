import { z } from 'zod';
import { CLI_CLIENT_ID } from '../../identity/oidc-configuration.ts';
import type { ApiParts, ApiServer } from '../parts.ts';

const discovery = z
  .object({
    name: z.literal('Curfew'),
    version: z.string(),
    issuer: z.url(),
    clientId: z.string(),
    api: z.url(),
    signIn: z
      .array(z.object({ name: z.string(), title: z.string() }))
      .readonly()
      .meta({
        description: 'Where people sign in, the company’s own provider first: `/sign-in/browser?provider=<name>`.',
      }),
    demo: z.boolean(),
    demoPeople: z.array(z.object({ key: z.string(), name: z.string(), title: z.string() })).optional(),
    ledger: z.object({ origin: z.string(), vkey: z.string() }),
    aws: z.object({ region: z.string(), endpointUrl: z.string().nullable() }).optional(),
  })
  .meta({ id: 'Discovery' });

/** `/.well-known/curfew`: what a client needs to know before it can sign anybody in. */
export function registerDiscovery(
  app: ApiServer,
  { base, version, demo, logKey, aws, authorizationServer }: ApiParts,
): void {
  app.route({
    method: 'GET',
    url: '/.well-known/curfew',
    schema: { summary: 'Who this server is', tags: ['operations'], security: [], response: { 200: discovery } },
    handler: async (_request, reply) =>
      reply.header('cache-control', 'no-store').send({
        name: 'Curfew',
        version,
        issuer: base.issuer,
        clientId: CLI_CLIENT_ID,
        api: base.audience,
        signIn: (authorizationServer?.providers ?? [])
          .filter(({ use }) => use === 'sign-in')
          .map(({ name, title }) => ({ name, title })),
        demo: demo !== null,
        ...(demo === null ? {} : { demoPeople: demo.people.map(({ key, name, title }) => ({ key, name, title })) }),
        ledger: { origin: logKey.origin, vkey: logKey.vkey },
        ...(aws === null ? {} : { aws }),
      }),
  });
}
