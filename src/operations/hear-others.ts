import { fromIso } from '../core/time.ts';
import type { EventKind } from '../ledger/entry.ts';
import { headSize } from '../store/ledger-entries.ts';
import { bodiesFrom } from '../store/notifications.ts';
import type { Change } from './changes.ts';
import type { World } from './world.ts';

/** What an entry says of what changed; written by `ledger/append.ts` alone. */
interface Body {
  readonly kind: EventKind;
  readonly at: string;
  readonly subjects: { readonly request?: string; readonly grant?: string };
  readonly facts: Readonly<Record<string, unknown>>;
}

const BATCH = 500;
/** Changes of this process that are remembered until they come out of the log: those of the last moments. */
const REMEMBERED = 2_000;

/**
 * Tells the listeners of this process what other processes did, as the log has it: an engine that runs by itself, or another node. What this
 * one did was told at once, and is told once. Rules are left out: every process reads them by itself, and says so when it has them.
 *
 * Returns one look, which throws when the database does not answer; the next look goes on from there. The first one begins at the end of the log.
 */
export function hearOthers(world: Pick<World, 'db' | 'changes'>): () => Promise<void> {
  const own = new Set<string>();
  let next: number | null = null;
  world.changes.subscribe((change) => {
    own.add(nameOf(change));
    const [oldest] = own;
    if (own.size > REMEMBERED && oldest !== undefined) own.delete(oldest);
  });
  return async () => {
    const size = await headSize(world.db);
    // A log that was put back to an earlier state is heard from there on.
    if (next === null || size < next) next = size;
    while (next < size) {
      const entries = await bodiesFrom(world.db, next, BATCH);
      const last = entries.at(-1);
      if (last === undefined) return;
      for (const { body } of entries) {
        const change = changeIn(JSON.parse(body) as Body);
        if (change !== null && !own.has(nameOf(change))) world.changes.publish(change);
      }
      next = last.seq + 1;
    }
  };
}

function changeIn({ kind, at: text, subjects, facts }: Body): Change | null {
  const at = fromIso(text);
  if (at === null) return null;
  const about = (changed: Change['kind'], id: unknown): Change | null =>
    typeof id === 'string' ? { kind: changed, id, at } : null;
  switch (kind.slice(0, kind.indexOf('.'))) {
    case 'grant':
      return about('grant', subjects.grant);
    case 'request':
    case 'approval':
      return about('request', subjects.request);
    case 'revocation':
      return about('revocation', facts['revocation']);
    case 'session':
      return about('session', facts['session']);
    case 'passkey':
      return about('recovery', facts['recovery']);
    case 'administration':
      return about('proposal', facts['proposal']);
    default:
      return null;
  }
}

/** One moment of one thing: an entry and the change that was told of it have the same. */
function nameOf({ kind, id, at }: Change): string {
  return `${kind} ${id} ${at}`;
}
