import { EXIT, type ExitCode } from './exit-codes.ts';

/** A rule that said no, as the API reports it. */
export interface RefusalLine {
  readonly rule: string;
  readonly text: string;
  readonly code: string;
  readonly hint: string | null;
}

export interface FailureDetails {
  readonly exit?: ExitCode;
  /** Stable name for scripts: the API's problem code, or one of the CLI's own. */
  readonly code?: string;
  /** One sentence: what to do about it. */
  readonly hint?: string | null;
  readonly refusals?: readonly RefusalLine[];
  readonly requestId?: string | null;
}

/**
 * Why a command could not do what it was asked: one sentence that says what is wrong and, where there is something, one that
 * says what to do. Carries no secret: it is printed.
 */
export class Failure extends Error {
  readonly exit: ExitCode;
  readonly code: string;
  readonly hint: string | null;
  readonly refusals: readonly RefusalLine[];
  readonly requestId: string | null;

  constructor(message: string, details: FailureDetails = {}) {
    super(message);
    this.name = 'Failure';
    this.exit = details.exit ?? EXIT.error;
    this.code = details.code ?? 'error';
    this.hint = details.hint ?? null;
    this.refusals = details.refusals ?? [];
    this.requestId = details.requestId ?? null;
  }
}

/** The command line itself is wrong: exit code 2. */
export function usage(message: string, hint?: string): Failure {
  return new Failure(message, { exit: EXIT.usage, code: 'usage', hint: hint ?? null });
}

/** Ctrl-C: what stays true goes into the message. */
export function interrupted(message: string, hint?: string): Failure {
  return new Failure(message, { exit: EXIT.interrupted, code: 'interrupted', hint: hint ?? null });
}
