import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { actorOf } from '../authenticate.ts';
import { neverKept } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams } from '../views.ts';

/** How long AWS lets a console sign-in URL wait to be opened. */
const CONSOLE_URL_MS = 15 * 60_000;

const time = z.string().meta({ format: 'date-time' });
const credential = z
  .object({
    version: z.literal(1),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    issuedAt: time.meta({
      description: "By the cloud's clock. A credential that is older than `reissueAfter` of its grant is dead.",
    }),
    expiresAt: time.meta({ description: "The cloud's own expiry." }),
    usableUntil: time.meta({ description: 'The earlier of that and the end of the grant.' }),
    grant: z.object({ id: z.string(), endsAt: time }),
    region: z.string(),
  })
  .meta({ id: 'Credential' });
const certificateRequest = z.strictObject({
  publicKey: z.string().max(16_384).meta({
    description:
      'Public key of the holder (P-256, P-384, P-521 or RSA of 2048 to 4096 bits), or a PKCS #10 request, in PEM. Never a private key.',
  }),
});
const certificate = z
  .object({
    version: z.literal(1),
    certificate: z.string().meta({ description: 'PEM. Good until the end of the grant, for the key that was sent.' }),
    serial: z.string(),
    roleArn: z.string(),
    profileArn: z.string(),
    trustAnchorArn: z.string(),
    region: z.string(),
    endpoint: z.string().nullable().meta({ description: "Where CreateSession is called; `null`: AWS's own place." }),
    expiresAt: time,
    grant: z.object({ id: z.string(), endsAt: time }),
  })
  .meta({ id: 'Certificate' });
const consoleUrl = z.object({ url: z.string(), validForMs: z.number() }).meta({ id: 'ConsoleUrl' });

/** Credentials for the holder of an active grant. These answers are secrets: never stored, never cached, never replayed. */
export function registerGrantCredentials(v1: ApiServer, parts: ApiParts): void {
  const { operations, aws } = parts;
  v1.route({
    method: 'POST',
    url: '/grants/:id/credentials',
    schema: {
      summary: 'Get credentials',
      description:
        'Each call makes new credentials: nothing of the answer is kept, so an Idempotency-Key has no effect.',
      tags: ['access'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: credential },
    },
    handler: (request, reply) =>
      neverKept(parts, request, reply, async () => {
        const issued = await operations.issueCredential(actorOf(request), pathId('grt', request.params.id));
        if (!issued.ok) return issued;
        const { secret, issuedAt, expiresAt, usableUntil, grant } = issued.value;
        const { accessKeyId, secretAccessKey, sessionToken } = secret;
        const region = aws?.region ?? 'us-east-1';
        return ok({
          status: 200,
          body: {
            version: 1,
            accessKeyId,
            secretAccessKey,
            sessionToken,
            issuedAt,
            expiresAt,
            usableUntil,
            grant,
            region,
          },
        });
      }),
  });
  v1.route({
    method: 'POST',
    url: '/grants/:id/certificate',
    schema: {
      summary: 'Get a certificate for a key of your own',
      description:
        'For roles with method roles-anywhere: with the certificate and its key the holder makes AWS sessions (CreateSession) until the grant ends. ' +
        'Nothing of the answer is kept, so an Idempotency-Key has no effect.',
      tags: ['access'],
      params: idParams,
      body: certificateRequest,
      response: { 200: certificate },
    },
    handler: (request, reply) =>
      neverKept(parts, request, reply, async () => {
        const id = pathId('grt', request.params.id);
        const issued = await operations.issueCertificate(actorOf(request), id, request.body);
        if (!issued.ok) return issued;
        const { grant, expiresAt } = issued.value;
        const { pem, ...names } = issued.value.certificate;
        const endpoint = aws?.endpointUrl ?? null;
        return ok({ status: 200, body: { version: 1, certificate: pem, ...names, endpoint, expiresAt, grant } });
      }),
  });
  v1.route({
    method: 'POST',
    url: '/grants/:id/console',
    schema: {
      summary: "Get a URL that signs a browser in to the cloud's console",
      description: 'The URL is a secret: nothing of the answer is kept, so an Idempotency-Key has no effect.',
      tags: ['access'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: consoleUrl },
    },
    handler: (request, reply) =>
      neverKept(parts, request, reply, async () => {
        const opened = await operations.openConsole(actorOf(request), pathId('grt', request.params.id));
        return opened.ok ? ok({ status: 200, body: { url: opened.value.url, validForMs: CONSOLE_URL_MS } }) : opened;
      }),
  });
}
