import type { AzureSettings } from './azure-settings.ts';
import { principal, type Membership, type Tenant } from './directory.ts';
import type { World } from './world.ts';

/** Who sees a membership: whoever writes one sees every other at once. */
export type Viewpoint = 'written' | 'listed' | 'known';

type Ports = { readonly world: World; readonly settings: () => AzureSettings; readonly now: () => number };

/** The members of a group, or the holders of a role, as they look from a viewpoint; in the order in which they came. */
export function membersOf(
  list: readonly Membership[],
  group: string,
  viewpoint: Viewpoint,
  nowMs: number,
): readonly string[] {
  const inside = new Map<string, boolean>();
  for (const one of list) if (one.group === group && sees(one, viewpoint, nowMs)) inside.set(one.member, one.in);
  return [...inside].filter(([, is]) => is).map(([member]) => member);
}

export const isMember = (
  list: readonly Membership[],
  group: string,
  member: string,
  viewpoint: Viewpoint,
  nowMs: number,
): boolean =>
  list.findLast((one) => one.group === group && one.member === member && sees(one, viewpoint, nowMs))?.in ?? false;

function sees(one: Membership, viewpoint: Viewpoint, nowMs: number): boolean {
  return viewpoint === 'written' || (viewpoint === 'listed' ? one.listedAt : one.knownAt) <= nowMs;
}

/** Puts somebody into a group or takes them out, and draws when who will see it. */
export function writeMembership(
  ports: Ports,
  list: Membership[],
  group: string,
  member: string,
  inside: boolean,
): Membership {
  const { groupChangeMs, graphReadMs, seed } = ports.settings();
  const at = ports.now();
  const knownAt = at + ports.world.draw(groupChangeMs, seed);
  const written = { group, member, in: inside, knownAt, listedAt: at + ports.world.draw(graphReadMs, seed) };
  forgetBefore(list, group, member, at);
  list.push(written);
  ports.world.save();
  return written;
}

/** Nobody can see any more what was written before what everybody sees. */
function forgetBefore(list: Membership[], group: string, member: string, at: number): void {
  const isOwn = (one: Membership): boolean => one.group === group && one.member === member;
  const seen = list.findLastIndex((one) => isOwn(one) && one.knownAt <= at && one.listedAt <= at);
  const kept = list.filter((one, index) => index >= seen || !isOwn(one));
  list.splice(0, list.length, ...kept);
}

/** The ids that a principal's roles can be assigned to: their own, and every group that they are in, by whatever way. */
export function identitiesOf(tenant: Tenant, id: string, nowMs: number): ReadonlySet<string> {
  const reached = new Set([id]);
  const groups = new Set(tenant.memberships.map((one) => one.group));
  // A set that grows while it is walked: each group is visited once, so a circle of groups ends.
  for (const member of reached)
    for (const group of groups)
      if (isMember(tenant.memberships, group, member, 'known', nowMs) && principal(tenant, group) !== null)
        reached.add(group);
  return reached;
}

/** Roles of Entra that somebody holds, through role-assignable groups too; a token says them. */
export function entraRolesOf(tenant: Tenant, id: string, nowMs: number): readonly string[] {
  const identities = identitiesOf(tenant, id, nowMs);
  const roles = new Set(tenant.roleHolders.map((one) => one.group));
  return [...roles].filter((role) =>
    [...identities].some((one) => isMember(tenant.roleHolders, role, one, 'known', nowMs)),
  );
}
