import { durationArgument, reasonArgument } from '../arguments.ts';
import { ask } from '../ask.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { usage } from '../failure.ts';
import { requestCard } from '../terminal/request-screen.ts';
import { requestView } from '../views.ts';
import { waitForRequest } from '../waiting.ts';
import { grantId, report, waitLimit } from './request.ts';

export interface ExtendOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly ticket?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** Asks to keep live access for longer. With `--wait` stays until the cloud has the later end. */
export async function extend(context: Context, id: string, options: ExtendOptions): Promise<ExitCode> {
  const path = `/grants/${grantId(id)}/extend`;
  const timeoutMs = waitLimit(options);
  const raw = await context.api.post(path, await bodyFrom(context, id, options));
  const seen = { raw, request: requestView(raw) };
  if (!options.wait) return report(context, seen, false);
  if (seen.request.status === 'pending' && !context.json) context.say(requestCard(context, seen.request).trimEnd());
  return report(context, await waitForRequest(context, seen.request.id, timeoutMs), true);
}

async function bodyFrom(context: Context, id: string, options: ExtendOptions) {
  const byHow = options.for ?? (context.interactive ? await ask(context, 'For how much longer?', '15m') : null);
  if (byHow === null) throw usage('Say for how much longer.', context.command('extend', id, '--for', '15m'));
  const why =
    options.reason ?? (context.interactive ? await ask(context, 'What do you still need it for?') : undefined);
  return {
    duration: durationArgument(byHow),
    ...(why === undefined ? {} : { reason: reasonArgument(why) }),
    ...(options.ticket === undefined ? {} : { ticket: options.ticket }),
  };
}
