import { formatDuration, parseDuration } from '../../core/time.ts';
import { tellAlreadyThere } from '../already-there.ts';
import { durationArgument, reasonArgument, wantedItems, type Wanted } from '../arguments.ts';
import { ask } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { rememberLive } from '../live-state.ts';
import { takenApart } from '../parser-failure.ts';
import { previewOf, previewScreen } from '../terminal/preview-screen.ts';
import { requestCard, suggest } from '../terminal/request-screen.ts';
import { printable } from '../terminal/printable.ts';
import { requestView, type RequestView } from '../views.ts';
import { exitOf, waitForRequest, type Seen } from '../waiting.ts';
import type { Fields } from '../wire.ts';

export interface RequestOptions {
  readonly on?: readonly string[];
  readonly for?: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly at?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly preview?: boolean;
}

/** Asks for access. With `--preview` only shows what would be decided; with `--wait` stays until it can be used. */
export async function request(context: Context, words: readonly string[], options: RequestOptions): Promise<ExitCode> {
  const items = wantedItems(words, options.on ?? []);
  const body = bodyFrom(items, options);
  const timeoutMs = waitLimit(options);
  if (options.preview) return preview(context, body);
  await tellAlreadyThere(context, body, null);
  const seen = await submit(context, await completed(context, body));
  if (!options.wait || seen.request.status !== 'pending') {
    // Approved by rule: with --wait the grant must be usable before we say so.
    const last = options.wait ? await waitForRequest(context, seen.request.id, timeoutMs) : seen;
    return report(context, last, options.wait === true);
  }
  if (!context.json) context.say(requestCard(context, seen.request).trimEnd());
  return report(context, await waitForRequest(context, seen.request.id, timeoutMs), true);
}

/** Waits for a request that was made before. */
export async function wait(context: Context, id: string, options: { readonly timeout?: string }): Promise<ExitCode> {
  return report(context, await waitForRequest(context, requestId(id), waitLimit(options)), true);
}

export interface RequestBody {
  readonly items: readonly Wanted[];
  readonly duration?: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly startsAt?: string;
}

export function bodyFrom(items: readonly Wanted[], options: RequestOptions): RequestBody {
  return {
    items,
    ...(options.for === undefined ? {} : { duration: durationArgument(options.for) }),
    ...(options.reason === undefined ? {} : { reason: reasonArgument(options.reason) }),
    ...(options.ticket === undefined ? {} : { ticket: options.ticket }),
    ...(options.at === undefined ? {} : { startsAt: startArgument(options.at) }),
  };
}

function startArgument(text: string): string {
  const at = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(at))
    throw usage(
      `"${text.slice(0, 40)}" is not a time.`,
      'Write it like 2026-11-21T18:00 (your time) or with a zone: 2026-11-21T18:00Z.',
    );
  return new Date(at).toISOString();
}

/** How long `--wait` waits: until the request lapses, unless told. */
export function waitLimit(options: { readonly timeout?: string }): number {
  if (options.timeout === undefined) return Number.POSITIVE_INFINITY;
  return parseDuration(durationArgument(options.timeout)) ?? 0;
}

/** Asks the person for what is missing, if there is a person to ask. */
export async function completed(context: Context, body: RequestBody): Promise<RequestBody> {
  if (!context.interactive || (body.reason !== undefined && body.duration !== undefined)) return body;
  const reason = body.reason ?? reasonArgument(await ask(context, 'What do you need it for?'));
  if (body.duration !== undefined) return { ...body, reason };
  const outlook = previewOf(await context.api.post('/requests/preview', { ...body, reason }));
  if (outlook.durationMs === 0) return { ...body, reason };
  const most = outlook.maxDurationMs > 0 ? `, at most ${formatDuration(outlook.maxDurationMs)}` : '';
  const duration = durationArgument(await ask(context, `For how long${most}?`, formatDuration(outlook.durationMs)));
  return { ...body, reason, duration };
}

export async function submit(context: Context, body: RequestBody): Promise<Seen> {
  const raw = await sent(context, body);
  return { raw, request: requestView(raw) };
}

/** Sends what is asked for. A word that is no role may be a part of a sentence without quotes. */
async function sent(context: Context, body: RequestBody): Promise<Fields> {
  try {
    return await context.api.post('/requests', body);
  } catch (error) {
    const hint = takenApart(context.place.argv);
    if (!(error instanceof Failure) || error.code !== 'unknown-role' || hint === null) throw error;
    throw new Failure(error.message, { ...error, hint });
  }
}

async function preview(context: Context, body: RequestBody): Promise<ExitCode> {
  const raw = await context.api.post('/requests/preview', body);
  await tellAlreadyThere(context, body, raw);
  const outlook = previewOf(raw);
  if (context.json) context.dataJson(raw);
  else context.data(previewScreen(context, body.items, outlook));
  if (outlook.allowed) return EXIT.ok;
  const stepUp = outlook.refusals.length > 0 && outlook.refusals.every((refusal) => refusal.code === 'mfa-required');
  return stepUp ? EXIT.stepUp : EXIT.denied;
}

/** Shows a request and what to do with it. Without waiting, a request that was taken is a success, whatever becomes of it. */
export function report(context: Context, seen: Seen, waited: boolean): ExitCode {
  const { request: view, raw } = seen;
  rememberLive(context, view.grants);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${view.id}\t${view.status}\n`);
  else context.data(requestCard(context, view));
  if (!context.json) nextSteps(context, view);
  const exit = exitOf(view);
  return !waited && exit === EXIT.pending ? EXIT.ok : exit;
}

function nextSteps(context: Context, view: RequestView): void {
  if (view.next !== '') context.say(printable(view.next));
  const active = view.grants.filter((grant) => grant.status === 'active' || grant.status === 'activating');
  if (view.status === 'pending') suggest(context, context.command('wait', view.id));
  // What lies elsewhere than on AWS is used with the person's own sign-in there.
  for (const grant of view.extends === null ? active.filter(({ provider }) => provider === 'aws') : [])
    suggest(context, `${context.command('assume', grant.role, '--on', grant.target)} -- aws sts get-caller-identity`);
}

/** Checks the shape of an id before it becomes part of a path. */
export function requestId(text: string): string {
  if (/^req_[a-z2-7]{20}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 60)}" is not the id of a request.`,
    'Ids of requests look like req_… ; "curfew ls" lists yours.',
  );
}

export function grantId(text: string): string {
  if (/^grt_[a-z2-7]{20}$/.test(text)) return text;
  throw usage(
    `"${text.slice(0, 60)}" is not the id of a grant.`,
    'Ids of grants look like grt_… ; "curfew ls" lists yours.',
  );
}
