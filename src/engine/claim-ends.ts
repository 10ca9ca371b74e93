import { transitionGrant, type GrantState } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import { instant, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import type { GrantRecord } from '../store/grants.ts';
import { claimDue, saveExpired, type ClaimedGrant } from '../store/leases.ts';
import { together } from '../store/together.ts';
import { PACE, type StepPorts } from './ports.ts';
import { factsOf } from './record.ts';
import type { Room } from './under-way.ts';

/**
 * Takes due ends, and moves those whose time is over to `ending`, in one transaction with their ledger entries: when ten thousand end
 * at once, what each of them would wait for alone is done for many together. Returns them as they then stand. `late`: whose access was
 * taken away before it could be written down. Throws when anything of it cannot be written; nothing is claimed then, and the caller
 * claims without moving, so that one grant that cannot be recorded holds up no other.
 */
export async function claimEnds(
  ports: Omit<StepPorts, 'claimed'>,
  limit: number,
  late: (id: GrantId) => boolean,
  { again = limit, passedOver = [] }: Partial<Pick<Room, 'again' | 'passedOver'>> = {},
): Promise<readonly ClaimedGrant[]> {
  const { claimed, now, lapsed } = await ports.db.transaction().execute(async (trx) => {
    const due = await claimDue(trx, 'ends', ports.owner, PACE.leaseMs, limit, again, passedOver);
    // The last of the times at which they were claimed: nothing that was due by then is judged to be early.
    const now = instant(due.reduce((last, { claimedAt }) => Math.max(last, claimedAt), 0));
    const claimed = due.map((grant) => ({ before: grant, grant: expired(grant, now) }));
    const moved = claimed.flatMap(({ before, grant }) => (grant === before ? [] : [grant]));
    if (moved.length === 0) return { claimed, now, lapsed: [] };
    const [, , lapsed] = await together([
      saveExpired(
        trx,
        moved.map((grant) => grant.id),
        now,
      ),
      ports.append(trx, ...moved.map((grant) => entryOf(grant, grant.state, now, late(grant.id)))),
      lapseWithGrants(
        trx,
        ports.append,
        moved.map((grant) => grant.id),
        now,
      ),
    ]);
    return { claimed, now, lapsed };
  });
  for (const { before, grant } of claimed) {
    if (grant !== before) ports.publish({ kind: 'grant', id: grant.id, at: now });
  }
  for (const id of lapsed) ports.publish({ kind: 'request', id, at: now });
  return claimed.map(({ grant }) => grant);
}

/** The grant after its time is over, with the deadline that it was claimed for; the same one if it is ending, or may not expire yet. */
function expired(grant: ClaimedGrant, now: Instant): ClaimedGrant {
  if (grant.state.kind === 'ending') return grant;
  const next = transitionGrant(grant.state, { kind: 'expire' }, now);
  return next.ok ? { ...grant, state: next.value, attempts: 0, lastFault: null } : grant;
}

function entryOf(grant: GrantRecord, state: GrantState, at: Instant, late: boolean): NewEntry {
  return {
    kind: 'grant.ending',
    at,
    actor: { kind: 'system', id: 'engine' },
    subjects: { grant: grant.id, request: grant.request, person: grant.person },
    facts: factsOf(state),
    ...(late ? { late: true } : {}),
  };
}
