import { type Effect, NEVER_SENT } from '../calling.ts';
import { ProviderFault, type FaultKind } from '../contract.ts';

interface Rule {
  readonly kind: FaultKind;
  readonly codes: readonly (string | RegExp)[];
}

/**
 * AWS's error codes, first match wins. The SDK's names for modelled errors end in "Exception" (or not), the rest are the
 * bare codes of the wire, so that suffix is cut before the table is asked.
 * Source: "Common errors" of the STS and IAM API references, and the errors of each action used (sso-admin, identitystore, scheduler and
 * organizations: their service models).
 */
const BY_CODE: readonly Rule[] = [
  {
    kind: 'throttled',
    codes: [
      /^Throttl/,
      'TooManyRequests',
      'RequestLimitExceeded',
      'SlowDown',
      'RequestThrottled',
      'BandwidthLimitExceeded',
    ],
  },
  { kind: 'clock-skew', codes: ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'] },
  {
    kind: 'forbidden-to-us',
    codes: [
      /^AccessDenied/,
      /^Unauthorized/,
      'NotAuthorized',
      'OptInRequired',
      'RegionDisabled',
      'InvalidClientTokenId',
      'UnrecognizedClient',
      'InvalidAccessKeyId',
      'MissingAuthenticationToken',
      'IncompleteSignature',
      'InvalidSignature',
      'SignatureDoesNotMatch',
      'ExpiredToken',
      'InvalidToken',
      'CredentialsProviderError',
      'TokenProviderError',
    ],
  },
  { kind: 'target-gone', codes: ['NoSuchEntity', 'ResourceNotFound', 'AccountNotFound'] },
  {
    kind: 'conflict',
    codes: ['ConcurrentModification', 'EntityTemporarilyUnmodifiable', 'Conflict', 'DeleteConflict'],
  },
  {
    kind: 'invalid',
    codes: [
      'MalformedPolicyDocument',
      'PackedPolicyTooLarge',
      'LimitExceeded',
      'UnmodifiableEntity',
      /^Validation/,
      /^Invalid(Input|Parameter|Action|Query)/,
      /^Malformed/,
      /^Missing/,
    ],
  },
];

/** What the code needs to know of an error that the SDK threw; anything may be missing. */
interface Facts {
  readonly code: string;
  readonly nodeCode: string;
  readonly syscall: string;
  readonly text: string;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
}

/**
 * Turns whatever a call threw into a classified fault. `what` says in words what was tried.
 *
 * Neither the error itself nor the text of a signature error goes along: AWS quotes the canonical request there, and
 * that contains the session token.
 */
export function classify(error: unknown, effect: Effect, what: string): ProviderFault {
  if (error instanceof ProviderFault) return error;
  const facts = factsOf(error);
  const kind = kindOf(facts, effect);
  const reason = facts.code || facts.nodeCode || 'an error without a name';
  const request = facts.requestId === null ? '' : ` (request ${facts.requestId})`;
  const said = mayQuote(facts) ? `: ${facts.text.replace(/\s+/g, ' ').slice(0, 300)}` : '';
  return new ProviderFault(
    kind,
    `${what}: AWS answered ${facts.status ?? 'nothing'}, ${reason}${request}${said}`,
    facts.retryAfterMs === null ? {} : { retryAfterMs: facts.retryAfterMs },
  );
}

/** The wire's error code, without the suffix that the SDK adds to modelled errors. */
export function errorCode(error: unknown): string {
  return factsOf(error).code;
}

function kindOf(facts: Facts, effect: Effect): FaultKind {
  const lost = effect === 'write' ? 'unknown-outcome' : 'unreachable';
  // "Signature expired: 2026… is now earlier than …" and "Signature not yet current: …".
  if (
    /^(SignatureDoesNotMatch|InvalidSignature)/.test(facts.code) &&
    /Signature (expired|not yet current)/.test(facts.text)
  )
    return 'clock-skew';
  for (const rule of BY_CODE) {
    if (rule.codes.some((code) => (typeof code === 'string' ? code === facts.code : code.test(facts.code))))
      return rule.kind;
  }
  if (NEVER_SENT.test(facts.nodeCode)) return 'unreachable';
  if (facts.nodeCode === 'ETIMEDOUT' && facts.syscall === 'connect') return 'unreachable';
  if (facts.status === 429) return 'throttled';
  if (facts.status === 401 || facts.status === 403) return 'forbidden-to-us';
  // A 404 without IAM's own code comes from something between us and AWS, and says nothing about the role.
  if (facts.status !== null && facts.status >= 400 && facts.status < 500 && facts.status !== 408) return 'invalid';
  // 5xx, a timeout, an aborted call, a connection cut half-way, an answer that cannot be read: it may have happened.
  return lost;
}

function mayQuote(facts: Facts): boolean {
  return facts.status !== null && facts.text !== '' && !/Signature|Token|Credential/i.test(facts.code);
}

function factsOf(error: unknown): Facts {
  const outer = record(error);
  const metadata = record(outer['$metadata']);
  const headers = record(record(outer['$response'])['headers']);
  const status = metadata['httpStatusCode'];
  const retryAfter = Number(headers['retry-after']);
  const nodeCode = text(outer['code']) || text(record(outer['cause'])['code']);
  const name = text(outer['name']).replace(/Exception$/, '');
  return {
    code: name === 'Error' ? '' : name,
    nodeCode,
    syscall: text(outer['syscall']),
    text: text(outer['message']),
    status: typeof status === 'number' && status >= 400 ? status : null,
    requestId: text(metadata['requestId']) || null,
    retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? Math.round(retryAfter * 1_000) : null,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
