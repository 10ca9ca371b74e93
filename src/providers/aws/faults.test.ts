import { describe, expect, test } from 'vitest';
import { ProviderFault } from '../contract.ts';
import { classify } from './faults.ts';

/** An error as the SDK throws it. */
function answer(name: string, status: number, message = 'said so', headers: Record<string, string> = {}) {
  return Object.assign(new Error(message), {
    name,
    $metadata: { httpStatusCode: status, requestId: 'r-1' },
    $response: { headers },
  });
}

function cut(code: string, extra: Record<string, unknown> = {}) {
  return Object.assign(new Error(code), { code, ...extra });
}

describe('an error of AWS', () => {
  test.each([
    [answer('ThrottlingException', 400), 'throttled'],
    [answer('Throttling', 400), 'throttled'],
    [answer('RequestLimitExceeded', 503), 'throttled'],
    [answer('Unknown', 429), 'throttled'],
    [answer('AccessDenied', 403), 'forbidden-to-us'],
    [answer('AccessDeniedException', 403), 'forbidden-to-us'],
    [answer('InvalidClientTokenId', 403), 'forbidden-to-us'],
    [answer('ExpiredTokenException', 400), 'forbidden-to-us'],
    [answer('RegionDisabledException', 403), 'forbidden-to-us'],
    [answer('SignatureDoesNotMatch', 403, 'The request signature we calculated'), 'forbidden-to-us'],
    [answer('SignatureDoesNotMatch', 403, 'Signature expired: 20261121T1 is now earlier than'), 'clock-skew'],
    [answer('SignatureDoesNotMatch', 403, 'Signature not yet current: 20261121T1'), 'clock-skew'],
    [answer('RequestTimeTooSkewed', 403), 'clock-skew'],
    [answer('NoSuchEntityException', 404), 'target-gone'],
    [answer('ConcurrentModificationException', 409), 'conflict'],
    [answer('EntityTemporarilyUnmodifiableException', 409), 'conflict'],
    [answer('PackedPolicyTooLargeException', 400), 'invalid'],
    [answer('MalformedPolicyDocumentException', 400), 'invalid'],
    [answer('ValidationError', 400), 'invalid'],
    [answer('LimitExceededException', 409), 'invalid'],
    [answer('UnmodifiableEntityException', 400), 'invalid'],
    [answer('SomethingNew', 400), 'invalid'],
  ] as const)('%s is %s for reads and writes alike', (error, kind) => {
    expect(classify(error, 'write', 'Trying').kind).toBe(kind);
    expect(classify(error, 'read', 'Trying').kind).toBe(kind);
  });
});

describe('a call that got no usable answer', () => {
  test.each([
    ['a server error', answer('InternalFailure', 500)],
    ['an unavailable service', answer('ServiceUnavailable', 503)],
    ['a request timeout of a proxy', answer('Unknown', 408)],
    ['a cut connection', cut('ECONNRESET')],
    ['a broken pipe', cut('EPIPE')],
    ['a time limit', Object.assign(new Error('late'), { name: 'TimeoutError' })],
    ['our own signal', Object.assign(new Error('Request aborted'), { name: 'AbortError' })],
    ['an answer that cannot be read', Object.assign(new SyntaxError('char 3'), { $metadata: { httpStatusCode: 200 } })],
    ['something that is no error', 'oops'],
  ])('%s leaves the outcome of a write unknown', (_name, error) => {
    expect(classify(error, 'write', 'Trying').kind).toBe('unknown-outcome');
    expect(classify(error, 'read', 'Trying').kind).toBe('unreachable');
  });

  test.each([
    ['ECONNREFUSED', {}],
    ['ENOTFOUND', {}],
    ['ENETUNREACH', {}],
    ['CERT_HAS_EXPIRED', {}],
    ['ETIMEDOUT', { syscall: 'connect' }],
  ])('%s means that it was never sent', (code, extra) => {
    expect(classify(cut(code, extra), 'write', 'Trying').kind).toBe('unreachable');
  });

  test('a time limit after the connection was made leaves it unknown', () => {
    expect(classify(cut('ETIMEDOUT', { syscall: 'read' }), 'write', 'Trying').kind).toBe('unknown-outcome');
  });
});

describe('the fault', () => {
  test('says what was tried, what AWS answered, and its request id', () => {
    expect(classify(answer('AccessDenied', 403, 'User: x is not authorized'), 'read', 'Reading it').message).toBe(
      'Reading it: AWS answered 403, AccessDenied (request r-1): User: x is not authorized',
    );
  });

  test('carries how long AWS asks us to wait', () => {
    expect(classify(answer('Throttling', 400, '', { 'retry-after': '3' }), 'read', 'Reading').retryAfterMs).toBe(3_000);
    expect(classify(answer('Throttling', 400), 'read', 'Reading').retryAfterMs).toBeNull();
  });

  test('never quotes a signature error, which contains the session token', () => {
    const error = answer('SignatureDoesNotMatch', 403, "The Canonical String was 'x-amz-security-token:SECRET'");
    const fault = classify(error, 'write', 'Assuming');
    expect(JSON.stringify([fault.message, fault.cause, fault.stack])).not.toContain('SECRET');
  });

  test('that is classified already stays what it is', () => {
    const fault = new ProviderFault('conflict', 'x');
    expect(classify(fault, 'write', 'Trying')).toBe(fault);
  });
});
