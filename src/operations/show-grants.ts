import { isOver } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { findGrant, findGrants, listGrants as readGrants, type GrantRecord } from '../store/grants.ts';
import { findRequests } from '../store/requests.ts';
import { judge, mayAlways, type Operation } from './authorisation.ts';
import { readPage, type Page } from './pages.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToAccess, standingToGrant } from './standing.ts';
import { grantViews, type GrantView } from './views.ts';
import type { Actor, World } from './world.ts';

export async function showGrant(world: World, actor: Actor, id: GrantId): Promise<Result<GrantView, OperationRefusal>> {
  const grant = await findGrant(world.db, id);
  const seen = grant === null ? [] : await seenBy(world, actor, 'showGrant', [grant]);
  const view = (await grantViews(world, seen, actor))[0];
  return view === undefined ? refused(NOT_FOUND) : ok(view);
}

/** A grant in the list of everybody's. */
export interface LiveGrantView extends GrantView {
  /** Whether whoever looks may end it. */
  readonly mayEnd: boolean;
}

/** `mine`: my grants, also those that are over. `live`: mine that are not over. `all`: every one that I may list, also those that are over. */
export async function listGrants(
  world: World,
  actor: Actor,
  query: { scope: 'mine' | 'live' | 'all'; role?: string; target?: string; cursor: string | null; limit: number },
): Promise<Result<Page<GrantView>, OperationRefusal>> {
  const { scope, role, target } = query;
  const everybody = scope === 'all' && mayAlways('listGrants', actor);
  const page = await pageOfGrants(world, query, (rows) => seenBy(world, actor, 'listGrants', rows), {
    ...(everybody ? {} : { person: actor.person }),
    liveOnly: scope === 'live',
    ...(role === undefined ? {} : { role }),
    ...(target === undefined ? {} : { target }),
  });
  return page.ok ? ok({ ...page.value, items: await grantViews(world, page.value.items, actor) }) : page;
}

/**
 * Who has power now: every grant that is not over, in pages; the latest start comes first, and within a page the soonest end. Without an
 * actor, as the demo shows it to whoever looks, it is what every person may see. Of `ids` also those that are over, for whom they concern.
 */
export async function listLive(
  world: World,
  actor: Actor | null,
  query: { cursor: string | null; limit: number; ids?: readonly GrantId[] },
): Promise<Result<Page<LiveGrantView>, OperationRefusal>> {
  const live = (rows: Rows) => rows.filter(({ state }) => !isOver(state));
  const seen = async (rows: Rows) => (actor === null ? live(rows) : seenBy(world, actor, 'listLive', rows));
  if (query.ids !== undefined) {
    const found = await seen(await findGrants(world.db, query.ids));
    return ok({ items: await liveViews(world, actor, found), nextCursor: null });
  }
  const page = await pageOfGrants(world, query, seen, { liveOnly: true });
  if (!page.ok) return page;
  const views = await liveViews(world, actor, page.value.items);
  const items = [...views].sort((a, b) => (a.endsAt ?? '9').localeCompare(b.endsAt ?? '9'));
  return ok({ ...page.value, items });
}

type Rows = readonly GrantRecord[];

/** The views of live access, with one query for all that says who may end what. */
async function liveViews(world: World, actor: Actor | null, grants: Rows): Promise<readonly LiveGrantView[]> {
  const views = await grantViews(world, grants, null);
  const requests = await findRequests(world.db, actor === null ? [] : grants.map(({ request }) => request));
  return views.map((view, index) => {
    const grant = grants[index];
    const request = requests.get(view.request);
    if (actor === null || grant === undefined || request === undefined) return { ...view, mayEnd: false };
    const { role, target } = grant.definition;
    // Who had a say without being named may end nothing by that: what else `standingToGrant` finds out makes no difference.
    const standing = standingToAccess(world, actor, request, [role.owner, ...target.owners]);
    return { ...view, mayEnd: judge('revokeGrant', actor, standing) === null };
  });
}

/** Those of some grants to which the actor may do something. */
async function seenBy(world: World, actor: Actor, operation: Operation, grants: Rows): Promise<Rows> {
  const always = mayAlways(operation, actor);
  const alsoPast = mayAlways('showPastGrant', actor);
  const seen: GrantRecord[] = [];
  for (const grant of grants) {
    if (always && (alsoPast || !isOver(grant.state))) {
      seen.push(grant);
      continue;
    }
    const standing = await standingToGrant(world, world.db, actor, grant);
    if (judge(operation, actor, standing) === null) seen.push(grant);
  }
  return seen;
}

function pageOfGrants(
  world: World,
  query: { readonly cursor: string | null; readonly limit: number },
  seen: (rows: Rows) => Promise<Rows>,
  filter: Omit<Parameters<typeof readGrants>[1], 'limit' | 'before'>,
): Promise<Result<Page<GrantRecord>, OperationRefusal>> {
  return readPage(query, {
    prefix: 'grt',
    placeOf: ({ startsAt, id }) => ({ at: startsAt, id }),
    read: (slice) => readGrants(world.db, { ...filter, ...slice }),
    seen,
    mostReads: 10,
  });
}
