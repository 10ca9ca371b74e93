import { transitionGrant } from '../core/grant.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import { findGrant, lockGrant, saveGrantState, saveTriesAgain, type GrantRecord } from '../store/grants.ts';
import type { Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { judge } from './authorisation.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToGrant } from './standing.ts';
import { grantViews, type GrantView } from './views.ts';
import type { Actor, World } from './world.ts';

type Outcome = Result<GrantView, OperationRefusal>;

/** Gives one's own access back before its end. The answer is a grant that is `ending`; `ended` comes with the proof. */
export function returnGrant(world: World, actor: Actor, id: GrantId): Promise<Outcome> {
  return endGrant(world, actor, id, 'returned', null);
}

/** Takes somebody's access away: for those who could decide the request, and who answer for the role or the target. */
export function revokeGrant(world: World, actor: Actor, id: GrantId, input: { reason: string }): Promise<Outcome> {
  if (input.reason.trim() === '' || input.reason.length > 2_000) {
    return Promise.resolve(
      refused({ code: 'invalid-input', detail: 'Say why, in at most 2000 characters.', hint: '--reason "…"' }),
    );
  }
  return endGrant(world, actor, id, 'revoked', input.reason);
}

async function endGrant(
  world: World,
  actor: Actor,
  id: GrantId,
  cause: 'returned' | 'revoked',
  reason: string | null,
): Promise<Outcome> {
  const grant = await findGrant(world.db, id);
  if (grant === null) return refused(NOT_FOUND);
  const operation = cause === 'returned' ? 'returnGrant' : 'revokeGrant';
  const no = judge(operation, actor, await standingToGrant(world, world.db, actor, grant));
  if (no !== null) return refused(no);
  let outcome: Result<Written, OperationRefusal>;
  try {
    outcome = await world.db.transaction().execute((trx) => write(world, trx, actor, id, cause, reason));
  } catch (error) {
    // Ending never waits for the ledger: take the access away now, and say truthfully that the record follows.
    world.log.error({ grant: id, error: String(error) }, 'an ending could not be recorded');
    await world.endUnrecorded(grant, cause, { person: actor.person, reason });
    return refused({
      code: 'recorded-late',
      detail:
        'The database takes no writes. The access is being taken away in the cloud, until that is confirmed; the record follows.',
      hint: 'Check later with "curfew ls". If the server is restarted meanwhile, end it again.',
    });
  }
  if (!outcome.ok) return outcome;
  const { at, lapsed } = outcome.value;
  world.changes.publish({ kind: 'grant', id, at });
  for (const request of lapsed) world.changes.publish({ kind: 'request', id: request, at });
  world.wake('ends');
  const view = (await grantViews(world, [outcome.value.grant], actor))[0];
  invariant(view !== undefined, `grant ${id} has no view`);
  return ok(view);
}

/** When it was written down, the grant as it then stands, and the requests that it left without anything to decide. */
interface Written {
  readonly at: Instant;
  readonly grant: GrantRecord;
  readonly lapsed: readonly RequestId[];
}

async function write(
  world: World,
  trx: Trx,
  actor: Actor,
  id: GrantId,
  cause: 'returned' | 'revoked',
  reason: string | null,
): Promise<Result<Written, OperationRefusal>> {
  // The time is asked for behind the lock, whatever it had to wait for.
  const locked = await lockGrant(trx, id);
  if (locked === null) return refused(NOT_FOUND);
  const { grant, now } = locked;
  const next = transitionGrant(grant.state, { kind: cause === 'returned' ? 'return' : 'revoke' }, now);
  if (!next.ok && grant.triesAgain && grant.state.kind === 'ending') {
    await together([saveTriesAgain(trx, id, false), world.append(trx, notRetried(grant, actor, cause, reason, now))]);
    return ok({ at: now, grant: { ...grant, triesAgain: false }, lapsed: [] });
  }
  if (!next.ok) return refused({ code: 'grant-ended', detail: `This grant is already ${grant.state.kind}.` });
  const [saved] = await together([
    saveGrantState(trx, id, next.value, now),
    world.append(trx, {
      kind: next.value.kind === 'ending' ? 'grant.ending' : 'grant.ended',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { grant: id, request: grant.request, person: grant.person },
      facts: {
        cause,
        ...(grant.endsAt === null ? {} : { endsAt: toIso(grant.endsAt) }),
        ...('proof' in next.value ? { proof: next.value.proof.kind } : {}),
      },
      ...(reason === null ? {} : { personal: { reason: { subject: actor.person, value: reason } } }),
    }),
  ]);
  return ok({ at: now, grant: saved, lapsed: await lapseWithGrants(trx, world.append, [id], now) });
}

/** It is being ended already, for want of time; from now on also because somebody wants it gone. */
function notRetried(
  grant: GrantRecord,
  actor: Actor,
  cause: 'returned' | 'revoked',
  reason: string | null,
  at: Instant,
): NewEntry {
  return {
    kind: 'grant.not-retried',
    at,
    actor: { kind: 'person', id: actor.person },
    subjects: { grant: grant.id, request: grant.request, person: grant.person },
    facts: { cause },
    ...(reason === null ? {} : { personal: { reason: { subject: actor.person, value: reason } } }),
  };
}
