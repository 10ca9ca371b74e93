import type { HttpAnswer } from '../../platform/http.ts';
import { NEVER_SENT, type Effect } from '../calling.ts';
import { ProviderFault, type FaultKind } from '../contract.ts';

interface Rule {
  readonly kind: FaultKind;
  readonly codes: readonly (string | RegExp)[];
  /** The command that shows what is in the way. */
  readonly fix?: string;
}

/**
 * Error codes of Resource Manager and of Microsoft.Authorization, first match wins. Sources: articles/role-based-access-control
 * (troubleshooting, troubleshoot-limits) and articles/azure-resource-manager (request-limits-and-throttling, common-deployment-errors,
 * lock-resources) of azure-docs.
 */
const BY_CODE: readonly Rule[] = [
  { kind: 'throttled', codes: ['TooManyRequests', /RequestsThrottled$/, 'OperationNotAllowedByThrottling'] },
  {
    kind: 'forbidden-to-us',
    codes: [
      /AuthorizationFailed$/,
      /^AuthenticationFailed/,
      /^InvalidAuthentication/,
      /^ExpiredAuthentication/,
      'RequestDisallowedByPolicy',
      'DenyAssignmentAuthorizationFailed',
    ],
  },
  {
    kind: 'target-gone',
    codes: [
      'SubscriptionNotFound',
      'ResourceGroupNotFound',
      'ResourceGroupBeingDeleted',
      'ResourceNotFound',
      'ParentResourceNotFound',
      'RoleAssignmentNotFound',
      'NotFound',
    ],
  },
  { kind: 'conflict', codes: ['ScopeLocked'], fix: 'az lock list -o table' },
  {
    kind: 'conflict',
    codes: [
      'RoleAssignmentExists',
      // Another Owner has to be there before the last one can go.
      'CannotDeleteLastRbacAdminAssignment',
      'ReadOnlyDisabledSubscription',
      'AnotherOperationInProgress',
      'Conflict',
    ],
  },
  {
    kind: 'invalid',
    codes: ['RoleAssignmentLimitExceeded'],
    fix: 'az role assignment list --all --query "length(@)"',
  },
  { kind: 'invalid', codes: ['PrincipalNotFound', 'UnmatchedPrincipalType', 'RoleAssignmentUpdateNotPermitted'] },
];

/** What Resource Manager and Entra say of an error; empty where the answer is from something else, such as a proxy. */
export interface SaidError {
  readonly code: string;
  readonly text: string;
}

/** The error in an answer of Resource Manager: `{"error": {"code", "message"}}`. */
export function armError({ text }: Pick<HttpAnswer, 'text'>): SaidError {
  const error = record(parse(text)['error']);
  return { code: word(error['code']), text: word(error['message']) };
}

/** Turns a refusal of Resource Manager into a classified fault. `what` says in words what was tried. */
export function classifyAnswer(answer: HttpAnswer, effect: Effect, what: string): ProviderFault {
  const said = armError(answer);
  const rule = BY_CODE.find(({ codes }) =>
    codes.some((code) => (typeof code === 'string' ? code === said.code : code.test(said.code))),
  );
  const kind = rule?.kind ?? kindOfStatus(answer.status, effect);
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const left = Object.entries(answer.headers).filter(([name]) => name.startsWith('x-ms-ratelimit-remaining-'));
  const limits = kind === 'throttled' ? left.map(([name, value]) => `; ${name}: ${value}`).join('') : '';
  const words = said.text === '' ? '' : `: ${said.text.replace(/\s+/g, ' ').slice(0, 300)}`;
  const request = answer.headers['x-ms-correlation-request-id'];
  return new ProviderFault(
    kind,
    `${what}: Azure answered ${answer.status}, ${said.code || 'no error of its own'}${request === undefined ? '' : ` (request ${request.slice(0, 64)})`}${words}${limits}`,
    { ...(retryAfterMs === null ? {} : { retryAfterMs }), ...(rule?.fix === undefined ? {} : { fix: rule.fix }) },
  );
}

function kindOfStatus(status: number, effect: Effect): FaultKind {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'forbidden-to-us';
  if (status === 409 || status === 412) return 'conflict';
  // A 404 without a code of Azure's comes from something between us and Azure, and says nothing about the target.
  if (status >= 300 && status < 500 && status !== 408) return 'invalid';
  return effect === 'write' ? 'unknown-outcome' : 'unreachable';
}

/**
 * Turns what `fetch` threw into a classified fault. Nothing of the error goes along but its code: messages of sockets may quote what was sent.
 */
export function classifyThrown(error: unknown, effect: Effect, what: string): ProviderFault {
  if (error instanceof ProviderFault) return error;
  const outer = record(error);
  const cause = record(outer['cause']);
  const code = word(cause['code']) || word(outer['code']) || word(outer['name']) || 'an error without a name';
  // The time in which a connection is made is undici's own, and nothing is sent before.
  const neverSent = NEVER_SENT.test(code) || code === 'UND_ERR_CONNECT_TIMEOUT';
  const kind = neverSent || effect === 'read' ? 'unreachable' : 'unknown-outcome';
  return new ProviderFault(kind, `${what}: Azure answered nothing, ${code}`);
}

/** A wait in seconds, as Azure sends it; `null`: none is said, or it is written in another way. */
export function retryAfter(value: string | undefined): number | null {
  const seconds = Number(value);
  return value !== undefined && value !== '' && Number.isFinite(seconds) && seconds > 0
    ? Math.round(seconds * 1_000)
    : null;
}

/** The JSON object in a text; empty for anything else. */
export function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function word(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
