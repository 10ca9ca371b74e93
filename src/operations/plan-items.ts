import { slotKey } from '../core/slot.ts';
import { after, formatDuration, type Instant } from '../core/time.ts';
import type { GrantId } from '../core/ids.ts';
import type { Item } from '../policy/types.ts';
import type { Plan } from '../providers/contract.ts';
import { methodFor, principalFor } from './grant-shape.ts';
import type { RulesInForce, World } from './world.ts';

/** Stands in for the id of a grant that does not exist yet: as long as a real one, so that sizes come out right. */
const PLANNED = 'grt_aaaaaaaaaaaaaaaaaaaa' as GrantId;

/** Asks the provider what one item would change, without calling the cloud. `startsAt` absent means now. */
export function planItem(
  world: Pick<World, 'providers' | 'clock'>,
  rules: RulesInForce,
  requester: string,
  item: Item,
  durationMs: number,
  startsAt?: Instant,
): Plan {
  const role = rules.policy.roles.get(item.role);
  const target = rules.policy.vocabulary.targets.get(item.target);
  const method = role === undefined || target === undefined ? null : methodFor(role, target.provider);
  const provider = target === undefined ? undefined : world.providers.get(target.provider);
  if (role === undefined || target === undefined || method === null || provider === undefined) {
    return {
      ok: false,
      message: `${item.role} cannot be provided on ${item.target}.`,
      hint: 'Choose another role or target.',
    };
  }
  const shortestMs = provider.methods[method]?.shortestDurationMs ?? 0;
  if (durationMs < shortestMs) {
    return {
      ok: false,
      message: `it cannot be given for less than ${formatDuration(shortestMs)}.`,
      hint: 'Ask for longer.',
    };
  }
  const now = world.clock.now();
  const activatedAt = startsAt !== undefined && startsAt > now ? startsAt : now;
  const plan = provider.plan({
    slot: slotKey(target.provider, method, [PLANNED]),
    method,
    target,
    role,
    grant: PLANNED,
    principal: principalFor(rules.directory, requester, target.provider),
    activatedAt,
    endsAt: after(activatedAt, durationMs),
  });
  if (!plan.ok) return plan;
  // Nobody should look for a grant by that id, or count on times that count from a start to come.
  const words = plan.words.replaceAll(PLANNED, 'grt_…');
  return { ...plan, words: activatedAt === startsAt ? words : `If it begins now: ${words}` };
}
