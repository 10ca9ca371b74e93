import { FRESH_SIGN_IN_MS } from '../core/fresh-sign-in.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor } from './world.ts';

/**
 * Whether somebody has just shown their provider who they are; with a second factor, where it says when that was. The time is the provider's:
 * a browser that it has known for days gets a new session here without anybody showing anything.
 */
export function freshSignIn({ signIn, context }: Actor, now: Instant): Result<null, OperationRefusal> {
  const at = signIn?.authenticatedAt ?? null;
  const isFresh = at !== null && now - at <= FRESH_SIGN_IN_MS;
  const { mfaAt } = context;
  if (isFresh && (mfaAt === undefined || now - mfaAt <= FRESH_SIGN_IN_MS)) return ok(null);
  return refused({
    code: 'sign-in-too-old',
    detail: isFresh ? NO_SECOND_FACTOR : at === null ? UNKNOWN_AGE : TOO_OLD,
    hint: context.via === 'web' ? 'Sign in anew; you come back to this page.' : 'curfew login --fresh',
  });
}

const TOO_OLD = 'This takes that you showed your sign-in provider in the last ten minutes who you are.';
const UNKNOWN_AGE =
  'This takes that you showed your sign-in provider in the last ten minutes who you are, and nobody knows when you did.';
const NO_SECOND_FACTOR =
  'This takes a second factor of the last ten minutes, and your sign-in provider did not ask you for one.';
