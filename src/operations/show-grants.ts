import type { GrantId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { findGrant, listGrants as readGrants, type GrantRecord } from '../store/grants.ts';
import { NOT_FOUND } from './decide-request.ts';
import { readPage, type Page } from './pages.ts';
import type { OperationRefusal } from './refusal.ts';
import { grantViews, type GrantView } from './views.ts';
import type { Actor, World } from './world.ts';

/** Who holds what now is no secret among colleagues: every signed-in person may see every grant. */
export async function showGrant(world: World, actor: Actor, id: GrantId): Promise<Result<GrantView, OperationRefusal>> {
  const grant = await findGrant(world.db, id);
  const view = grant === null ? undefined : (await grantViews(world, [grant], actor))[0];
  return view === undefined ? refused(NOT_FOUND) : ok(view);
}

/** `mine`: my grants, also those that are over. `live`: mine that are not over. */
export async function listGrants(
  world: World,
  actor: Actor,
  query: { scope: 'mine' | 'live'; role?: string; target?: string; cursor: string | null; limit: number },
): Promise<Result<Page<GrantView>, OperationRefusal>> {
  const { scope, role, target } = query;
  const page = await pageOfGrants(world, query, {
    person: actor.person,
    liveOnly: scope === 'live',
    ...(role === undefined ? {} : { role }),
    ...(target === undefined ? {} : { target }),
  });
  return page.ok ? ok({ ...page.value, items: await grantViews(world, page.value.items, actor) }) : page;
}

/** Who has power now: every grant that is not over, in pages; the latest start comes first, and within a page the soonest end. */
export async function listLive(
  world: World,
  query: { cursor: string | null; limit: number },
): Promise<Result<Page<GrantView>, OperationRefusal>> {
  const page = await pageOfGrants(world, query, { liveOnly: true });
  if (!page.ok) return page;
  const views = await grantViews(world, page.value.items, null);
  const items = [...views].sort((a, b) => (a.endsAt ?? '9').localeCompare(b.endsAt ?? '9'));
  return ok({ ...page.value, items });
}

function pageOfGrants(
  world: World,
  query: { readonly cursor: string | null; readonly limit: number },
  filter: Omit<Parameters<typeof readGrants>[1], 'limit' | 'before'>,
): Promise<Result<Page<GrantRecord>, OperationRefusal>> {
  return readPage(query, {
    prefix: 'grt',
    placeOf: ({ startsAt, id }) => ({ at: startsAt, id }),
    read: (slice) => readGrants(world.db, { ...filter, ...slice }),
  });
}
