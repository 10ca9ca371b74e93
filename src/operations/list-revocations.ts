import { ok, refused, type Result } from '../core/result.ts';
import { allOfHuman } from '../store/people.ts';
import { listRevocations as readRevocations, type RevocationRecord } from '../store/revocations.ts';
import { readPage, type Page } from './pages.ts';
import type { OperationRefusal } from './refusal.ts';
import { isAbout, standingToOrder } from './standing.ts';
import { judge } from './authorisation.ts';
import { revocationView, type RevocationView } from './revocation-view.ts';

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
  const no = judge('listRevocations', actor);
  if (no !== null) return refused(no);
  const page = await readPage<RevocationRecord, 'rev'>(query, {
    prefix: 'rev',
    placeOf: ({ orderedAt, id }) => ({ at: orderedAt, id }),
    read: (slice) => readRevocations(world.db, { ...slice, standingOnly: query.list === 'standing' }),
    async seen(rows) {
      const human = await allOfHuman(world.db, actor.person);
      return rows.filter(
        (order) =>
          judge('listRevocations', actor, standingToOrder(world, actor, order, isAbout(order, human))) === null,
      );
    },
  });
  if (!page.ok) return page;
  const items: RevocationView[] = [];
  for (const order of page.value.items) items.push(await revocationView(world, order, actor));
  return ok({ ...page.value, items });
}
