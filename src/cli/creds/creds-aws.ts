import { liveGrants, issueAwsCredentials, pendingRequest } from '../access.ts';
import { commandLine, requestLine } from '../call-name.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { createHttp, NetworkFault, type Http } from '../http.ts';
import { createApi, type Api } from '../session/api.ts';
import { profileName, readProfile, type Profile } from '../session/profile.ts';
import { DEFAULT_SERVER, serverAddress } from '../session/server-address.ts';
import { isFresh } from '../session/tokens.ts';
import type { Surroundings } from '../surroundings.ts';
import { grantView, type GrantView } from '../views.ts';
import { cachePath, readCached, writeCached, type CachedCredentials, type CacheKey } from './cache.ts';
import { remove } from '../private-file.ts';

/** For this long after the server has said that the grant lives, nobody asks again. */
const TRUST_MS = 30_000;
/** `aws` runs us before every call: a server that is slow must not make `aws` slow. */
const CHECK_TIMEOUT_MS = 300;
/** A grant that is being set up is waited for, because it is usable in a moment. */
const SETTLE_PATIENCE_MS = 8_000;

export interface CredsOptions {
  readonly role: string;
  readonly target: string;
  readonly profile?: string;
  readonly server?: string;
  /** A failure is left to the caller, who shows it as JSON. */
  readonly json?: boolean;
}

/** What the check with the server found out about cached credentials. */
type Verdict = 'lives' | 'over' | 'reissue' | 'unknown';

export interface Session extends CacheKey {
  readonly place: Surroundings;
  readonly stored: Profile | null;
  readonly http: Http;
  readonly api: Api;
  /** Builds a command that can be pasted, with the flags that we were given. */
  command(...words: readonly string[]): string;
}

/**
 * The `credential_process` of AWS: prints the credentials of the live grant, from the cache while they hold. On failure it prints
 * nothing on standard output and one line on standard error: the command that helps.
 */
export async function credsAws(place: Surroundings, options: CredsOptions): Promise<ExitCode> {
  return answer(place, options, async (session) => document(await current(session)));
}

