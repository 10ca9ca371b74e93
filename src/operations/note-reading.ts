import { after, type Instant } from '../core/time.ts';
import { hashOf } from '../ledger/decision-document.ts';
import { appNow } from '../store/database.ts';
import type { Actor, World } from './world.ts';

/** What of the log somebody reads. */
export type Read = 'entries' | 'checkpoints' | 'checkpoint' | 'proof' | 'states' | 'search' | 'personal';

/** What is said once, holds for so long. */
const HOLDS_MS = 3_600_000;
/** More is forgotten, and said again. */
const MOST_SAID = 20_000;

/** When each broker has said what last; the one that it said longest ago comes first. Another broker, or the next run, says it again. */
const said = new WeakMap<World, Map<string, Instant>>();

/**
 * Notes that somebody read the log, in the log, before they are shown anything: `count` things from the entry `from` on.
 *
 * Whoever may read could otherwise have the log grow without end. Where names or values of people are shown, each thing that was read is
 * said, and the same again an hour later at the earliest: by all of the entries that were found (`seqs`), since two searches can begin with the
 * same one and find as many. The rest of the log is pseudonyms and hashes and the same for everybody: that
 * somebody read it is said once an hour, with what they read first.
 */
export async function noteReading(
  world: World,
  actor: Actor,
  what: Read,
  from: number,
  count: number,
  seqs: readonly number[] = [],
): Promise<void> {
  const showsPeople = (what === 'search' || what === 'personal') && count > 0;
  const line = [actor.person, what, ...(showsPeople ? [from, count, hashOf(seqs)] : [])].join(' ');
  const lines = said.get(world) ?? new Map<string, Instant>();
  said.set(world, lines);
  const now = world.clock.now();
  const last = lines.get(line);
  if (last !== undefined && last <= now && now < after(last, HOLDS_MS)) return;
  await world.db.transaction().execute(async (trx) => {
    await world.append(trx, {
      kind: 'ledger.read',
      at: await appNow(trx),
      actor: { kind: 'person', id: actor.person },
      subjects: {},
      facts: { what, from, count },
    });
  });
  lines.delete(line);
  lines.set(line, now);
  const [oldest] = lines.keys();
  if (lines.size > MOST_SAID && oldest !== undefined) lines.delete(oldest);
}
