import type { RequestId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import { approvalsOf } from '../store/approvals.ts';
import { findGrants } from '../store/grants.ts';
import { bodiesAbout } from '../store/ledger-entries.ts';
import { findRequest, listRequests as readRequests, type RequestRecord } from '../store/requests.ts';
import { judge, mayAlways } from './authorisation.ts';
import { cloudCalls, type CloudCalls } from './cloud-calls.ts';
import type { EntryBody } from './entry-words.ts';
import { readPage, type Page } from './pages.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import { waitingFor } from './still-needed.ts';
import { staleWords } from './show-policy.ts';
import { storedDecision, storedQuestion } from './stored-decision.ts';
import { timelineOf, type TimelineItem } from './timeline.ts';
import { requestViews, type RequestView } from './views.ts';
import type { Actor, World } from './world.ts';

export async function showRequest(
  world: World,
  actor: Actor,
  id: RequestId,
): Promise<Result<RequestView, OperationRefusal>> {
  const request = await findRequest(world.db, id);
  if (request === null) return refused(NOT_FOUND);
  const no = judge('showRequest', actor, await standingToRequest(world, world.db, actor, request));
  if (no !== null) return refused(no);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  return ok(view);
}

/** Which requests are listed, newest first. */
export interface RequestQuery {
  /** `mine`: what I asked for. `waiting`: what waits for my decision. `all`: everything that I may see. */
  readonly scope: 'mine' | 'waiting' | 'all';
  readonly cursor: string | null;
  readonly limit: number;
  /** Only those that its requester made before it, for one of the same roles on the same target. */
  readonly like?: RequestId;
}

/** Lists requests that somebody may see; one to compare with that they may not see does not exist for them. */
export async function listRequests(
  world: World,
  actor: Actor,
  query: RequestQuery,
): Promise<Result<Page<RequestView>, OperationRefusal>> {
  const like = query.like === undefined ? null : await findRequest(world.db, query.like);
  if (query.like !== undefined) {
    if (like === null) return refused(NOT_FOUND);
    const no = judge('showRequest', actor, await standingToRequest(world, world.db, actor, like));
    if (no !== null) return refused(no);
  }
  const page = await readPage<RequestRecord, 'req'>(query, {
    prefix: 'req',
    placeOf: ({ createdAt, id }) => ({ at: createdAt, id }),
    read: (slice) =>
      readRequests(world.db, {
        ...slice,
        pendingOnly: query.scope === 'waiting',
        ...(query.scope === 'mine' ? { person: actor.person } : {}),
        ...(like === null ? {} : { alike: like }),
      }),
    async seen(rows) {
      if (query.scope !== 'waiting' && mayAlways('listRequests', actor)) return rows;
      const said = await approvalsOf(
        world.db,
        rows.map(({ id }) => id),
      );
      // What waits for somebody is what still needs them, however much more they may see.
      if (query.scope === 'waiting') return waitingFor(world, world.db, actor, rows, said);
      const shown: RequestRecord[] = [];
      for (const row of rows) {
        const standing = await standingToRequest(world, world.db, actor, row, said.get(row.id) ?? []);
        if (judge('listRequests', actor, standing) === null) shown.push(row);
      }
      return shown;
    },
    // One person's requests of one kind are few, and a page that ended early would say that there are some that may not be seen.
    ...(like === null ? { mostReads: 10 } : {}),
  });
  return page.ok ? ok({ ...page.value, items: await requestViews(world, page.value.items, actor) }) : page;
}

/** Why a request is as it is: what the rules said then, what they say now, and what has happened, from the ledger. */
export interface Explanation {
  readonly request: RequestView;
  readonly decision: Decision;
  readonly now: Decision;
  readonly timeline: readonly TimelineItem[];
  readonly calls: readonly CloudCalls[];
  /** Sources of people that are older now than they should be, in words. */
  readonly stale: readonly string[];
}

export async function explainRequest(
  world: World,
  actor: Actor,
  id: RequestId,
): Promise<Result<Explanation, OperationRefusal>> {
  const request = await findRequest(world.db, id);
  if (request === null) return refused(NOT_FOUND);
  const no = judge('explainRequest', actor, await standingToRequest(world, world.db, actor, request));
  if (no !== null) return refused(no);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  const rules = world.rules.current();
  const now = decide(rules.policy, rules.directory, { ...storedQuestion(request), now: world.clock.now() });
  const ids = view.grants.map((grant) => grant.id);
  const bodies = (await bodiesAbout(world.db, id, ids)).map(({ body }) => JSON.parse(body) as EntryBody);
  const found = await findGrants(world.db, ids);
  const grants = ids.flatMap((one) => found.find((grant) => grant.id === one) ?? []);
  return ok({
    request: view,
    decision: storedDecision(request),
    now,
    timeline: await timelineOf(world, bodies, view.decisions),
    calls: cloudCalls(world, view, grants, bodies),
    stale: staleWords(rules),
  });
}
