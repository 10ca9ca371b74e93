import { parseId, type GrantId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { fromIso, toIso } from '../core/time.ts';
import { findGrant, listGrants as readGrants } from '../store/grants.ts';
import { NOT_FOUND } from './decide-request.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Page } from './show-requests.ts';
import { grantViews, type GrantView } from './views.ts';
import type { Actor, World } from './world.ts';

/** Who holds what now is no secret among colleagues: every signed-in person may see every grant. */
export async function showGrant(
  world: World,
  actor: Actor,
  id: GrantId,
): Promise<Result<GrantView, OperationRefusal>> {
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
  const [time, rest] = (query.cursor ?? '').split('/');
  const at = fromIso(time ?? '');
  const id = parseId('grt', rest ?? '');
  if (query.cursor !== null && (at === null || id === null)) {
    return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  }
  const grants = await readGrants(world.db, {
    person: actor.person,
    liveOnly: query.scope === 'live',
    limit: query.limit,
    ...(query.role === undefined ? {} : { role: query.role }),
    ...(query.target === undefined ? {} : { target: query.target }),
    ...(at === null || id === null ? {} : { before: { at, id } }),
  });
  const last = grants.at(-1);
  const nextCursor = last === undefined || grants.length < query.limit ? null : `${toIso(last.startsAt)}/${last.id}`;
  return ok({ items: await grantViews(world, grants, actor), nextCursor });
}

/** Who has power now: every grant that is not over, soonest end first. */
export async function listLive(world: World, limit = 200): Promise<readonly GrantView[]> {
  const views = await grantViews(world, await readGrants(world.db, { liveOnly: true, limit }), null);
  return [...views].sort((a, b) => (a.endsAt ?? '9').localeCompare(b.endsAt ?? '9'));
}
