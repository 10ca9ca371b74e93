import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiParts, ApiServer } from './parts.ts';
import { problemView } from './views.ts';

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
          'Every POST takes an Idempotency-Key.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: base.origin }],
      security: [{ bearer: [] }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
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
export function openApiDocument(app: ApiServer): Record<string, unknown> {
  return app.swagger() as unknown as Record<string, unknown>;
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;

/** Says once for all operations what every one of them may answer, and what every POST may bring. */
function withProblems(document: Document): Document {
  const text = JSON.parse(JSON.stringify(document)) as {
    components?: { schemas?: Record<string, unknown> };
    paths?: Record<string, Record<string, { responses?: Record<string, unknown>; parameters?: unknown[] }>>;
  };
  text.components ??= {};
  text.components.schemas = { ...text.components.schemas, Problem: problemSchema() };
  const problem = {
    description: 'A problem (RFC 9457).',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  for (const [path, methods] of Object.entries(text.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      operation.responses = { ...operation.responses, '4XX': problem, '5XX': operation.responses?.['503'] ?? problem };
      if (method === 'post' && path.startsWith('/v1/'))
        operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
    }
  }
  return text as unknown as Document;
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
};

function problemSchema(): unknown {
  const { $schema, id, ...schema } = z.toJSONSchema(problemView, { io: 'output' }) as Record<string, unknown>;
  void $schema;
  void id;
  return schema;
}
