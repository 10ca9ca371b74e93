import { onCall } from '../core/directory.ts';
import type { GrantState } from '../core/grant.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { DangerousAbility, Role, Tier } from '../core/role.ts';
import { toIso } from '../core/time.ts';
import type { Item } from '../policy/types.ts';
import { listGrants } from '../store/grants.ts';
import { heldBeside } from '../store/held-beside.ts';
import { findRequest } from '../store/requests.ts';
import { judge } from './authorisation.ts';
import { grantIsOver } from './grant-shape.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import { storedQuestion } from './stored-decision.ts';
import type { Actor, World } from './world.ts';

/** What is true around a request now, besides what it says: for whoever decides it, and from what is known here alone. */
export interface Circumstances {
  readonly requester: {
    readonly employment: 'employee' | 'contractor' | null;
    readonly team: string | null;
    /** Rotations in which they are on call now. */
    readonly onCall: readonly string[];
  };
  /** What they hold now on the targets that are asked for, or on what these belong to; what ends first comes first. */
  readonly holds: readonly HeldView[];
  /** How many more grants of theirs are live on other targets. */
  readonly holdsElsewhere: number;
  readonly items: readonly ItemCircumstances[];
}

/** Live access of whoever asks. */
export interface HeldView extends Item {
  readonly grant: GrantId;
  readonly tier: Tier;
  readonly status: GrantState['kind'];
  /** RFC 3339; `null`: it has not begun. */
  readonly endsAt: string | null;
}

/** What is known of one item. */
export interface ItemCircumstances extends Item {
  /** How many other humans hold the same now. */
  readonly othersHold: number;
  /** How many targets lie below its own: it covers them as well. */
  readonly below: number;
  /** What the role declares that outlives a session or leads beyond it. */
  readonly abilities: readonly DangerousAbility[];
}

/** So many live grants of one person are looked at. */
const MOST_HELD = 200;

export async function showCircumstances(
  world: World,
  actor: Actor,
  id: RequestId,
): Promise<Result<Circumstances, OperationRefusal>> {
  const request = await findRequest(world.db, id);
  if (request === null) return refused(NOT_FOUND);
  const no = judge('showCircumstances', actor, await standingToRequest(world, world.db, actor, request));
  if (no !== null) return refused(no);
  const now = world.clock.now();
  const { policy, directory } = world.rules.current();
  const { targets } = policy.vocabulary;
  const asked = new Set<string>();
  for (const { target } of request.items)
    for (let at: string | null = target; at !== null && !asked.has(at); at = targets.get(at)?.parent ?? null)
      asked.add(at);
  const live = await listGrants(world.db, { human: request.person, liveOnly: true, limit: MOST_HELD });
  // What an extension is about is what the request is about, and nothing beside it.
  const held = live.filter((grant) => !grantIsOver(grant, now) && grant.id !== request.extends?.grant);
  const near = held.filter(({ definition }) => asked.has(definition.target.key));
  const others = await heldBeside(world.db, request.person, request.items);
  const key = storedQuestion(request).requester;
  const person = directory.people.get(key);
  return ok({
    requester: {
      employment: person?.employment ?? null,
      team: person?.labels['team'] ?? null,
      onCall: [...directory.rotations.keys()].filter((rotation) => onCall(directory, rotation, now).includes(key)),
    },
    holds: near
      .map(({ id: grant, definition: { role, target }, state, endsAt }) => ({
        grant,
        role: role.name,
        target: target.key,
        tier: role.tier,
        status: state.kind,
        endsAt: endsAt === null ? null : toIso(endsAt),
      }))
      .sort((a, b) => (a.endsAt ?? '9').localeCompare(b.endsAt ?? '9')),
    holdsElsewhere: held.length - near.length,
    items: request.items.map(({ role, target }) => ({
      role,
      target,
      othersHold: others.get(`${role} ${target}`) ?? 0,
      below: policy.index.below.get(target)?.length ?? 0,
      abilities: abilitiesOf(policy.roles.get(role), targets.get(target)?.provider ?? null),
    })),
  });
}

function abilitiesOf(role: Role | undefined, provider: string | null): readonly DangerousAbility[] {
  if (provider !== 'aws' || role?.aws == null || !('allows' in role.aws)) return [];
  return role.aws.allows;
}
