import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Result } from '../core/result.ts';
import type { OperationRefusal } from '../operations/refusal.ts';
import { problemOf, sendProblem } from './problems.ts';

/** Answers a read with what was found, or with the problem. What people may see changes, so nobody keeps a copy. */
export function answer(
  origin: string,
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Result<unknown, OperationRefusal>,
): FastifyReply {
  if (!outcome.ok) return sendProblem(origin, request, reply, problemOf(outcome.refusal));
  return reply.header('cache-control', 'no-store').send(outcome.value);
}
