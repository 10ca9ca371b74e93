import type { RequestId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { fromIso, toIso } from '../core/time.ts';
import { parseId } from '../core/ids.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import { findRequest, listRequests as readRequests, type RequestRecord } from '../store/requests.ts';
import { NOT_FOUND } from './decide-request.ts';
import { mayViewRequest } from './may-view.ts';
import type { OperationRefusal } from './refusal.ts';
import { storedDecision, storedQuestion } from './stored-decision.ts';
import { timelineOf, type TimelineItem } from './timeline.ts';
import { requestViews, type RequestView } from './views.ts';
import type { Actor, World } from './world.ts';

/** A page of things, newest first; `nextCursor` is `null` at the end. */
export interface Page<View> {
  readonly items: readonly View[];
  readonly nextCursor: string | null;
}

export async function showRequest(
  world: World,
  actor: Actor,
  id: RequestId,
): Promise<Result<RequestView, OperationRefusal>> {
  const request = await findRequest(world.db, id);
  if (request === null || !(await mayViewRequest(world, world.db, actor, request))) return refused(NOT_FOUND);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  return ok(view);
}

/** `mine`: what I asked for. `waiting`: what waits for my decision. `all`: everything that I may see. */
export async function listRequests(
  world: World,
  actor: Actor,
  query: { scope: 'mine' | 'waiting' | 'all'; cursor: string | null; limit: number },
): Promise<Result<Page<RequestView>, OperationRefusal>> {
  const before = query.cursor === null ? undefined : parseCursor(query.cursor);
  if (before === null) return refused({ code: 'invalid-input', detail: 'This cursor was not made by us.' });
  const found: RequestRecord[] = [];
  let cursor = before;
  // What one may not see is skipped, so pages are filled by reading on; bounded, because most of it may be invisible.
  for (let reads = 0; reads < 10 && found.length < query.limit; reads += 1) {
    const rows = await readRequests(world.db, {
      limit: query.limit,
      pendingOnly: query.scope === 'waiting',
      ...(query.scope === 'mine' ? { person: actor.person } : {}),
      ...(cursor === undefined ? {} : { before: cursor }),
    });
    for (const row of rows) {
      if (found.length === query.limit) break;
      cursor = { at: row.createdAt, id: row.id };
      if (query.scope === 'waiting' && row.person === actor.person) continue;
      if (await mayViewRequest(world, world.db, actor, row)) found.push(row);
    }
    if (rows.length < query.limit) {
      cursor = undefined;
      break;
    }
  }
  const items = await requestViews(world, found, actor);
  return ok({ items, nextCursor: cursor === undefined ? null : `${toIso(cursor.at)}/${cursor.id}` });
}

function parseCursor(text: string): { at: ReturnType<typeof fromIso> & number; id: RequestId } | null {
  const [time, rest] = text.split('/');
  const at = fromIso(time ?? '');
  const id = parseId('req', rest ?? '');
  return at === null || id === null ? null : { at, id };
}

/** Why a request is as it is: what the rules said then, what they say now, and what has happened, from the ledger. */
export interface Explanation {
  readonly request: RequestView;
  readonly decision: Decision;
  readonly now: Decision;
  readonly timeline: readonly TimelineItem[];
}

export async function explainRequest(
  world: World,
  actor: Actor,
  id: RequestId,
): Promise<Result<Explanation, OperationRefusal>> {
  const request = await findRequest(world.db, id);
  if (request === null || !(await mayViewRequest(world, world.db, actor, request))) return refused(NOT_FOUND);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  const rules = world.rules.current();
  const now = decide(rules.policy, rules.directory, { ...storedQuestion(request), now: world.clock.now() });
  const timeline = await timelineOf(
    world,
    id,
    view.grants.map((grant) => grant.id),
    view.decisions,
  );
  return ok({ request: view, decision: storedDecision(request), now, timeline });
}
