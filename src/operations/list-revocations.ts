import { parseId, type RevocationId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { fromIso, instant, toIso, type Instant } from '../core/time.ts';
import { personKeys } from '../store/people.ts';
import { listRevocations as readRevocations, type RevocationRecord } from '../store/revocations.ts';
import type { OperationRefusal } from './refusal.ts';
import { mayHandle } from './revocation-reach.ts';
import { revocationView, type RevocationView } from './revocation-view.ts';
import type { Page } from './show-requests.ts';
import type { Actor, World } from './world.ts';

/** `standing`: what stops access, is not gone yet, or waits for a second person. `all`: also what is done, lapsed or lifted. */
export const REVOCATION_LISTS = ['standing', 'all'] as const;

/**
 * Orders of the kill switch that the actor may see, newest first, each as `showRevocation` shows it: whoever looks after a bad day finds what
 * still stops people. Whom an order is about does not find it here.
 */
export async function listRevocations(
  world: World,
  actor: Actor,
  query: { readonly list: (typeof REVOCATION_LISTS)[number]; readonly cursor: string | null; readonly limit: number },
): Promise<Result<Page<RevocationView>, OperationRefusal>> {
  let before = query.cursor === null ? undefined : parseCursor(query.cursor);
  if (before === null) return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  const found: RevocationRecord[] = [];
  for (let more = true; more && found.length < query.limit;) {
    const rows: readonly RevocationRecord[] = await readRevocations(world.db, {
      standingOnly: query.list === 'standing',
      limit: query.limit,
      ...(before === undefined ? {} : { before }),
    });
    const subjects = rows.flatMap(({ scope }) => (scope.kind === 'person' ? [scope.person] : []));
    const keys = await personKeys(world.db, subjects);
    const keyOf = ({ scope }: RevocationRecord) => (scope.kind === 'person' ? (keys.get(scope.person) ?? null) : null);
    const shown = rows.filter((order) => mayHandle(world, actor, order, keyOf(order)));
    found.push(...shown.slice(0, query.limit - found.length));
    const last = rows.at(-1);
    if (last !== undefined) before = { at: last.orderedAt, id: last.id };
    more = rows.length === query.limit;
  }
  // The last that was shown: a cursor says nothing of an order that its holder may not see.
  const last = found.length === query.limit ? found.at(-1) : undefined;
  const items: RevocationView[] = [];
  for (const order of found) items.push(await revocationView(world, order, actor));
  return ok({ items, nextCursor: last === undefined ? null : `${toIso(last.orderedAt)}/${last.id}` });
}

function parseCursor(text: string): { readonly at: Instant; readonly id: RevocationId } | null {
  const [time = '', rest = ''] = text.split('/');
  const [at, id] = [fromIso(time), parseId('rev', rest)];
  return at === null || id === null ? null : { at: instant(at), id };
}
