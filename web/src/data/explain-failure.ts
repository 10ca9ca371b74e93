import type { Problem } from './api.ts';

/** What people are told when something did not work: what happened, what stays true, what to do, and a number to quote. */
export interface Explained {
  readonly happened: string;
  readonly stays: string;
  readonly toDo: string;
  /** Under which the server's log has the cause; `null` where nothing reached it. */
  readonly requestId: string | null;
  /** The page of the problem. */
  readonly more: string | null;
}

/** `look`: something was only to be read; `change`: something was to be done. */
export type Intent = 'look' | 'change';

interface Failed {
  readonly status: number;
  readonly problem: Problem | null;
}

/** Says of a failure what can be said for certain: of a change that may have arrived nobody may claim that it did not. */
export function explainFailure(failure: Failed, intent: Intent): Explained {
  const { problem, status } = failure;
  const unsure = intent === 'change' && (status === 0 || status >= 500);
  return {
    happened: problem === null ? unread(status) : sentence(problem.title, problem.detail),
    stays: unsure
      ? 'It may have been done or not. Your access is as it was, or as you asked.'
      : intent === 'change'
        ? 'Nothing was changed.'
        : 'What you hold is not touched by this.',
    toDo: problem?.hint ?? fallback(status, intent),
    requestId: problem?.requestId ?? null,
    more: problem === null ? null : `/docs/problems/${problem.code}`,
  };
}

function unread(status: number): string {
  return status === 0 ? 'The server does not answer.' : `The server answered with ${status}, and not in its own words.`;
}

function sentence(title: string, detail: string): string {
  return detail.startsWith(title) ? detail : `${title}. ${detail}`;
}

function fallback(status: number, intent: Intent): string {
  if (status === 401) return 'Sign in again.';
  if (status === 404) return 'Look at the address, or ask whoever sent it to you.';
  if (status === 0) return intent === 'change' ? AGAIN : 'Look at your connection. It is tried again by itself.';
  if (status >= 500) return intent === 'change' ? AGAIN : 'Try again in a moment.';
  return 'Change what you asked for, and try again.';
}

/** True because every change carries a key, and the server does what comes under one key once. */
const AGAIN = 'Trying again is safe: the same thing is never done twice.';
