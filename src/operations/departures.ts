import type { DirectorySnapshot } from '../core/directory.ts';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import { transitionRequest } from '../core/request.ts';
import type { Instant } from '../core/time.ts';
import type { EntryActor } from '../ledger/entry.ts';
import { appNow } from '../store/database.ts';
import { everybodySeen, humansOf, leftAmong, leftWithAccess, personKeys, saveLeft } from '../store/people.ts';
import { endRole, lockAdmins, roleHolders, type RoleHolder } from '../store/role-assignments.ts';
import { lockExtended, lockRequest, saveRequestState } from '../store/requests.ts';
import { pendingWithin, toBeTriedAgain, toldNothing } from '../store/revocation-sweeps.ts';
import type { Trx } from '../store/schema.ts';
import { endTogether, publishEnded } from './end-together.ts';
import type { World } from './world.ts';

/* Who left, in two steps: it is written down with the directory that says so, and then, from what is written, all that they wait for and
   hold is taken away, by whichever node comes to it and after any restart. */

const BATCH = 100;

/**
 * Writes down who left between two directories, and who is back, and ends the roles of Curfew itself of those who left. Without `before`, as at a start, whoever has an id and is not in the
 * directory has left. In the transaction that puts the directory in force. An empty directory says nothing about anybody.
 */
export async function noteDepartures(
  world: Pick<World, 'append' | 'countFinding'>,
  trx: Trx,
  before: DirectorySnapshot | null,
  next: DirectorySnapshot,
  now: Instant,
): Promise<void> {
  if (next.people.size === 0) return;
  const isHere = (directory: DirectorySnapshot, key: string) => directory.people.get(key)?.active === true;
  const everybody = await everybodySeen(trx);
  const back = everybody.filter(({ key, left }) => left && isHere(next, key));
  // Another node may have read of a newcomer what this one has not: only who was here can leave.
  const gone = everybody.filter(
    ({ key, left }) => !left && !isHere(next, key) && (before === null || isHere(before, key)),
  );
  await saveLeft(
    trx,
    back.map(({ id }) => id),
    null,
  );
  await saveLeft(
    trx,
    gone.map(({ id }) => id),
    now,
  );
  const actor = { kind: 'system', id: 'directory' } as const;
  for (const { id } of back) {
    const facts = { directoryVersion: next.version };
    await world.append(trx, { kind: 'person.returned', at: now, actor, subjects: { person: id }, facts });
  }
  for (const { id, key } of gone) {
    const facts = { cause: next.people.has(key) ? 'inactive' : 'gone', directoryVersion: next.version };
    await world.append(trx, { kind: 'person.left', at: now, actor, subjects: { person: id }, facts });
  }
  // Whoever carries out a merge holds this, so that one of the two sees what the other wrote.
  await lockAdmins(trx);
  const here = everybody.filter(({ key }) => isHere(next, key)).map(({ id }) => id);
  const left = gone.map(({ id }) => id);
  await findStillHere(world, trx, { gone: left, here, actor, now });
  await endRolesOfDeparted(world, trx, next, now);
}

/**
 * Raises a finding for each of those who left and are still here under another entry, which is known to be the same human's: what that one
 * holds goes on, roles of Curfew too, and whoever took the one away may have meant the human.
 */
async function findStillHere(
  world: Pick<World, 'append' | 'countFinding'>,
  trx: Trx,
  {
    gone,
    here,
    actor,
    now,
  }: {
    readonly gone: readonly PersonId[];
    readonly here: readonly PersonId[];
    readonly actor: EntryActor;
    readonly now: Instant;
  },
): Promise<void> {
  if (gone.length === 0) return;
  const humans = await humansOf(trx, [...gone, ...here]);
  const entryOf = new Map(here.map((id) => [humans.get(id), id]));
  for (const person of gone) {
    const other = entryOf.get(humans.get(person));
    if (other === undefined) continue;
    const facts = { finding: STILL_HERE, with: other };
    await world.append(trx, { kind: 'finding.raised', at: now, actor, subjects: { person }, facts });
    world.countFinding?.(STILL_HERE);
  }
}

export const STILL_HERE = 'left-under-one-entry';

/**
 * The same where two humans turn out to be one, of whom one has left and the other is here: nobody could know it when the one left. `sides`: the
 * entries of each, of before they were merged; behind the lock of the admins, and called once they are merged.
 */
