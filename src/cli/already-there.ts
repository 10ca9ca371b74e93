import { liveGrants } from './access.ts';
import type { Wanted } from './arguments.ts';
import type { Context } from './context.ts';
import { Failure } from './failure.ts';
import { printable } from './terminal/printable.ts';
import { clockTime } from './terminal/times.ts';
import { requestView } from './views.ts';
import { list } from './wire.ts';

/**
 * Says in a line on standard error, for each thing that is about to be asked for, that one holds it or has asked for it already, and what there
 * is to do instead. It refuses nothing: a second grant is meant sometimes. Nothing with `--json`, and nothing when it cannot be looked up.
 */
export async function tellAlreadyThere(context: Context, items: readonly Wanted[]): Promise<void> {
  if (context.json) return;
  try {
    const [live, mine] = await Promise.all([liveGrants(context.api, null), context.api.get('/requests?scope=mine')]);
    const open = list(mine, 'items', requestView).filter((one) => one.status === 'pending' && one.extends === null);
    const now = context.place.clock.now();
    for (const wanted of items) {
      const isIt = (one: Wanted) => one.role === wanted.role && one.target === wanted.target;
      const what = `${printable(wanted.role)} on ${printable(wanted.target)}`;
      const held = live.find(isIt);
      const asked = open.find((one) => one.items.some(isIt));
      if (held !== undefined && held.status === 'active' && held.endsAt !== null)
        context.say(
          `You hold ${what} until ${clockTime(held.endsAt, now)}: "${context.command('extend', held.id)}" makes it last longer.`,
        );
      else if (held !== undefined)
        context.say(`You are being given ${what} already: "${context.command('ls')}" shows it.`);
      else if (asked !== undefined)
        context.say(
          `You have asked for ${what} already: "${context.command('wait', asked.id)}" waits for the decision.`,
        );
    }
  } catch (error) {
    // It is a courtesy: what is asked for is asked for without it.
    if (!(error instanceof Failure)) throw error;
  }
}
