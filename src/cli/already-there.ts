import type { Context } from './context.ts';
import { Failure } from './failure.ts';
import { printable } from './terminal/printable.ts';
import { clockTime } from './terminal/times.ts';
import { list, text, textOrNull, type Fields } from './wire.ts';

/**
 * Says in a line on standard error, for each thing that is about to be asked for, that one holds it or has asked for it already, and what there
 * is to do instead. It refuses nothing: a second grant is meant sometimes. Nothing with `--json`, and nothing when it cannot be looked up.
 * `preview`: what the server would decide, where it was asked already.
 */
export async function tellAlreadyThere(context: Context, body: object, preview: Fields | null): Promise<void> {
  if (context.json) return;
  try {
    const answer = preview ?? (await context.api.post('/requests/preview', body));
    // A server from before this was answered there does not know.
    if (Array.isArray(answer['already']))
      for (const line of list(answer, 'already', lineOf(context))) context.say(line);
  } catch (error) {
    // It is a courtesy: what is asked for is asked for without it.
    if (!(error instanceof Failure)) throw error;
  }
}

function lineOf(context: Context): (of: Fields) => string {
  const now = context.place.clock.now();
  return (of) => {
    const what = `${printable(text(of, 'role'))} on ${printable(text(of, 'target'))}`;
    const [grant, endsAt, status] = [textOrNull(of, 'grant'), textOrNull(of, 'endsAt'), text(of, 'status')];
    if (status === 'active' && grant !== null && endsAt !== null)
      return `You hold ${what} until ${clockTime(endsAt, now)}: "${context.command('extend', grant)}" makes it last longer.`;
    if (status !== 'asked') return `You are being given ${what} already: "${context.command('ls')}" shows it.`;
    const wait = context.command('wait', text(of, 'request'));
    return `You have asked for ${what} already: "${wait}" waits for the decision.`;
  };
}