export async function findStillHereMerged(
  world: Pick<World, 'append' | 'countFinding' | 'rules'>,
  trx: Trx,
  sides: readonly [readonly PersonId[], readonly PersonId[]],
  by: { readonly actor: EntryActor; readonly now: Instant },
): Promise<void> {
  const keys = await personKeys(trx, sides.flat());
  const left = await leftAmong(trx, sides.flat());
  const { people } = world.rules.current().directory;
  const isHere = (id: PersonId) => !left.has(id) && people.get(keys.get(id) ?? '')?.active === true;
  for (const [side, other] of [sides, sides.toReversed()] as const) {
    // Whoever was here under another entry all the time was found when they left.
    if (side === undefined || other === undefined || side.some(isHere)) continue;
    const gone = side.filter((id) => left.has(id));
    await findStillHere(world, trx, { gone, here: other.filter(isHere), ...by });
  }
}

/**
 * Ends the roles of Curfew itself that people who left hold: whoever writes a key into the directory again must not make an admin by that,
 * alone and without a word. As long as an admin is there who can appoint others; where none is, the roles of those who left stay as the only
 * way back (ADR 21), and end once one of them is back. Behind the lock of the admins.
 */
async function endRolesOfDeparted(
  world: Pick<World, 'append'>,
  trx: Trx,
  { people, version }: DirectorySnapshot,
  now: Instant,
): Promise<void> {
  const holders = await roleHolders(trx);
  const left = new Set((await everybodySeen(trx)).filter((one) => one.left).map(({ id }) => id));
  const isHere = ({ person, key }: RoleHolder) => !left.has(person) && people.get(key)?.active === true;
  if (!holders.some((one) => one.role === 'admin' && isHere(one))) return;
  for (const { person, key, role } of holders) {
    if (!left.has(person) || people.get(key)?.active === true) continue;
    await endRole(trx, person, role, now);
    await world.append(trx, {
      kind: 'administration.ended',
      at: now,
      actor: { kind: 'system', id: 'directory' },
      subjects: { person },
      facts: { role, because: 'holder-left', directoryVersion: version },
    });
  }
}

/**
 * Withdraws what people who left wait for, and ends what they hold, unless the directory lets it run out. Called again and again; several
 * nodes may do it at once.
 */
export async function endDeparted(world: World): Promise<void> {
  const ends = world.rules.current().directory.departures !== 'run-out';
  for (const person of await leftWithAccess(world.db, ends)) {
    await endOne(world, person, ends).catch((error: unknown) =>
      world.log.error({ person, error: String(error) }, 'the access of somebody who left could not be ended'),
    );
  }
}

async function endOne(world: World, person: PersonId, ends: boolean): Promise<void> {
  // Whoever left is one identity: the same human may still be here under another.
  const scope = { kind: 'identity', person } as const;
  for (const id of await pendingWithin(world.db, scope, null, BATCH)) await withdraw(world, id);
  if (!ends) return;
  const live = await toldNothing(world.db, scope, null, BATCH);
  const retries = await toBeTriedAgain(world.db, scope, null, BATCH);
  await endAll(
    world,
    [...live, ...retries].map(({ id }) => id),
  );
}

async function endAll(world: World, ids: readonly GrantId[]): Promise<void> {
  if (ids.length === 0) return;
  const actor = { kind: 'system', id: 'directory' } as const;
  const { ended, now } = await world.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    return { ended: await endTogether(world, trx, ids, { actor, because: 'holder-left', now }), now };
  });
  publishEnded(world, ended, now);
}

async function withdraw(world: World, id: RequestId): Promise<void> {
  const at = await world.db.transaction().execute(async (trx): Promise<Instant | null> => {
    // The grant that it may extend first, as whoever ends it does.
    await lockExtended(trx, id);
    const locked = await lockRequest(trx, id);
    if (locked === null) return null;
    const { request, now } = locked;
    const next = transitionRequest(request.state, { kind: 'withdraw' }, now);
    if (!next.ok) return null;
    await saveRequestState(trx, id, next.value);
    await world.append(trx, {
      kind: 'request.withdrawn',
      at: now,
      actor: { kind: 'system', id: 'directory' },
      subjects: { request: id, person: request.person },
      facts: { because: 'requester-left' },
    });
    return now;
  });
  if (at !== null) world.changes.publish({ kind: 'request', id, at });
}
