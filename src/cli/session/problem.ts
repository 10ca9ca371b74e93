import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, type RefusalLine } from '../failure.ts';
import type { Answer } from '../http.ts';
import { isFields, parseJson, textOrNull, type Fields } from '../wire.ts';

const STEP_UP_CODES = new Set([
  'mfa-required',
  'step-up-required',
  'sign-in-too-old',
  'signature-required',
  'passkey-required',
  'recovery-required',
]);
/** A name or a number that was written wrongly, and not a no of a rule. */
const MISTAKE_CODES = new Set([
  'unknown-role',
  'unknown-target',
  'role-not-defined-on-target',
  'provider-not-available',
  'duration-invalid',
]);
const EXPIRED_CODES = new Set(['request-lapsed', 'grant-ended', 'revocation-lapsed']);

/** Reads an RFC 9457 problem into the sentences that are shown, and the exit code that a script sees. */
export function failureFrom(answer: Answer): Failure {
  const parsed = parseJson(answer.body);
  const of: Fields = isFields(parsed) ? parsed : {};
  const code = textOrNull(of, 'code') ?? `http-${answer.status}`;
  const refusals = Array.isArray(of['refusals']) ? of['refusals'].filter(isFields).map(refusalLine) : [];
  const detail = textOrNull(of, 'detail') ?? textOrNull(of, 'title') ?? `The server answered ${answer.status}.`;
  return new Failure(withFields(detail, of), {
    code,
    exit: exitOf(answer.status, code, refusals),
    hint: textOrNull(of, 'hint') ?? refusals.find((refusal) => refusal.hint !== null)?.hint ?? defaultHint(answer),
    refusals,
    requestId: textOrNull(of, 'requestId'),
  });
}

function refusalLine(of: Fields): RefusalLine {
  return {
    rule: textOrNull(of, 'rule') ?? 'default',
    text: textOrNull(of, 'text') ?? '',
    code: textOrNull(of, 'code') ?? '',
    hint: textOrNull(of, 'hint'),
  };
}

/** Adds which field is wrong, when the server says so. */
function withFields(detail: string, of: Fields): string {
  const errors = Array.isArray(of['errors']) ? of['errors'].filter(isFields) : [];
  const lines = errors.map((error) => `${textOrNull(error, 'path') ?? ''}: ${textOrNull(error, 'message') ?? ''}`);
  return lines.length === 0 ? detail : `${detail} (${lines.join('; ')})`;
}

function exitOf(status: number, code: string, refusals: readonly RefusalLine[]): ExitCode {
  if (status === 401) return EXIT.notAuthenticated;
  const onlyStepUp = refusals.length > 0 && refusals.every((refusal) => STEP_UP_CODES.has(refusal.code));
  if (STEP_UP_CODES.has(code) || onlyStepUp) return EXIT.stepUp;
  if (EXPIRED_CODES.has(code)) return EXIT.expired;
  if (code.startsWith('provider-') && code !== 'provider-not-available') return EXIT.provider;
  if (MISTAKE_CODES.has(code)) return EXIT.error;
  if (status === 403 || refusals.length > 0 || code === 'policy-tightened') return EXIT.denied;
  return EXIT.error;
}

function defaultHint(answer: Answer): string | null {
  if (answer.status === 429) return `Try again in ${String(answer.headers['retry-after'] ?? 'a few')} seconds.`;
  if (answer.status >= 500) return 'Try again in a moment.';
  return null;
}
