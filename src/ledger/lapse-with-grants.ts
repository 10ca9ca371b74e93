import type { GrantId, RequestId } from '../core/ids.ts';
import { transitionRequest } from '../core/request.ts';
import type { Instant } from '../core/time.ts';
import { lockPendingExtensions, saveRequestState } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import type { Append } from './append.ts';

/**
 * Closes what asks to extend some grants that are no longer active, in the transaction that ends them: nobody is to be asked about
 * access that is over. Whoever ends a grant calls this, people and engine alike. Returns the requests that lapsed.
 */
export async function lapseWithGrants(
  trx: Trx,
  append: Append,
  grants: readonly GrantId[],
  now: Instant,
): Promise<readonly RequestId[]> {
  if (grants.length === 0) return [];
  const lapsed: RequestId[] = [];
  for (const { id, person, grant, state } of await lockPendingExtensions(trx, grants)) {
    const next = transitionRequest(state, { kind: 'lose-grant' }, now);
    if (!next.ok) continue;
    await saveRequestState(trx, id, next.value);
    await append(trx, {
      kind: 'request.lapsed',
      at: now,
      actor: { kind: 'system', id: 'engine' },
      subjects: { request: id, person, grant },
      facts: { cause: 'grant-ended' },
    });
    lapsed.push(id);
  }
  return lapsed;
}
