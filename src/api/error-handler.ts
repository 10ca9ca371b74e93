import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Log } from '../platform/log.ts';
import { isUnknownActor } from '../store/unknown-actor.ts';
import { databaseFault } from './database-faults.ts';
import { ApiProblem, sendProblem, type InputError, type ProblemDetails } from './problems.ts';

/** The largest body that is read, in bytes. */
export const BODY_LIMIT = 65_536;

/** Belongs to programs: what is not there is a problem for them, whoever asks. */
const FOR_PROGRAMS = /^\/(v1|oauth|sign-in|docs|portal|assets|demo|\.well-known)(\/|$)|\.\w+$/;

/** Whether a browser asks for a page: what it finds at an address that does not exist is read by a human. */
function wantsPage({ method, url, headers }: Pick<FastifyRequest, 'method' | 'url' | 'headers'>): boolean {
  const [path = ''] = url.split('?');
  return (
    (method === 'GET' || method === 'HEAD') && !FOR_PROGRAMS.test(path) && /\btext\/html\b/.test(headers.accept ?? '')
  );
}

/**
 * Turns whatever goes wrong into a problem. What the caller may not know stands in the log under the request's id. `lostPage` reads the page
 * that a browser gets at an address that does not exist; `null`: there is none.
 */
export function handleErrors(
  app: FastifyInstance,
  origin: string,
  log: Log,
  lostPage: () => Promise<string | null> = async () => null,
): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = known(error);
    if (problem !== null) return sendProblem(origin, request, reply, problem);
    const facts = error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
    const fault = databaseFault(error);
    log.error(
      { requestId: request.id, route: request.routeOptions.url, ...facts },
      fault === null ? 'a request failed' : 'the database failed',
    );
    return sendProblem(origin, request, reply, fault === null ? INTERNAL : UNAVAILABLE[fault]);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const page = wantsPage(request) ? await lostPage() : null;
    if (page !== null)
      return reply.code(404).header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page);
    return sendProblem(origin, request, reply, {
      code: 'not-found',
      detail: 'There is nothing at this address.',
      hint: `See ${origin}/openapi.json.`,
    });
  });
}

const INTERNAL: ProblemDetails = {
  code: 'internal',
  detail: 'Something went wrong here, and it is our fault. Give the request id to whoever looks after Curfew.',
};

/** The same as without a sign-in, so that programs do what they do then: whoever signs in again is known. */
const UNKNOWN_ACTOR: ProblemDetails = {
  code: 'unauthenticated',
  detail: 'The database was restored from a copy that is older than your sign-in, and does not know you.',
  hint: 'curfew login',
};

const UNAVAILABLE = {
  full: {
    code: 'unavailable',
    detail: 'The disk of the database is full. Nothing was changed.',
    hint: 'Whoever looks after Curfew has to make room there. Access that is due to end still ends.',
    retryAfterSeconds: 30,
  },
  'nothing-changed': {
    code: 'unavailable',
    detail: 'The database does not work now. Nothing was changed.',
    hint: 'Try again in a moment. Access that is due to end still ends.',
    retryAfterSeconds: 5,
  },
  'outcome-unknown': {
    code: 'unavailable',
    detail: 'The database broke off in the middle of this. Whether it was done is not known.',
    hint: 'Look with "curfew ls" before you repeat it. Access that is due to end still ends.',
    retryAfterSeconds: 5,
  },
} as const satisfies Record<string, ProblemDetails>;

function known(error: unknown): ProblemDetails | null {
  if (error instanceof ApiProblem) return error.problem;
  if (isUnknownActor(error)) return UNKNOWN_ACTOR;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidInput(error.validation);
  const code = codeOf(error);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return {
        code: 'too-large',
        detail: `A request may have ${BODY_LIMIT / 1_024} KB. A reason has at most 2000 characters.`,
        hint: 'Say it in a sentence and link the rest.',
      };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { code: 'unsupported-media-type', detail: 'Send the body with content-type: application/json.' };
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { code: 'malformed-json', detail: 'The body is not a JSON document.', hint: 'An empty object is {}.' };
    default:
      return clientError(error);
  }
}

/** Other complaints of the HTTP layer about the request. Their messages may quote it, so they are not repeated. */
function clientError(error: unknown): ProblemDetails | null {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status < 400 || status >= 500) return null;
  return { code: 'bad-request', detail: 'The request is not valid HTTP for this address.' };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function invalidInput(issues: readonly { readonly instancePath: string; readonly message?: string }[]): ProblemDetails {
  const errors: InputError[] = issues.slice(0, 20).map((issue) => ({
    path: readablePath(issue.instancePath),
    message: issue.message ?? 'is not valid',
  }));
  const first = errors[0];
  return {
    code: 'invalid-input',
    detail:
      first === undefined || first.path === '' ? 'Something in the request is wrong.' : `${first.path} is not valid.`,
    errors,
  };
}

/** `/items/0/role` as people write it: `items[0].role`. */
function readablePath(pointer: string): string {
  return pointer
    .split('/')
    .filter((part) => part !== '')
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
