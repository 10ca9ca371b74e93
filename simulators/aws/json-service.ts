import { AwsError } from './aws-error.ts';
import type { HttpAnswer, HttpCall } from '../shared/http-call.ts';
import type { JsonInput } from './json-input.ts';
import type { Session, Sessions } from './sessions.ts';

/** One call of a JSON service whose signature has been checked. */
export type JsonCall = {
  readonly http: HttpCall;
  readonly input: JsonInput;
  readonly session: Session;
  readonly region: string;
};

/** Answers the members of the output structure; times are seconds since the epoch. */
export type JsonOperation = (call: JsonCall) => Readonly<Record<string, unknown>>;

/** A resource that a call touches, with the condition keys that belong to it. */
export type Touched = { readonly arn: string; readonly tags?: Readonly<Record<string, string>> };

/**
 * Throws `AccessDenied` unless the caller may do the action on every resource that the service's authorization reference
 * marks as required.
 */
export function authorizeAll(
  sessions: Sessions,
  call: JsonCall,
  action: string,
  touched: readonly Touched[],
  more: Readonly<Record<string, string | readonly string[]>> = {},
): void {
  for (const { arn, tags = {} } of touched) {
    const own = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
    sessions.authorize(
      call.session,
      action,
      arn,
      sessions.facts(call.session, call.http, call.region, { ...own, ...more }),
    );
  }
}

/** Seconds since the epoch, as both JSON protocols write a timestamp. */
export const seconds = (ms: number): number => ms / 1_000;

/** `application/x-amz-json-1.1` for a call with a target header, `application/json` for REST. */
export function jsonAnswer(output: Readonly<Record<string, unknown>>, rest: boolean): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': rest ? 'application/json' : 'application/x-amz-json-1.1' },
    body: JSON.stringify(output),
  };
}

/** The codes that the JSON protocols have for what the query protocol calls otherwise. */
const CODES: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDeniedException',
  ConcurrentModification: 'ConflictException',
  EntityTemporarilyUnmodifiable: 'ConflictException',
  ExpiredToken: 'ExpiredTokenException',
  IncompleteSignature: 'IncompleteSignatureException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  MalformedPolicyDocument: 'ValidationException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  ServiceUnavailable: 'ServiceUnavailableException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  Throttling: 'ThrottlingException',
  ValidationError: 'ValidationException',
};

/** The code that the caller of a JSON service sees. */
export function jsonCode(code: string, service: string): string {
  const name = CODES[code] ?? code;
  if (service === 'awsssoportal' && name === 'ThrottlingException') return 'TooManyRequestsException';
  if (service !== 'organizations') return name;
  // Organizations has its own names for these (botocore, organizations 2016-11-28).
  if (name === 'ThrottlingException') return 'TooManyRequestsException';
  return name === 'ValidationException' ? 'InvalidInputException' : name;
}

/** An error as JSON 1.1 (`__type` in the body) and REST-JSON (a header) spell it; both carry both. */
export function jsonError(error: AwsError, service: string, rest: boolean): HttpAnswer {
  const code = jsonCode(error.code, service);
  // JSON 1.1 answers 400 for whatever is the caller's fault; REST keeps the status of each error.
  const status = rest || error.status >= 500 ? restStatus(code, error.status) : 400;
  return {
    status,
    headers: { 'content-type': rest ? 'application/json' : 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message: error.message, Message: error.message }),
  };
}

/** Statuses of the REST services (botocore, scheduler 2021-06-30 and sso 2019-06-10). */
function restStatus(code: string, status: number): number {
  if (code === 'ThrottlingException' || code === 'TooManyRequestsException') return 429;
  if (code === 'ServiceQuotaExceededException') return 402;
  return code === 'ConflictException' ? 409 : status;
}
