import { parseDuration } from '../../core/time.ts';
import { ask } from '../ask.ts';
import { commentArgument, durationArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, interrupted, usage } from '../failure.ts';
import { printable } from '../terminal/printable.ts';
import { requestCard } from '../terminal/request-screen.ts';
import { requestView } from '../views.ts';
import { text, type Fields } from '../wire.ts';
import { requestId } from './request.ts';

export interface DecideOptions {
  readonly comment?: string;
  readonly for?: string;
  /** `rulesVersion` of the request as a script has read it. */
  readonly seen?: string;
  /** Without showing it and asking. */
  readonly yes?: boolean;
}

/**
 * Says yes to a step of somebody's request, for as long as was asked or for less. At a terminal it is shown first, and the yes is to what was
 * shown (`seen`): where the rules have changed meanwhile, the server refuses it, and what is different is shown before it is asked again. A
 * script says itself what it has seen; without that, and with `--yes`, nothing is claimed to have been looked at. What takes a passkey is
 * refused, and the hint is the page that takes one (exit code 6).
 */
export async function approve(context: Context, id: string, options: DecideOptions): Promise<ExitCode> {
  const comment = options.comment === undefined ? {} : { comment: commentArgument(options.comment) };
  const shorter = options.for === undefined ? {} : { durationMs: parseDuration(durationArgument(options.for)) };
  const path = `/requests/${requestId(id)}`;
  const say = (seen: { readonly seen?: string }) =>
    context.api.post(`${path}/approve`, { ...comment, ...shorter, ...seen });
  if (options.seen !== undefined) return shown(context, await say({ seen: options.seen }));
  if (options.yes === true || !context.interactive) return shown(context, await say({}));
  return shown(context, await agree(context, path, say));
}

/** Shows a request, asks, and says yes to what was shown; anew for as long as the rules change while somebody looks. */
async function agree(
  context: Context,
  path: string,
  say: (seen: { readonly seen: string }) => Promise<Fields>,
): Promise<Fields> {
  let before: string | null = null;
  for (;;) {
    const raw = await context.api.get(path);
    const request = requestView(raw);
    const card = requestCard(context, request);
    context.say(before === null ? card.trimEnd() : differences(context, before, card));
    // What cannot be approved here is not asked about: the server says why.
    const open = request.status === 'pending' && !request.needsSignature;
    if (open && !/^y(es)?$/i.test(await ask(context, 'Approve this? (yes or no)', 'no')))
      throw interrupted('Nothing was decided.', `To say no: ${context.command('deny', request.id)}`);
    try {
      return await say({ seen: text(raw, 'rulesVersion') });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'policy-changed') throw error;
      context.say(`${context.err.warn(error.message)}\n`);
      before = card;
    }
  }
}

/** A card as it is now, with what is new and what is gone since it was shown. */
function differences({ err }: Context, before: string, now: string): string {
  const [old, lines] = [before.trimEnd().split('\n'), now.trimEnd().split('\n')];
  const gone = old.filter((line) => !lines.includes(line));
  const marked = lines.map((line) => (old.includes(line) ? `  ${line}` : `${err.warn('+')} ${line}`));
  const same = gone.length === 0 && old.length === lines.length;
  return [
    ...marked,
    ...(gone.length === 0 ? [] : [err.dim('It said before:')]),
    ...gone.map((line) => `${err.bad('-')} ${line}`),
    ...(same ? [err.dim('What is shown here is the same under the new rules.')] : []),
  ].join('\n');
}

/** Says no, which ends the request; the requester is owed a word about it. */
export async function deny(context: Context, id: string, options: DecideOptions): Promise<ExitCode> {
  const path = `/requests/${requestId(id)}/deny`;
  const given = options.comment ?? (context.interactive ? await ask(context, 'Why not?') : null);
  if (given === null) throw usage('Say why.', `${context.command('deny', id, '--comment', 'what should change')}`);
  return shown(context, await context.api.post(path, { comment: commentArgument(given) }));
}

/** Takes back one's own request. */
export async function withdraw(context: Context, id: string): Promise<ExitCode> {
  return shown(context, await context.api.post(`/requests/${requestId(id)}/withdraw`, {}));
}

function shown(context: Context, raw: Fields): ExitCode {
  const request = requestView(raw);
  if (context.json) context.dataJson(raw);
  else if (context.plain) context.data(`${request.id}\t${request.status}\n`);
  else {
    context.data(requestCard(context, request));
    if (request.next !== '') context.say(printable(request.next));
  }
  return EXIT.ok;
}
