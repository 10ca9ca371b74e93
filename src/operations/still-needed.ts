import type { PersonId, RequestId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { mayDecide, openSteps } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import { humanOf, humansOf } from '../store/people.ts';
import type { RequestRecord } from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { standingToRequest } from './standing.ts';
import { storedQuestion } from './stored-decision.ts';
import { takenNow, votesIn } from './votes.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/* Whom a pending request waits for, and who may decide it though it waits for others. Mail, lists and pages ask here. */

/** What people have said to some requests, by request; who said nothing to one is not in it. */
export type Said = ReadonlyMap<RequestId, readonly ApprovalRecord[]>;

/**
 * Whether a request waits for a decision that somebody can give, by the rules in force: a step that others have satisfied needs nobody, and
 * whom the rules do not name any more is not asked. `escalated`: whom a step escalates to counts, whether or not its time has come.
 */
export function isStillNeeded(
  rules: RulesInForce,
  request: RequestRecord,
  said: readonly ApprovalRecord[],
  key: string,
  now: Instant,
  { escalated = false }: { readonly escalated?: boolean } = {},
): boolean {
  if (!isOpen(request, now)) return false;
  const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
  if (decision.effect === 'deny') return false;
  const steps = openSteps(decision, votesIn(takenNow(rules, request, said))).filter(({ missing }) => missing > 0);
  const escalates = escalated && steps.some(({ escalatesTo }) => escalatesTo.includes(key));
  return escalates || mayDecide({ ...decision, steps }, key, now);
}

/** Whether a human asked for a request, or has said something to it that counts, under whichever id: they decide nothing more about it. */
export function hasHadTheirSay(
  human: PersonId,
  requester: PersonId,
  rules: RulesInForce,
  request: RequestRecord,
  said: readonly ApprovalRecord[],
): boolean {
  return human === requester || takenNow(rules, request, said).some((one) => one.human === human && !one.setAside);
}

/** Of some requests those that the actor can say yes or no to now. */
export async function decidableBy(
  world: World,
  db: Db | Trx,
  actor: Actor,
  requests: readonly RequestRecord[],
  said: Said,
): Promise<ReadonlySet<RequestId>> {
  const [now, rules] = [world.clock.now(), world.rules.current()];
  const open = requests.filter((request) => request.person !== actor.person && isOpen(request, now));
  if (open.length === 0) return new Set();
  const human = await humanOf(db, actor.person);
  const requesters = await humansOf(
    db,
    open.map(({ person }) => person),
  );
  const decidable = new Set<RequestId>();
  for (const request of open) {
    const votes = said.get(request.id) ?? [];
    const requester = requesters.get(request.person) ?? request.person;
    if (hasHadTheirSay(human, requester, rules, request, votes)) continue;
    const standing = await standingToRequest(world, db, actor, request, votes);
    if (judge('approveRequest', actor, standing) === null) decidable.add(request.id);
  }
  return decidable;
}

/** Of some requests those that wait for the actor: that still need them, by the rules in force, and that they can say yes or no to now. */
export async function waitingFor(
  world: World,
  db: Db | Trx,
  actor: Actor,
  requests: readonly RequestRecord[],
  said: Said,
): Promise<readonly RequestRecord[]> {
  const [now, rules] = [world.clock.now(), world.rules.current()];
  const needed = requests.filter((request) =>
    isStillNeeded(rules, request, said.get(request.id) ?? [], actor.key, now),
  );
  const decidable = await decidableBy(world, db, actor, needed, said);
  return needed.filter(({ id }) => decidable.has(id));
}

function isOpen({ state, lapsesAt }: RequestRecord, now: Instant): boolean {
  return state.kind === 'pending' && now < lapsesAt;
}
