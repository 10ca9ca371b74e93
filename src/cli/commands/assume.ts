import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { issueAwsCredentials, liveGrants, pendingRequest, type HandedOut } from '../access.ts';
import { wantedItem, type Wanted } from '../arguments.ts';
import { untilUsableOnAzure } from '../azure-usable.ts';
import { CALLED_AS, OWN_COMPILE_CACHE } from '../call-name.ts';
import { requestLine } from '../call-name.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { rememberLive } from '../live-state.ts';
import { discover, type Discovery } from '../session/discovery.ts';
import type { CliSignal } from '../surroundings.ts';
import { printable } from '../terminal/printable.ts';
import { requestCard, residualNote } from '../terminal/request-screen.ts';
import type { GrantView, RequestView } from '../views.ts';
import { exitOf, isSettled, waitForRequest } from '../waiting.ts';
import { bodyFrom, completed, submit, waitLimit, type RequestOptions } from './request.ts';

export type AssumeOptions = Pick<RequestOptions, 'on' | 'for' | 'reason' | 'ticket' | 'timeout'>;

/**
 * Runs a command with the credentials of a grant in its environment, and returns its exit code. Where the grant hands out nothing, the
 * command runs once the access is there, with what the caller has.
 */
export async function assume(
  context: Context,
  word: string,
  options: AssumeOptions,
  command: readonly string[],
): Promise<number> {
  const [program, ...words] = command;
  if (program === undefined)
    throw usage(
      'Which command should run?',
      `Put it behind two dashes: ${context.command('assume', word, ...(options.on ?? []).flatMap((on) => ['--on', on]))} -- aws s3 ls`,
    );
  const wanted = wantedItem(word, options.on ?? []);
  const grant = await grantFor(context, wanted, options);
  const note = context.json ? null : residualNote(grant, context.place.clock.now());
  if (note !== null) context.say(`After its end: ${note}`);
  if (grant.landing !== null) {
    const { discovery } = await discover(context.http, context.server);
    const { words: where, azure } = grant.landing;
    if (!context.json) context.say(printable(where));
    if (azure !== null)
      await untilUsableOnAzure(context, azure, options.timeout === undefined ? null : waitLimit(options));
    context.http.close();
    return runChild(context, program, words, ownEnvironment(context.place.env, grant, discovery));
  }
  if (grant.provider !== 'aws')
    throw new Failure(`${grant.target} is not on AWS; other clouds cannot be assumed yet.`, { code: 'wrong-provider' });
  const [credentials, { discovery }] = await Promise.all([
    issueAwsCredentials(context.api, grant.id),
    discover(context.http, context.server),
  ]);
  rememberLive(context, [grant]);
  context.http.close();
  return runChild(context, program, words, childEnvironment(context.place.env, grant, credentials, discovery));
}

/** The grant to use: the live one, the one that a pending request becomes, or the one that is asked for now. */
async function grantFor(context: Context, wanted: Wanted, options: AssumeOptions): Promise<GrantView> {
  const [live] = await liveGrants(context.api, wanted);
  if (live?.status === 'active') return live;
  const timeoutMs = waitLimit(options);
  const under = live === undefined ? await pendingRequest(context.api, wanted) : null;
  const waitsFor = live?.request ?? under?.id;
  if (waitsFor !== undefined) {
    if (under !== null && !context.json) context.say(`${under.id} asks for this already.`);
    return usable(context, wanted, (await waitForRequest(context, waitsFor, timeoutMs)).request);
  }
  if (options.reason === undefined && !context.interactive) {
    throw new Failure(`You do not hold ${wanted.role} on ${wanted.target}.`, {
      exit: EXIT.denied,
      code: 'no-grant',
      hint: requestLine(context, wanted.role, wanted.target),
    });
  }
  if (!context.json)
    context.say(`You do not hold ${printable(wanted.role)} on ${printable(wanted.target)}; asking for it.`);
  const made = await submit(context, await completed(context, bodyFrom([wanted], options)));
  if (made.request.status === 'pending' && !context.json)
    context.say(requestCard({ ...context, out: context.err }, made.request).trimEnd());
  const seen = isSettled(made.request) ? made : await waitForRequest(context, made.request.id, timeoutMs);
  return usable(context, wanted, seen.request);
}