/** Prints what `find` finds; says in one line what helps when it finds nothing. */
export async function answer(
  place: Surroundings,
  options: CredsOptions,
  find: (session: Session) => Promise<string>,
): Promise<ExitCode> {
  let session: Session | null = null;
  try {
    session = begin(place, options);
    place.stdout.write(`${await find(session)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Failure) || options.json === true) throw error;
    const actionable =
      error.exit === EXIT.denied || error.exit === EXIT.pending || error.exit === EXIT.notAuthenticated;
    place.stderr.write(
      `${actionable && error.hint !== null ? error.hint : `curfew: ${[error.message, error.hint ?? ''].join(' ').trim()}`}\n`,
    );
    return error.exit;
  } finally {
    session?.http.close();
  }
}

function begin(place: Surroundings, options: CredsOptions): Session {
  const profile = profileName(options.profile ?? (place.env['CURFEW_PROFILE'] || 'default'));
  const stored = readProfile(place, profile);
  const server = serverAddress(options.server ?? (place.env['CURFEW_SERVER'] || (stored?.server ?? DEFAULT_SERVER)));
  const http = createHttp(place.clock);
  const flags = { profile, server: options.server === undefined ? null : server };
  const command = (...words: readonly string[]) => commandLine(place, flags, words);
  const loginCommand =
    stored?.demo && stored.server === server ? command('login', '--as', stored.person.key) : command('login');
  const api = createApi(place, { server, profile, loginCommand, http });
  return { place, profile, server, stored, http, api, command, role: options.role, target: options.target };
}

async function current(session: Session): Promise<CachedCredentials> {
  const path = cachePath(session.place, session);
  const cached = readCached(path);
  const now = session.place.clock.now();
  if (cached === null || !holds(cached, now)) return obtain(session, path, cached);
  const checkedAgoMs = now - cached.checkedAt;
  if (checkedAgoMs >= 0 && checkedAgoMs < TRUST_MS) return cached;
  switch (await check(session, cached)) {
    case 'lives': {
      const checked = { ...cached, checkedAt: now };
      writeCached(session.place, path, checked);
      return checked;
    }
    case 'unknown':
      return cached;
    case 'over':
      remove(path);
      return obtain(session, path, null);
    case 'reissue':
      remove(path);
      return obtain(session, path, null);
  }
}

/**
 * Whether credentials are good for some time yet. Those that end with their grant are good to the last moment, because new ones
 * would end then too; those that AWS ends earlier are replaced in time.
 */
export function holds(credentials: CachedCredentials, now: number): boolean {
  const endsAt = Date.parse(credentials.usableUntil);
  const endsWithGrant = Date.parse(credentials.grantEndsAt) - endsAt < 1_000;
  const marginMs = endsWithGrant ? 0 : Math.min(60_000, (endsAt - credentials.issuedAt) / 10);
  return now < endsAt - marginMs;
}

/** Asks the server, quickly, whether the grant still lives. */
export async function check(session: Session, cached: CachedCredentials): Promise<Verdict> {
  try {
    const { stored, place, http, server } = session;
    // A new token is fetched without haste, since giving up half-way would end the login: so only from a server that answers.
    if (stored === null || !isFresh(stored, place.clock.now()))
      await http.send(`${server}/healthz`, { timeoutMs: CHECK_TIMEOUT_MS });
    const grant = grantView(
      await session.api.get(`/grants/${cached.grant}`, { timeoutMs: CHECK_TIMEOUT_MS, tries: 1 }),
    );
    if (grant.status !== 'active') return 'over';
    return grant.reissueAfter !== null && Date.parse(grant.reissueAfter) > cached.issuedAt ? 'reissue' : 'lives';
  } catch (error) {
    if (error instanceof NetworkFault) return 'unknown';
    if (!(error instanceof Failure) || error.exit === EXIT.notAuthenticated) throw error;
    return error.code === 'not-found' ? 'over' : 'unknown';
  }
}

async function obtain(session: Session, path: string, fallback: CachedCredentials | null): Promise<CachedCredentials> {
  try {
    const grant = await activeGrant(session);
    if (grant.landing !== null)
      throw new Failure(grant.landing.words, {
        code: 'nothing-to-hand-out',
        hint: 'This profile is not needed for it.',
      });
    const issued = await issueAwsCredentials(session.api, grant.id);
    const now = session.place.clock.now();
    const { server, profile } = session;
    const fresh: CachedCredentials = { ...issued, server, profile, grant: grant.id, checkedAt: now };
    writeCached(session.place, path, fresh);
    return fresh;
  } catch (error) {
    const unreachable = error instanceof Failure && error.code === 'server-unreachable';
    // About to be replaced is still valid.
    if (unreachable && fallback !== null && Date.parse(fallback.usableUntil) > session.place.clock.now())
      return fallback;
    throw error;
  }
}

export async function activeGrant(session: Session): Promise<GrantView> {
  const { clock } = session.place;
  const giveUpAt = clock.now() + SETTLE_PATIENCE_MS;
  for (;;) {
    const [best] = await liveGrants(session.api, session);
    if (best === undefined) throw await noGrant(session);
    if (best.provider !== 'aws') throw new Failure(`${best.target} is not on AWS.`, { code: 'wrong-provider' });
    if (best.status === 'active') return best;
    if (best.status === 'scheduled' || clock.now() > giveUpAt) {
      throw new Failure(`${best.role} on ${best.target} is ${best.status}.`, {
        exit: EXIT.pending,
        code: 'not-active-yet',
        hint: session.command('wait', best.request),
      });
    }
    await clock.sleep(300);
  }
}

async function noGrant(session: Session): Promise<Failure> {
  const { role, target } = session;
  const pending = await pendingRequest(session.api, session);
  if (pending !== null) {
    return new Failure(`The request for ${role} on ${target} waits for a decision.`, {
      exit: EXIT.pending,
      code: 'pending',
      hint: session.command('wait', pending.id),
    });
  }
  return new Failure(`You do not hold ${role} on ${target}.`, {
    exit: EXIT.denied,
    code: 'no-grant',
    hint: requestLine(session, role, target),
  });
}

/** Exactly the fields that AWS documents for `credential_process`. */
export function document(credentials: CachedCredentials): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: credentials.usableUntil,
  });
}
