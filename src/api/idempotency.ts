import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject } from '../core/json.ts';
import type { Result } from '../core/result.ts';
import { after } from '../core/time.ts';
import type { OperationRefusal } from '../operations/refusal.ts';
import { forgetKeys, keepAnswer, releaseKey, reserveKey } from '../store/idempotency.ts';
import { actorOf } from './authenticate.ts';
import { databaseFault } from './database-faults.ts';
import type { ApiParts } from './parts.ts';
import { PROBLEMS, problemBody, problemOf, sendProblem, type ProblemDetails } from './problems.ts';

/** How long an answer is kept for whoever asks again. */
const KEPT_MS = 24 * 3_600_000;
/** No handler takes longer: whoever holds a key for more than this has died, and nobody knows how far it came. */
const IN_FLIGHT_MS = 60_000;
/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** What a handler made, before it is sent. */
export interface Made {
  readonly status: number;
  readonly body: unknown;
  readonly location?: string;
}

type Parts = Pick<ApiParts, 'db' | 'clock' | 'base' | 'log'>;
type Work = () => Promise<Result<Made, OperationRefusal>>;

/**
 * Runs the work of a POST once for each Idempotency-Key of a person. The key is reserved before the work begins, so that
 * two requests at one instant cannot both do it, and the answer is kept for a day, restarts included. An answer of 400 and above is not
 * kept, also where it comes with something that was written (a request was closed because what it asks for is over, an account was claimed
 * by a second person): the same key asks again, and is answered by what is true then. Without the header the work simply runs.
 */
export async function once(parts: Parts, request: FastifyRequest, reply: FastifyReply, work: Work): Promise<void> {
  const { db, clock, base, log } = parts;
  const key = request.headers['idempotency-key'];
  if (key === undefined) return send(reply, await made(parts, request, work));
  if (typeof key !== 'string' || !KEY.test(key)) return sendProblem(base.origin, request, reply, KEY_INVALID);
  const { person } = actorOf(request);
  const fingerprint = fingerprintOf(request);
  await forgetKeys(db, after(clock.now(), -KEPT_MS));
  const use = await reserveKey(db, person, key, fingerprint, clock.now());
  if (use.kind !== 'reserved' && use.fingerprint !== fingerprint)
    return sendProblem(base.origin, request, reply, REUSED);
  if (use.kind === 'taken') {
    const lost = clock.now() - use.since > IN_FLIGHT_MS;
    return sendProblem(base.origin, request, reply, lost ? OUTCOME_UNKNOWN : IN_FLIGHT);
  }
  if (use.kind === 'answered') {
    void reply.header('idempotency-replayed', 'true');
    return send(reply, stored(use.status, use.answer));
  }
  let answer: Made;
  try {
    answer = await made(parts, request, work);
  } catch (error) {
    // Thrown means rolled back, so the key is free again; but not when the connection broke, perhaps during the commit.
    if (databaseFault(error) !== 'outcome-unknown') await releaseKey(db, person, key).catch(() => undefined);
    throw error;
  }
  // What was refused must be possible to try again with the same key: the cloud may answer by then, and the rules may say yes.
  const keeping =
    answer.status >= 400 ? releaseKey(db, person, key) : keepAnswer(db, person, key, answer.status, asStored(answer));
  // The work is done: its answer goes out even if it cannot be kept. The key then says that its outcome is not known.
  await keeping.catch((error: unknown) =>
    log.error({ requestId: request.id, error: String(error) }, 'an answer was not kept'),
  );
  return send(reply, answer);
}

/**
 * The same for what ends access, which never waits for the database to take a write: where the key cannot be reserved because of that, the
 * work runs without it. Ending twice is ending once.
 */
export async function onceUnlessUnkept(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work,
): Promise<void> {
  let began = false;
  const remembering: Work = () => {
    began = true;
    return work();
  };
  try {
    return await once(parts, request, reply, remembering);
  } catch (error) {
    if (began || databaseFault(error) === null) throw error;
    parts.log.error(
      { requestId: request.id, error: String(error) },
      'an Idempotency-Key was not kept; access is ended anyway',
    );
    return send(reply, await made(parts, request, work));
  }
}

/** For answers that carry secrets: a key is checked for its form, but nothing is kept, and the work runs each time. */
export async function neverKept(parts: Parts, request: FastifyRequest, reply: FastifyReply, work: Work): Promise<void> {
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !KEY.test(key)))
    return sendProblem(parts.base.origin, request, reply, KEY_INVALID);
  void reply.header('cache-control', 'no-store');
  return send(reply, await made(parts, request, work));
}

async function made({ base }: Parts, request: FastifyRequest, work: Work): Promise<Made> {
  const outcome = await work();
  if (outcome.ok) return outcome.value;
  const problem = problemOf(outcome.refusal);
  return {
    status: PROBLEMS[problem.code].status,
    body: { ...problemBody(base.origin, problem), requestId: request.id },
  };
}

function send(reply: FastifyReply, answer: Made): FastifyReply {
  if (answer.location !== undefined) void reply.header('location', answer.location);
  if (answer.status >= 400) {
    void reply.type('application/problem+json').serializer((body: unknown) => JSON.stringify(body));
    void reply.header('cache-control', 'no-store');
  }
  return reply.status(answer.status).send(answer.body);
}

function asStored(answer: Made): JsonObject {
  const body = JSON.parse(JSON.stringify(answer.body)) as JsonObject;
  return answer.location === undefined ? { body } : { body, location: answer.location };
}

function stored(status: number, answer: JsonObject): Made {
  const { body, location } = answer;
  return typeof location === 'string' ? { status, body, location } : { status, body };
}

/** SHA-256 of what was asked: the key alone must not make another question get this answer. */
function fingerprintOf(request: FastifyRequest): string {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`)
    .digest('hex');
}

const KEY_INVALID: ProblemDetails = {
  code: 'idempotency-key-invalid',
  detail: 'An Idempotency-Key has 1 to 255 visible ASCII characters.',
};
const REUSED: ProblemDetails = {
  code: 'idempotency-key-reused',
  detail: 'This Idempotency-Key came before with another request.',
  hint: 'Make a new key for each new thing.',
};
const IN_FLIGHT: ProblemDetails = {
  code: 'idempotency-key-in-flight',
  detail: 'A request with this Idempotency-Key is being worked on.',
  hint: 'Ask again with the same key in a second to get its answer.',
  retryAfterSeconds: 1,
};
const OUTCOME_UNKNOWN: ProblemDetails = {
  code: 'idempotency-outcome-unknown',
  detail: 'Curfew stopped while it worked on this Idempotency-Key. Whether it was done is not known.',
  hint: 'Look with "curfew ls", then ask again with a new key if it was not.',
};
