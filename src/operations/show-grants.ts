import { parseId, type GrantId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { fromIso, toIso } from '../core/time.ts';
import { findGrant, listGrants as readGrants, type GrantRecord } from '../store/grants.ts';
import { NOT_FOUND } from './decide-request.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Page } from './show-requests.ts';
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
  const page = await readPage(world, query, {
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
  const page = await readPage(world, query, { liveOnly: true });
  if (!page.ok) return page;
  const views = await grantViews(world, page.value.items, null);
  const items = [...views].sort((a, b) => (a.endsAt ?? '9').localeCompare(b.endsAt ?? '9'));
  return ok({ ...page.value, items });
}

/** Reads one more than was asked for, to know whether there is another page. */
async function readPage(
  world: World,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
  filter: Omit<Parameters<typeof readGrants>[1], 'limit' | 'before'>,
): Promise<Result<Page<GrantRecord>, OperationRefusal>> {
  const [time, rest] = (cursor ?? '').split('/');
  const at = fromIso(time ?? '');
  const id = parseId('grt', rest ?? '');
  if (cursor !== null && (at === null || id === null)) {
    return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  }
  const before = at === null || id === null ? {} : { before: { at, id } };
  const found = await readGrants(world.db, { ...filter, ...before, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = last === undefined || found.length <= limit ? null : `${toIso(last.startsAt)}/${last.id}`;
  return ok({ items, nextCursor });
}
