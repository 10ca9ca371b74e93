import { expect, test } from 'vitest';
import type { HttpAnswer } from '../../platform/http.ts';
import type { Effect } from '../calling.ts';
import { classifyAnswer, classifyThrown, retryAfter } from './faults.ts';

function answer(status: number, code: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  const error = { code, message: 'A sentence\nof Azure' };
  return { status, headers, text: code === '' ? '<html>' : JSON.stringify({ error }) };
}

test.each<readonly [number, string, Effect, string]>([
  [429, 'SubscriptionRequestsThrottled', 'write', 'throttled'],
  [429, 'TooManyRequests', 'read', 'throttled'],
  [429, '', 'write', 'throttled'],
  [403, 'AuthorizationFailed', 'write', 'forbidden-to-us'],
  [403, 'LinkedAuthorizationFailed', 'write', 'forbidden-to-us'],
  [401, 'ExpiredAuthenticationToken', 'read', 'forbidden-to-us'],
  [401, 'InvalidAuthenticationTokenTenant', 'read', 'forbidden-to-us'],
  [401, '', 'read', 'forbidden-to-us'],
  [404, 'SubscriptionNotFound', 'read', 'target-gone'],
  [404, 'ResourceGroupNotFound', 'write', 'target-gone'],
  [404, 'ResourceNotFound', 'write', 'target-gone'],
  // A proxy says that as well.
  [404, '', 'read', 'invalid'],
  [409, 'RoleAssignmentExists', 'write', 'conflict'],
  [409, 'ScopeLocked', 'write', 'conflict'],
  [412, 'CannotDeleteLastRbacAdminAssignment', 'write', 'conflict'],
  [412, 'PreconditionFailed', 'write', 'conflict'],
  [400, 'PrincipalNotFound', 'write', 'invalid'],
  [400, 'RoleAssignmentLimitExceeded', 'write', 'invalid'],
  [400, 'InvalidRoleAssignmentCondition', 'write', 'invalid'],
  [302, '', 'write', 'invalid'],
  [500, 'InternalServerError', 'write', 'unknown-outcome'],
  [503, 'ServiceUnavailable', 'write', 'unknown-outcome'],
  [503, 'ServiceUnavailable', 'read', 'unreachable'],
  [504, '', 'write', 'unknown-outcome'],
  [408, '', 'write', 'unknown-outcome'],
])('%i %s of a %s is %s', (status, code, effect, kind) => {
  const fault = classifyAnswer(answer(status, code), effect, 'Assigning');
  expect(fault.kind).toBe(kind);
  expect(fault.message).toMatch(/^Assigning: Azure answered \d+, /);
});

test('what is throttled says for how long, and what is left of the limit', () => {
  const headers = { 'retry-after': '17', 'x-ms-ratelimit-remaining-subscription-deletes': '0' };
  const fault = classifyAnswer(answer(429, 'SubscriptionRequestsThrottled', headers), 'write', 'Deleting');
  expect(fault.retryAfterMs).toBe(17_000);
  expect(fault.message).toMatch(/x-ms-ratelimit-remaining-subscription-deletes: 0$/);
});

test.each([
  [undefined, null],
  ['', null],
  ['0', null],
  ['1', 1_000],
  ['Wed, 21 Oct 2026 07:28:00 GMT', null],
])('Retry-After %s is %s', (value, ms) => {
  expect(retryAfter(value)).toBe(ms);
});

test('what mends it goes along, and the number of the call', () => {
  const fault = classifyAnswer(
    answer(409, 'ScopeLocked', { 'x-ms-correlation-request-id': 'abc' }),
    'write',
    'Deleting',
  );
  expect([fault.fix, fault.message]).toEqual([
    'az lock list -o table',
    'Deleting: Azure answered 409, ScopeLocked (request abc): A sentence of Azure',
  ]);
});

test.each<readonly [object, Effect, string]>([
  [{ cause: { code: 'ECONNREFUSED' } }, 'write', 'unreachable'],
  [{ cause: { code: 'ENOTFOUND' } }, 'write', 'unreachable'],
  [{ cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } }, 'write', 'unreachable'],
  [{ cause: { code: 'ECONNRESET' } }, 'write', 'unknown-outcome'],
  [{ cause: { code: 'ECONNRESET' } }, 'read', 'unreachable'],
  [{ cause: { code: 'UND_ERR_SOCKET' } }, 'write', 'unknown-outcome'],
  [{ name: 'TimeoutError' }, 'write', 'unknown-outcome'],
  [{ name: 'AbortError' }, 'read', 'unreachable'],
])('%j of a %s is %s', (thrown, effect, kind) => {
  expect(classifyThrown(Object.assign(new Error('secret'), thrown), effect, 'Assigning').kind).toBe(kind);
});

test('nothing that a socket says gets into a fault', () => {
  const thrown = Object.assign(new Error('Bearer eyJ0'), { cause: { code: 'ECONNRESET', message: 'Bearer eyJ0' } });
  expect(classifyThrown(thrown, 'write', 'Assigning').message).toBe('Assigning: Azure answered nothing, ECONNRESET');
});
