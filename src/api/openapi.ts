import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import type { ApiParts, ApiServer } from './parts.ts';

/** Describes the API in OpenAPI 3.1, made from the schemas that requests are checked with, and serves it. */
export async function describeApi(
  app: ApiServer,
  { base, version }: Pick<ApiParts, 'base' | 'version'>,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Curfew',
        version,
        description:
          'Just-in-time access. Times are RFC 3339 in UTC. Problems are application/problem+json (RFC 9457), each with a page at its `type`. ' +
          'A POST takes an Idempotency-Key, but for those that hand out secrets.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: base.origin }],
      security: [{ bearer: [] }, { cookie: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-curfew',
            description:
              'A browser that signed in at /sign-in/browser. Every change needs the header x-curfew-csrf with the value `csrf` of GET /v1/me.',
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withProblems(jsonSchemaTransformObject(document)),
  });
  app.route({
    method: 'GET',
    url: '/openapi.json',
    schema: { hide: true },
    handler: async (_request, reply) => reply.header('access-control-allow-origin', '*').send(openApiDocument(app)),
  });
}

/** The document; the same for every deployment but for its `servers`. */
export function openApiDocument(app: FastifyInstance): Record<string, unknown> {
  return app.swagger() as unknown as Record<string, unknown>;
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;
type Json = { [key: string]: unknown };
interface Operation extends Json {
  responses?: Record<string, Json>;
  parameters?: unknown[];
}

/** Says once for all operations what every one of them may answer, and what every POST may bring. */
function withProblems(document: Document): Document {
  // What clients send is named plainly; the twin that the generator makes of every answer is not needed.
  const made = JSON.stringify(document).replaceAll(
    '#/components/schemas/NewRequestInput',
    '#/components/schemas/NewRequest',
  );
  const text = JSON.parse(made) as {
    components: { schemas: Record<string, Json> };
    paths: Record<string, Record<string, Operation>>;
  };
  const { schemas } = text.components;
  for (const name of Object.keys(schemas)) {
    if (name.endsWith('Input')) delete schemas[name];
    // A field that is added to an answer must break no client.
    else if (name !== 'NewRequest') open(schemas[name]);
  }
  for (const [path, methods] of Object.entries(text.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const own = operation.responses ?? {};
      open(own);
      for (const response of Object.values(own)) response['description'] = 'The answer.';
      const type = NOT_JSON[path];
      if (type !== undefined)
        own['200'] = { description: 'The answer.', content: { [type]: { schema: { type: 'string' } } } };
      operation.responses = { ...own, '4XX': PROBLEM, ...('503' in own ? {} : { '5XX': PROBLEM }) };
      if (method === 'post' && path.startsWith('/v1/') && !NEVER_REPLAYED.has(path))
        operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
    }
  }
  return text as unknown as Document;
}

/** Removes `additionalProperties: false` everywhere below. */
function open(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('additionalProperties' in schema && schema.additionalProperties === false) delete schema.additionalProperties;
  for (const part of Object.values(schema)) open(part);
}

/** Answers that are no JSON, and therefore have no schema to be described from. */
const NOT_JSON: Readonly<Record<string, string>> = {
  '/metrics': 'text/plain',
  '/v1/events': 'text/event-stream',
  '/v1/audit/checkpoint': 'text/plain',
};

const PROBLEM = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Their answers are secrets and are not kept, or nobody is signed in any more who could ask for them again. */
const NEVER_REPLAYED: ReadonlySet<string> = new Set([
  '/v1/grants/{id}/credentials',
  '/v1/grants/{id}/console',
  '/v1/me/sign-out',
]);

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
};
