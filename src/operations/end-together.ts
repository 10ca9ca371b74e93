import { transitionGrant } from '../core/grant.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { EntryActor, NewEntry } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import { saveGrantState, saveTriesAgain, type GrantRecord } from '../store/grants.ts';
import { lockToBeTriedAgain, lockToldNothing } from '../store/revocation-sweeps.ts';
import type { Trx } from '../store/schema.ts';
import type { World } from './world.ts';

/** Why grants end that nobody ordered to end one by one; stands in their entries. */
export type Because = 'holder-left' | 'approved-by-requester';

/** What was ended, to be told to everybody once it is committed. */
export interface EndedTogether {
  readonly grants: readonly GrantId[];
  readonly lapsed: readonly RequestId[];
}

/** Tells some grants to end as revoked, in the transaction that explains why; what was told before is left as it is. */
export async function endTogether(
  world: Pick<World, 'append'>,
  trx: Trx,
  ids: readonly GrantId[],
  { actor, because, now }: { readonly actor: EntryActor; readonly because: Because; readonly now: Instant },
): Promise<EndedTogether> {
  const entries: NewEntry[] = [];
  const ended: GrantId[] = [];
  const subjects = ({ id, request, person }: GrantRecord) => ({ grant: id, request, person });
  for (const grant of await lockToldNothing(trx, ids)) {
    const next = transitionGrant(grant.state, { kind: 'revoke' }, now);
    if (!next.ok) continue;
    const state = next.value;
    ended.push(grant.id);
    await saveGrantState(trx, grant.id, state, now);
    entries.push({
      kind: state.kind === 'ending' ? 'grant.ending' : 'grant.ended',
      at: now,
      actor,
      subjects: subjects(grant),
      facts: {
        cause: 'revoked',
        because,
        ...(grant.endsAt === null ? {} : { endsAt: toIso(grant.endsAt) }),
        ...('proof' in state ? { proof: state.proof.kind } : {}),
      },
    });
  }
  // What is being ended for want of time is not tried once more.
  for (const grant of await lockToBeTriedAgain(trx, ids)) {
    await saveTriesAgain(trx, grant.id, false);
    entries.push({
      kind: 'grant.not-retried',
      at: now,
      actor,
      subjects: subjects(grant),
      facts: { cause: 'revoked', because },
    });
  }
  await world.append(trx, ...entries);
  return { grants: ended, lapsed: await lapseWithGrants(trx, world.append, ended, now) };
}

/** Tells everybody, and the engine, what was ended and committed. */
export function publishEnded(world: Pick<World, 'changes' | 'wake'>, ended: EndedTogether, at: Instant): void {
  for (const id of ended.grants) world.changes.publish({ kind: 'grant', id, at });
  for (const id of ended.lapsed) world.changes.publish({ kind: 'request', id, at });
  if (ended.grants.length > 0) world.wake('ends');
}
