import { invariant } from '../core/result.ts';
import { slotKey } from '../core/slot.ts';
import { toIso, type Instant } from '../core/time.ts';
import { meaningOf } from '../ledger/decision-document.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { insertGrant, type GrantRecord, type NewGrant } from '../store/grants.ts';
import type { RequestRecord } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { methodFor, principalFor } from './grant-shape.ts';
import type { RulesInForce, World } from './world.ts';

/**
 * Turns each item of an approved request into a scheduled grant, in the transaction that approves it, and writes `entries` before the
 * entries of the grants. `requester` is a directory key.
 */
export async function createGrants(
  world: World,
  trx: Trx,
  rules: RulesInForce,
  requester: string,
  request: Pick<RequestRecord, 'id' | 'person' | 'items' | 'startsAt' | 'durationMs'>,
  now: Instant,
  entries: readonly NewEntry[],
): Promise<readonly GrantRecord[]> {
  const { durationMs } = request;
  const planned: NewGrant[] = [];
  const scheduled: NewEntry[] = [];
  for (const [ordinal, item] of request.items.entries()) {
    const role = rules.policy.roles.get(item.role);
    const target = rules.policy.vocabulary.targets.get(item.target);
    invariant(
      role !== undefined && target !== undefined,
      `${item.role} on ${item.target} was allowed but does not exist`,
    );
    const method = methodFor(role, target.provider);
    const provider = world.providers.get(target.provider);
    const capabilities = method === null ? undefined : provider?.methods[method];
    invariant(
      method !== null && capabilities !== undefined,
      `${item.role} on ${item.target} was allowed but cannot be provided`,
    );
    const id = newId(world.random, 'grt');
    const principal = principalFor(rules.directory, requester, target.provider);
    const place =
      capabilities.slot === 'shared' ? provider?.sharedPlace?.({ method, target, role, principal }) : undefined;
    invariant((capabilities.slot === 'shared') === (place !== undefined), `${method} does not name its shared slot`);
    const startsAt = request.startsAt !== null && request.startsAt > now ? request.startsAt : now;
    planned.push({
      id,
      request: request.id,
      ordinal,
      person: request.person,
      slot: slotKey(target.provider, method, place ?? [id]),
      provider: target.provider,
      method,
      principal,
      durationMs,
      definition: { role, target },
      startsAt,
    });
    scheduled.push({
      kind: 'grant.scheduled',
      at: now,
      actor: { kind: 'system', id: 'policy' },
      subjects: { grant: id, request: request.id, person: request.person },
      facts: {
        role: role.name,
        target: target.key,
        ...meaningOf(role, target),
        method,
        durationMs,
        startsAt: toIso(startsAt),
      },
    });
  }
  // They need nothing from one another, so they travel together.
  const inserting = together(planned.map((grant) => insertGrant(trx, grant)));
  const [grants] = await together([inserting, world.append(trx, ...entries, ...scheduled)]);
  return grants;
}
