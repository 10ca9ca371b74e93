import { FRESH_SIGN_IN_MS } from '../core/fresh-sign-in.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { instant, type Instant } from '../core/time.ts';
import type { FreshSignIn } from '../platform/config.ts';

/** What a sign-in asked of the provider. */
export interface AskedFor {
  /** Whether the person has to show anew who they are, although the provider may know the browser. */
  readonly fresh: boolean;
  readonly begunAt: Instant;
}

/** Why a sign-in is not taken; `detail` is shown. */
export interface NotFresh {
  readonly detail: string;
  readonly log: string;
}

/** How far the provider's clock may be from ours; `auth_time` comes in whole seconds besides. */
const CLOCK_TOLERANCE_MS = 30_000;

/**
 * When the provider authenticated somebody: its own `auth_time` (seconds since the epoch), never the time at which an answer of it came back
 * here. `null`: it did not say. Refused where that is later than now, and where a fresh sign-in was asked for and nothing shows that it is
 * one: `prompt` travels through the browser, whose owner can strike it out (OpenID Connect Core, section 3.1.2.1).
 */
export function authenticationTime(
  authTime: number | undefined,
  asked: AskedFor,
  how: FreshSignIn,
  now: Instant,
): Result<Instant | null, NotFresh> {
  if (authTime === undefined) {
    if (!asked.fresh) return ok(null);
    // Nobody can have been authenticated anew before they were sent there.
    return how === 'trusted' ? ok(asked.begunAt) : refused(SAID_NO_TIME);
  }
  const at = authTime * 1_000;
  if (at > now + CLOCK_TOLERANCE_MS) return refused(IN_THE_FUTURE);
  const earliest = asked.begunAt - (how === 'unavailable' ? FRESH_SIGN_IN_MS : CLOCK_TOLERANCE_MS);
  if (asked.fresh && at < earliest) return refused(how === 'unavailable' ? CANNOT_BE_ASKED : DID_NOT_ASK);
  return ok(instant(Math.min(at, now)));
}

const SAID_NO_TIME: NotFresh = {
  detail:
    'Your sign-in provider does not say when it asked you who you are, so this does not count as a fresh sign-in. ' +
    'Whoever looks after Curfew finds in docs/sign-in.md what to set.',
  log: 'no auth_time',
};

const IN_THE_FUTURE: NotFresh = {
  detail:
    'Your sign-in provider says that it asked you who you are at a time that is still to come: its clock and that of Curfew differ. ' +
    'Tell whoever looks after Curfew.',
  log: 'auth_time in the future',
};

const DID_NOT_ASK: NotFresh = {
  detail:
    'Your sign-in provider let you in without asking you anew who you are, and this takes a fresh sign-in. ' +
    'Sign out there, and then try again.',
  log: 'auth_time before the sign-in began',
};

const CANNOT_BE_ASKED: NotFresh = {
  detail:
    'Your sign-in provider cannot be told to ask you anew who you are, and it did so more than ten minutes ago. ' +
    'Sign out there, and then try again.',
  log: 'auth_time too old, and the provider cannot be asked',
};
