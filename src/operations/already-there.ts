import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import { isoOrNull, toIso, type Instant } from '../core/time.ts';
import { openSteps } from '../policy/approvals.ts';
import type { Item } from '../policy/types.ts';
import { approvalsOf } from '../store/approvals.ts';
import { listGrants, type GrantRecord } from '../store/grants.ts';
import { listRequests, type RequestRecord } from '../store/requests.ts';
import { decidersOf, type DecidersView } from './step-view.ts';
import { storedDecision } from './stored-decision.ts';
import { takenNow, votesIn } from './votes.ts';
import type { Actor, World } from './world.ts';

/** Something that somebody has, or has asked for, of what they are about to ask for once more. */
export interface AlreadyView extends Item {
  /** `asked`: nobody has decided yet. The others are of access that would still be there when the new one began; the end of `active` can be moved instead. */
  readonly status: 'asked' | 'scheduled' | 'activating' | 'active';
  readonly request: RequestId;
  /** `null` where it is `asked`. */
  readonly grant: GrantId | null;
  /** When it was asked for, or begins or began. */
  readonly since: string;
  readonly endsAt: string | null;
  /** Whose yes what is `asked` still takes in its first open step. */
  readonly waitsFor: (DecidersView & { readonly missing: number }) | null;
}

/** Grants and requests of one person that are looked through: more are open of nobody. */
const LOOKED_AT = 200;

/**
 * What the actor has of some items, or waits for: each item once, and access before requests. `at`: when the new access is to begin. What is
 * ending, and a later end that is asked for, is no reason not to ask.
 */
export async function alreadyThere(
  world: World,
  actor: Actor,
  items: readonly Item[],
  at: Instant,
): Promise<readonly AlreadyView[]> {
  const [held, asked] = await Promise.all([
    listGrants(world.db, { person: actor.person, liveOnly: true, limit: LOOKED_AT }),
    askedBy(world, actor.person, items),
  ]);
  const there = held.flatMap((grant) => heldView(grant, at)).sort((a, b) => rank(b).localeCompare(rank(a)));
  const found = items.map((item) => [...there, ...asked].find((one) => isSame(one, item)));
  return found.flatMap((one) => one ?? []);
}

function heldView(grant: GrantRecord, at: Instant): readonly AlreadyView[] {
  const { definition, state, request, id, startsAt, endsAt } = grant;
  if (state.kind !== 'scheduled' && state.kind !== 'activating' && state.kind !== 'active') return [];
  if (endsAt !== null && endsAt <= at) return [];
  const item = { role: definition.role.name, target: definition.target.key };
  const times = { since: toIso(grant.activatedAt ?? startsAt), endsAt: isoOrNull(endsAt) };
  return [{ ...item, ...times, status: state.kind, request, grant: id, waitsFor: null }];
}

/** Of several the one that is held, and of those the one that ends last. */
function rank({ status, endsAt }: AlreadyView): string {
  return `${status === 'active' ? 1 : 0}${endsAt ?? ''}`;
}

/** Requests for any of the items that nobody has decided yet, the newest first, item by item. */
async function askedBy(world: World, person: PersonId, items: readonly Item[]): Promise<readonly AlreadyView[]> {
  const now = world.clock.now();
  const open = await listRequests(world.db, { person, pendingOnly: true, limit: LOOKED_AT });
  const fits = (request: RequestRecord): boolean =>
    request.extends === null &&
    now < request.lapsesAt &&
    request.items.some((one) => items.some((item) => isSame(one, item)));
  const fitting = open.filter(fits);
  const said = await approvalsOf(
    world.db,
    fitting.map(({ id }) => id),
  );
  return fitting.flatMap((request) => {
    const votes = votesIn(takenNow(world.rules.current(), request, said.get(request.id) ?? []));
    const step = openSteps(storedDecision(request), votes).find(({ missing }) => missing > 0);
    const waitsFor =
      step === undefined ? null : { missing: step.missing, ...decidersOf(world, step, '', step.approvedBy) };
    return request.items.map(({ role, target }) => ({
      role,
      target,
      status: 'asked' as const,
      request: request.id,
      grant: null,
      since: toIso(request.createdAt),
      endsAt: null,
      waitsFor,
    }));
  });
}

function isSame(one: Item, other: Item): boolean {
  return one.role === other.role && one.target === other.target;
}
