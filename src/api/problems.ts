import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OperationRefusal, OperationRefusalCode } from '../operations/refusal.ts';
import type { Refusal, RefusalCode } from '../policy/types.ts';

/** Problems of the API itself; the others come from operations and from policy. */
type OwnCode =
  | 'bad-request'
  | 'malformed-json'
  | 'too-large'
  | 'unsupported-media-type'
  | 'misdirected'
  | 'csrf'
  | 'idempotency-key-invalid'
  | 'idempotency-key-reused'
  | 'idempotency-key-in-flight'
  | 'idempotency-outcome-unknown'
  | 'rate-limited'
  | 'too-many-streams'
  | 'unavailable'
  | 'internal';

export type ProblemCode = OwnCode | OperationRefusalCode | RefusalCode;

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** The one table of everything that can go wrong (RFC 9457). Each code has a page in docs/problems; a test checks it. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  unauthenticated: { status: 401, title: 'Sign in first' },
  'bad-request': { status: 400, title: 'The request cannot be read' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'invalid-input': { status: 422, title: 'Something in the request is wrong' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  misdirected: { status: 421, title: 'This server has another name' },
  csrf: { status: 403, title: 'This did not come from our page' },
  'not-found': { status: 404, title: 'Not found' },
  'idempotency-key-invalid': { status: 422, title: 'The Idempotency-Key is not valid' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for something else' },
  'idempotency-key-in-flight': { status: 409, title: 'The same request is being worked on' },
  'idempotency-outcome-unknown': { status: 409, title: 'Nobody knows how the first attempt ended' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'too-many-streams': { status: 429, title: 'Too many event streams' },
  unavailable: { status: 503, title: 'Not available now' },
  internal: { status: 500, title: 'Something went wrong here' },

  'start-out-of-range': { status: 422, title: 'That start is not possible' },
  'request-refused': { status: 403, title: 'The rules refuse this' },
  'too-many-pending': { status: 409, title: 'Too many requests are waiting' },
  'signature-required': { status: 403, title: 'This takes your passkey' },
  'signature-invalid': { status: 403, title: 'The signature is not believed' },
  'challenge-over': { status: 409, title: 'That question is over' },
  'policy-changed': { status: 409, title: 'The rules changed while you looked' },
  'passkey-required': { status: 403, title: 'You have no passkey' },
  'passkey-refused': { status: 422, title: 'The passkey is not taken' },
  'passkeys-not-available': { status: 409, title: 'There can be no passkeys here' },
  'sign-in-too-old': { status: 403, title: 'Sign in again first' },
  'step-up-required': { status: 403, title: 'Use a passkey that you have' },
  'recovery-required': { status: 403, title: 'You had a passkey and have none' },
  'recovery-pending': { status: 409, title: 'A recovery is waiting already' },
  'cannot-be-provided': { status: 422, title: 'The cloud cannot provide this' },
  'self-approval': { status: 403, title: 'Nobody approves their own request' },
  'not-an-approver': { status: 403, title: 'You are not asked to decide this' },
  'already-decided': { status: 409, title: 'It is already decided' },
  'already-decided-by-you': { status: 409, title: 'You have already decided this' },
  'request-lapsed': { status: 409, title: 'The request has lapsed' },
  'policy-tightened': { status: 409, title: 'The rules have changed' },
  'not-your-request': { status: 403, title: 'This is not your request' },
  'not-your-grant': { status: 403, title: 'This is not your access' },
  'not-allowed-to-revoke': { status: 403, title: 'You may not take this away' },
  'access-stopped': { status: 403, title: 'All of this access is stopped' },
  'revocation-lapsed': { status: 409, title: 'Nobody confirmed it in time' },
  'revocation-lifted': { status: 409, title: 'The order was lifted' },
  'already-confirmed': { status: 409, title: 'It is already confirmed' },
  'revocation-under-way': { status: 409, title: 'The order is still being carried out' },
  'revocation-covers-you': { status: 403, title: 'The order covers your own access' },
  'grant-not-active': { status: 409, title: 'The access is not active yet' },
  'already-being-extended': { status: 409, title: 'It is being extended already' },
  'grant-ended': { status: 410, title: 'The access is over' },
  'provider-throttled': { status: 503, title: 'The cloud asks us to wait' },
  'provider-unreachable': { status: 504, title: 'The cloud does not answer' },
  'provider-fault': { status: 502, title: 'The cloud said no to Curfew' },
  'nothing-to-hand-out': { status: 409, title: 'Use your own credentials' },
  'console-not-available': { status: 409, title: 'There is no console for this' },
  'recorded-late': { status: 503, title: 'It is ending; the record follows' },
  'unknown-person': { status: 403, title: 'You are not in the directory' },
  'people-only': { status: 403, title: 'Only a person does this' },
  'not-an-admin': { status: 403, title: 'You are not an admin' },
  'claim-refused': { status: 403, title: 'That is not the code' },
  'nothing-to-claim': { status: 409, title: 'There is nothing to claim' },
  'needs-another-admin': { status: 403, title: 'Another admin has to do this' },
  'last-admin': { status: 409, title: 'The last admin stays' },
  'role-unchanged': { status: 409, title: 'That would change nothing' },
  'already-ordered': { status: 409, title: 'It is ordered already' },
  'already-proposed': { status: 409, title: 'It is proposed already' },
  'proposal-changed': { status: 409, title: 'It would change something else by now' },
  'proposal-lapsed': { status: 409, title: 'The proposal has lapsed' },
  'account-signs-in-nobody': { status: 403, title: 'This account signs in nobody' },
  'account-conflict': { status: 409, title: 'This account is not clear' },
  'account-not-yours-to-unlink': { status: 409, title: 'The directory says that this account is yours' },
  'same-person': { status: 409, title: 'They are one person already' },

  'unknown-requester': { status: 403, title: 'The rules do not know you' },
  'unknown-role': { status: 404, title: 'There is no such role' },
  'unknown-target': { status: 404, title: 'There is no such target' },
  'role-not-defined-on-target': { status: 422, title: 'The role does not exist there' },
  'provider-not-available': { status: 422, title: 'This cloud is not connected' },
  'no-matching-policy': { status: 403, title: 'No rule allows this' },
  'denied-by-guardrail': { status: 403, title: 'A guardrail forbids this' },
  'condition-not-met': { status: 403, title: 'A condition is not met' },
  'condition-error': { status: 403, title: 'A condition could not be judged' },
  'duration-too-long': { status: 422, title: 'That is too long' },
  'duration-invalid': { status: 422, title: 'That is no duration' },
  'no-extension-left': { status: 422, title: 'It cannot be extended again' },
  'reason-required': { status: 422, title: 'Say why' },
  'ticket-required': { status: 422, title: 'A ticket is needed' },
  'mfa-required': { status: 403, title: 'Prove that it is you' },
  'approval-impossible': { status: 403, title: 'Nobody could approve this' },
};

/** Refusals of policy that are mistakes of the caller: they answer under their own code. A no of the rules is `request-refused`. */
const MISTAKES: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'unknown-role',
  'unknown-target',
  'role-not-defined-on-target',
  'provider-not-available',
  'duration-too-long',
  'duration-invalid',
  'no-extension-left',
  'reason-required',
  'ticket-required',
  'mfa-required',
]);

export interface InputError {
  /** Where in the request, `items[0].role`. */
  readonly path: string;
  readonly message: string;
}

/** What is wrong, for the caller's eyes: never an internal message, never something that was sent in confidence. */
export interface ProblemDetails {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly hint?: string;
  readonly errors?: readonly InputError[];
  readonly refusals?: readonly Refusal[];
  readonly retryAfterSeconds?: number;
}

/** A problem that ends a request from within a hook; handlers return theirs. */
export class ApiProblem extends Error {
  readonly problem: ProblemDetails;
  constructor(problem: ProblemDetails) {
    super(problem.code);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

/** A refusal of an operation as a problem. */
export function problemOf(refusal: OperationRefusal): ProblemDetails {
  const first = refusal.refusals?.[0]?.code;
  const code: ProblemCode =
    refusal.code === 'request-refused' && first !== undefined && MISTAKES.has(first) ? first : refusal.code;
  const { detail, hint, refusals } = refusal;
  return { code, detail, ...(hint === undefined ? {} : { hint }), ...(refusals === undefined ? {} : { refusals }) };
}

/** The body of a problem, without the id of the request it answers. */
export function problemBody(origin: string, problem: ProblemDetails): Record<string, unknown> {
  const { code, detail, hint, errors, refusals } = problem;
  const { status, title } = PROBLEMS[code];
  return { type: `${origin}/docs/problems/${code}`, title, status, code, detail, hint, errors, refusals };
}

/** Answers with a problem. */
export function sendProblem(
  origin: string,
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemDetails,
): FastifyReply {
  if (problem.code === 'unauthenticated')
    void reply.header('www-authenticate', 'Bearer realm="curfew", error="invalid_token"');
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', String(problem.retryAfterSeconds));
  // Schemas of good answers do not fit a problem, so it brings its own serializer.
  return reply
    .status(PROBLEMS[problem.code].status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ ...problemBody(origin, problem), requestId: request.id });
}
