import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { openSteps } from '../policy/approvals.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { settleConflicts } from '../store/linked-accounts.ts';
import { allOfHuman, areOneHuman, findPersonId, mergeHumans, personIdFor } from '../store/people.ts';
import { approvalsOf, approvedBy, findRequests } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { endTogether, publishEnded, type EndedTogether } from './end-together.ts';
import { isSentence, NOT_ONE_OF_THEM, SAY_WHY } from './linked-accounts.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { storedDecision } from './stored-decision.ts';
import { votesIn } from './votes.ts';
import type { Actor, World } from './world.ts';

/** Two entries of the directory that are one human, by their keys. */
export interface MergeInput {
  readonly keep: string;
  readonly other: string;
  /** What becomes of live access that one approved for the other. */
  readonly grants: 'end' | 'keep';
  readonly reason: string;
}

/** What a merge found. */
export interface MergeView {
  /** Pending requests on which an approval no longer counts. */
  readonly requests: readonly RequestId[];
  /** Live access that lacks an approval now; told to end if that was chosen. */
  readonly grants: readonly GrantId[];
}

/**
 * Writes that two persons are one human, as an administrator who is neither. Ids stay, so that the log stays true; from now on what one
 * approved for the other counts for nothing, two approvals of both count once, and neither decides for the other. It only ever takes
 * away, so one administrator is enough. Live access that lacks an approval now gets a finding, and ends if that is chosen.
 */
export async function mergePersons(
  world: World,
  actor: Actor,
  input: MergeInput,
): Promise<Result<MergeView, OperationRefusal>> {
  const no = judge('mergePersons', actor);
  if (no !== null) return refused(no);
  if (!isSentence(input.reason)) return refused(SAY_WHY);
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Merged, OperationRefusal>> => {
    const now = await appNow(trx);
    const [keep, other] = [await idOf(world, trx, input.keep), await idOf(world, trx, input.other)];
    if (keep === null || other === null) return refused(NOT_FOUND);
    for (const one of [keep, other]) if (await areOneHuman(trx, one, actor.person)) return refused(NOT_ONE_OF_THEM);
    if (!(await mergeHumans(trx, { keep, merge: other, by: actor.person, now }))) return refused(ONE_ALREADY);
    const humans = await allOfHuman(trx, keep);
    await settleConflicts(trx, humans);
    const { requests, grants } = await affectedBy(trx, humans);
    const by = { kind: 'person', id: actor.person } as const;
    await world.append(trx, {
      kind: 'person.merged',
      at: now,
      actor: by,
      subjects: { person: keep },
      facts: { with: other, grants: input.grants, approvals: requests.length, affected: grants.map((one) => one.id) },
      personal: { reason: { subject: actor.person, value: input.reason } },
    });
    for (const { id, request, person } of grants) {
      await world.append(trx, {
        kind: 'finding.raised',
        at: now,
        actor: by,
        subjects: { grant: id, request, person },
        facts: { finding: 'approved-by-requester' },
      });
    }
    const ids = grants.map((one) => one.id);
    const because = 'approved-by-requester' as const;
    const ended =
      input.grants === 'end'
        ? await endTogether(world, trx, ids, { actor: by, because, now })
        : { grants: [], lapsed: [] };
    return ok({ view: { requests, grants: ids }, ended, now });
  });
  if (!outcome.ok) return outcome;
  const { view, ended, now } = outcome.value;
  publishEnded(world, ended, now);
  for (const id of view.requests) world.changes.publish({ kind: 'request', id, at: now });
  for (const _ of view.grants) world.countFinding?.('approved-by-requester');
  return ok(view);
}

interface Merged {
  readonly view: MergeView;
  readonly ended: EndedTogether;
  readonly now: Parameters<typeof publishEnded>[2];
}

/** What lost an approval, because it came from who asks, or a second time from the same human. */
async function affectedBy(trx: Trx, humans: readonly PersonId[]) {
  const found = await approvedBy(trx, humans);
  const ids = [...new Set(found.map((one) => one.request))];
  const [requests, approvals] = [await findRequests(trx, ids), await approvalsOf(trx, ids)];
  const lacking = new Set<RequestId>();
  for (const request of requests.values()) {
    const said = (approvals.get(request.id) ?? []).filter((one) => one.verdict === 'approve');
    const counted = new Set(votesIn(said).map((one) => one.human));
    if (counted.size === said.length) continue;
    const open = openSteps(storedDecision(request), votesIn(said)).some((step) => step.missing > 0);
    if (open) lacking.add(request.id);
  }
  const pending = [...lacking].filter((id) => requests.get(id)?.state.kind === 'pending');
  const grants = found.flatMap(({ request, grant }) => (grant !== null && lacking.has(request) ? [grant] : []));
  return { requests: pending, grants: [...new Map(grants.map((one) => [one.id, one])).values()] };
}

/** The id of somebody whom the directory knows, or has known. */
async function idOf(world: World, trx: Trx, key: string): Promise<PersonId | null> {
  const known = await findPersonId(trx, key);
  if (known !== null || !world.rules.current().directory.people.has(key)) return known;
  return personIdFor(trx, key, newId(world.random, 'per'), await appNow(trx));
}

const ONE_ALREADY: OperationRefusal = {
  code: 'same-person',
  detail: 'They are one person already; nothing was changed.',
};
