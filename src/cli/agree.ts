import { ask } from './ask.ts';
import type { Context } from './context.ts';
import { Failure, interrupted } from './failure.ts';
import type { Fields } from './wire.ts';

/** Something that waits for a yes, as it stands now. */
export interface Waiting {
  /** What is shown of it. */
  readonly card: string;
  /** By what the server knows what was shown: a yes to this is none to what is different. */
  readonly seen: string;
  /** Whether it can be said here; where not, it is tried once without asking, and the server says why. */
  readonly open: boolean;
}

/**
 * Shows something, asks, and says yes to what was shown; anew for as long as it changes while somebody looks. `changed`: the code by which the
 * server refuses a yes to something else. `instead`: what whoever says no does.
 */
export async function agreeTo(
  context: Context,
  { question, instead, changed }: { readonly question: string; readonly instead: string; readonly changed: string },
  look: () => Promise<Waiting>,
  say: (seen: string) => Promise<Fields>,
): Promise<Fields> {
  let before: string | null = null;
  for (;;) {
    const { card, seen, open } = await look();
    if (card !== '') context.say(before === null ? card.trimEnd() : differences(context, before, card));
    if (open && !/^y(es)?$/i.test(await ask(context, `${question} (yes or no)`, 'no')))
      throw interrupted('Nothing was decided.', instead);
    try {
      return await say(seen);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== changed || !open) throw error;
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
