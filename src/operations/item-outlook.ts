import type { Tier } from '../core/role.ts';
import type { Item } from '../policy/types.ts';
import type { Residual } from '../providers/contract.ts';
import type { RequestRecord } from '../store/requests.ts';
import { methodFor, residualOf } from './grant-shape.ts';
import { planItem } from './plan-items.ts';
import type { World } from './world.ts';

/** What the rules in force say about an item: enough to know what is asked for without knowing its name. */
export interface ItemWords {
  /** `null`: they have no such role, and it would be refused. */
  readonly tier: Tier | null;
  /** What the role is for. */
  readonly description: string | null;
  /** Labels of the target, for example its environment. */
  readonly labels: Readonly<Record<string, string>>;
}

export function wordsOfItem({ rules }: Pick<World, 'rules'>, item: Item): ItemWords {
  const { policy } = rules.current();
  const role = policy.roles.get(item.role);
  return {
    tier: role?.tier ?? null,
    description: role?.description ?? null,
    labels: policy.vocabulary.targets.get(item.target)?.labels ?? {},
  };
}

/**
 * What can survive the end of an item, by the rules in force: what is said of it before anybody agrees. `null`: the rules do not have it, or
 * this installation does not have its provider.
 */
export function residualOfItem(world: Pick<World, 'rules' | 'providers'>, item: Item): Residual | null {
  const { policy } = world.rules.current();
  const role = policy.roles.get(item.role);
  const target = policy.vocabulary.targets.get(item.target);
  const method = role === undefined || target === undefined ? null : methodFor(role, target.provider);
  if (role === undefined || target === undefined || method === null) return null;
  return residualOf(world.providers.get(target.provider), { method, role, target });
}

/**
 * What the cloud would be told of an item of a request that waits, in the words that the preview has for it. `null`: it is decided, or it
 * would be refused now. An extension moves an end and makes nothing.
 */
export function planOfItem(
  world: Pick<World, 'rules' | 'providers' | 'clock'>,
  request: RequestRecord,
  requester: string,
  item: Item,
): string | null {
  if (request.state.kind !== 'pending' || request.extends !== null) return null;
  const rules = world.rules.current();
  // Somebody who has left is still shown to whoever decides, and nothing could be made for them.
  if (!rules.directory.people.has(requester)) return null;
  const planned = planItem(world, rules, requester, item, request.durationMs, request.startsAt ?? undefined);
  return planned.ok ? planned.words : null;
}
