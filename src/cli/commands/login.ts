import { commandLine } from '../call-name.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { NetworkFault } from '../http.ts';
import { canOpenBrowser, openInBrowser } from '../open-browser.ts';
import { signInByBrowser } from '../session/browser-sign-in.ts';
import { signInAsDemoPerson } from '../session/demo-sign-in.ts';
import { signInByDevice } from '../session/device-sign-in.ts';
import {
  authorizationServer,
  discover,
  serverDown,
  type AuthorizationServer,
  type Discovery,
} from '../session/discovery.ts';
import { failureFrom } from '../session/problem.ts';
import { profilePath, writeProfile } from '../session/profile.ts';
import type { TokenSet } from '../session/tokens.ts';
import { withLock } from '../file-lock.ts';
import { printable } from '../terminal/printable.ts';
import { suggest } from '../terminal/request-screen.ts';
import { dropCached } from '../creds/cache.ts';
import { forgetLive } from '../live-state.ts';
import { fields, parseJson, type Fields } from '../wire.ts';
import { personView } from '../views.ts';

export interface LoginOptions {
  readonly as?: string;
  readonly device?: boolean;
  /** Show anew who one is, for what takes a fresh sign-in. */
  readonly fresh?: boolean;
  /** `false` after `--no-browser`. */
  readonly browser?: boolean;
}

/** Signs in and remembers the login in the profile. */
export async function login(context: Context, options: LoginOptions): Promise<ExitCode> {
  const { http, place, server } = context;
  const { discovery } = await discover(http, server);
  if (options.as === undefined && !context.mayAsk) {
    throw usage(
      'Signing in needs a person, and --no-input says that there is none.',
      discovery.demo ? context.command('login', '--as', 'ana') : context.command('login'),
    );
  }
  if (options.as !== undefined) requireDemoPerson(discovery, options.as);
  const signInService = await authorizationServer(http, server, discovery.issuer);
  const tokens = await signIn(context, options, signInService, discovery);
  if (tokens.refreshToken === null) {
    throw new Failure('The sign-in service gave no refresh token.', {
      code: 'sign-in-failed',
      hint: 'An operator has to allow offline_access for this client.',
    });
  }
  const me = await whoIs(context, tokens);
  const person = personView(fields(me['person'], 'person'));
  const { refreshToken, accessToken, endsAt } = tokens;
  const profile = {
    server,
    audience: discovery.api,
    clientId: discovery.clientId,
    tokenEndpoint: signInService.tokenEndpoint,
    revocationEndpoint: signInService.revocationEndpoint,
    person: { key: person.key, name: person.name },
    demo: options.as !== undefined,
    refreshToken,
    accessToken,
    accessTokenEndsAt: endsAt,
  };
  await withLock(place, `${profilePath(place, context.profile)}.lock`, async () => {
    // Whoever had this profile before leaves nothing behind for the one who has it now.
    dropCached(place, (credentials) => credentials.profile === context.profile);
    forgetLive(place, context.profile);
    writeProfile(place, context.profile, profile);
  });
  if (context.json) context.dataJson({ ...me, server, profile: context.profile });
  else
    context.data(
      `${context.out.good('Signed in')} as ${context.out.bold(printable(person.name))} (${printable(person.key)}) to ${server}.\n`,
    );
  // The profile knows the server from now on.
  const flags = { profile: context.profile, server: null };
  const search = ['search', ...(discovery.demo ? ['invoice'] : [])];
  if (!context.json) suggest(context, commandLine(place, flags, search));
  return EXIT.ok;
}

function requireDemoPerson(discovery: Discovery, person: string): void {
  if (!discovery.demo)
    throw usage(
      '--as is for the demo, whose people need no password.',
      'Leave it out and sign in with your company account.',
    );
  if (discovery.demoPeople.length === 0 || discovery.demoPeople.some((one) => one.key === person)) return;
  const some = discovery.demoPeople.slice(0, 8).map((one) => one.key);
  throw new Failure(`There is no demo person "${printable(person).slice(0, 40)}".`, {
    code: 'unknown-person',
    hint: `Try one of ${some.join(', ')}.`,
  });
}

async function signIn(
  context: Context,
  options: LoginOptions,
  server: AuthorizationServer,
  discovery: Discovery,
): Promise<TokenSet> {
  const { http, place } = context;
  const fresh = options.fresh === true;
  try {
    if (options.as !== undefined)
      return await signInAsDemoPerson(place, http, server, discovery, { fresh, person: options.as });
    if (options.device) {
      return await signInByDevice(place, http, server, discovery, { fresh }, (prompt) => {
        context.say(
          `Open ${prompt.fullUrl ?? prompt.url} on any device,\nand check that it shows the code ${context.err.bold(prompt.userCode)}`,
        );
      });
    }
    return await signInByBrowser(place, http, server, discovery, { fresh }, (url) => {
      if (options.browser !== false && canOpenBrowser(place) && openInBrowser(place, url))
        context.say('Your browser opens. If it does not, open:');
      else context.say('Open this address in a browser on this machine:');
      context.say(`  ${url}`);
      if (discovery.demo)
        context.say(
          context.err.dim(
            `Demo people sign in without a browser too: ${context.command('login', '--as', discovery.demoPeople[0]?.key ?? 'ana')}`,
          ),
        );
    });
  } catch (error) {
    throw error instanceof NetworkFault ? serverDown(context.server, error) : error;
  }
}

async function whoIs(context: Context, tokens: TokenSet): Promise<Fields> {
  const answer = await context.http.send(`${context.server}/v1/me`, {
    headers: { authorization: `Bearer ${tokens.accessToken}` },
  });
  if (answer.status !== 200) throw failureFrom(answer);
  return fields(parseJson(answer.body), 'me');
}
