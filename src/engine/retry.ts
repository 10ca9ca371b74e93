import { slotKey } from '../core/slot.ts';
import { toIso, type Instant } from '../core/time.ts';
import { meaningOf } from '../ledger/decision-document.ts';
import { newId } from '../platform/random.ts';
import { insertGrant, type GrantRecord } from '../store/grants.ts';
import type { Trx } from '../store/schema.ts';
import { methodOf } from './binding-spec.ts';
import type { EnginePorts } from './ports.ts';

/**
 * The one retry of a grant that was not usable within the settle time and is proven absent now: a new grant of the same item under the
 * same approval, in the transaction of that proof. It is judged again at its start like any other, and its clock starts then. `null`:
 * there is none.
 */
export async function retryOnce(
  trx: Trx,
  ports: EnginePorts,
  failed: GrantRecord,
  now: Instant,
): Promise<GrantRecord | null> {
  if (failed.state.kind !== 'failed' || !failed.triesAgain) return null;
  // Proven only when nobody waits for it any more: access that begins by itself hours later would surprise everybody.
  if (failed.endsAt === null || now >= failed.endsAt) return null;
  const id = newId(ports.random, 'grt');
  const { capabilities } = methodOf(ports.providers, failed);
  const { request, ordinal, person, provider, method, principal, durationMs, definition } = failed;
  // A slot of its own bears the name of the grant; a shared one is the same place again.
  const slot = capabilities.slot === 'shared' ? failed.slot : slotKey(provider, method, [id]);
  const same = { request, ordinal, person, provider, method, principal, durationMs, definition };
  const again = await insertGrant(trx, { ...same, id, slot, startsAt: now, retryOf: failed.id });
  await ports.append(trx, {
    kind: 'grant.scheduled',
    at: now,
    actor: { kind: 'system', id: 'engine' },
    subjects: { grant: id, request, person },
    facts: {
      role: definition.role.name,
      target: definition.target.key,
      ...meaningOf(definition.role, definition.target),
      method,
      durationMs,
      startsAt: toIso(now),
      retryOf: failed.id,
    },
  });
  return again;
}