function usable(context: Context, wanted: Wanted, request: RequestView): GrantView {
  const grant = request.grants.find((one) => one.role === wanted.role && one.target === wanted.target);
  if (grant?.status === 'active') return grant;
  const exit = exitOf(request);
  const pending = request.status === 'pending' || exit === EXIT.pending;
  const approved = request.status === 'approved';
  const fault = approved ? (grant?.lastFault ?? '') : request.next;
  throw new Failure(
    `${request.id} is ${approved ? `approved, but its access is ${grant?.status ?? 'missing'}` : request.status}. ${fault}`.trimEnd(),
    {
      exit: exit === EXIT.ok ? EXIT.error : exit,
      code: request.status,
      hint: pending ? context.command('wait', request.id) : context.command('why', request.id),
    },
  );
}

/** Credentials go into the environment of the child alone; what would lead `aws` past them is taken out. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  grant: Pick<GrantView, 'id'>,
  credentials: HandedOut,
  discovery: Pick<Discovery, 'aws'>,
): Record<string, string> {
  const child: Record<string, string> = {};
  const simulated = discovery.aws.endpointUrl;
  for (const [name, value] of Object.entries(env)) {
    const misleads = [
      'AWS_PROFILE',
      'AWS_DEFAULT_PROFILE',
      'AWS_SECURITY_TOKEN',
      CALLED_AS,
      OWN_COMPILE_CACHE,
    ].includes(name);
    const ours = name === 'NODE_COMPILE_CACHE' && env[OWN_COMPILE_CACHE] !== undefined;
    const otherEndpoint =
      simulated !== null && (name.startsWith('AWS_ENDPOINT_URL') || name === 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS');
    if (value !== undefined && !misleads && !ours && !otherEndpoint) child[name] = value;
  }
  const region = child['AWS_REGION'] ?? child['AWS_DEFAULT_REGION'] ?? credentials.region ?? discovery.aws.region;
  return {
    ...child,
    ...(region === null ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    ...(simulated === null ? {} : { AWS_ENDPOINT_URL: simulated }),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: credentials.usableUntil,
    CURFEW_GRANT: grant.id,
  };
}

/** The caller's own, because the access is on an identity of theirs: only what is ours is taken out, and what says which grant it is added. */
export function ownEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  grant: Pick<GrantView, 'id'>,
  discovery: Pick<Discovery, 'aws'>,
): Record<string, string> {
  const child: Record<string, string> = {};
  const ours = [CALLED_AS, OWN_COMPILE_CACHE, ...(env[OWN_COMPILE_CACHE] === undefined ? [] : ['NODE_COMPILE_CACHE'])];
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !ours.includes(name)) child[name] = value;
  const simulated = discovery.aws.endpointUrl;
  return { ...child, ...(simulated === null ? {} : { AWS_ENDPOINT_URL: simulated }), CURFEW_GRANT: grant.id };
}

/** Runs the child on our own terminal, passes signals on, and answers with its exit code as a shell would. */
function runChild(
  context: Context,
  program: string,
  words: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const { place } = context;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words], { stdio: 'inherit', env });
    // The terminal sends Ctrl-C to the child itself; passing it on would be a second one.
    const fromTerminal = place.stdin.isTTY === true ? ['SIGINT', 'SIGQUIT'] : [];
    const signals: readonly CliSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
    const forget = signals.map((signal) =>
      place.onSignal(signal, () => void (fromTerminal.includes(signal) || child.kill(signal))),
    );
    const end = (work: () => void) => {
      for (const one of forget) one();
      work();
    };
    child.once('error', (error) => {
      const code = notStarted(context, program, error);
      end(() => (code === null ? reject(error) : resolve(code)));
    });
    child.once('exit', (code, signal) =>
      end(() => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))),
    );
  });
}

/** 127 and 126 are what shells answer for a command that does not exist, or is none. */
function notStarted(context: Context, program: string, error: Error): number | null {
  const code = 'code' in error ? error.code : null;
  if (code !== 'ENOENT' && code !== 'EACCES') return null;
  context.say(`curfew: ${code === 'ENOENT' ? 'there is no command' : 'this is not a command:'} ${printable(program)}`);
  return code === 'ENOENT' ? 127 : 126;
}
