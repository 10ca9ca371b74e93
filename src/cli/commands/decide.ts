import { parseDuration } from '../../core/time.ts';
import { agreeTo } from '../agree.ts';
import { ask } from '../ask.ts';
import { commentArgument, durationArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
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
  const words = {
    question: 'Approve this?',
    instead: `To say no: ${context.command('deny', requestId(id))}`,
    changed: 'policy-changed',
  };
  const look = async () => {
    const raw = await context.api.get(path);
    const request = requestView(raw);
    const open = request.status === 'pending' && !request.needsSignature;
    return { card: requestCard(context, request), seen: text(raw, 'rulesVersion'), open };
  };
  return shown(context, await agreeTo(context, words, look, (seen) => say({ seen })));
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
