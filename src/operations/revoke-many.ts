import type { RevocationId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { asksUntil, type RevocationScope } from '../core/revocation.ts';
import { toIso } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import { allOfHuman, areOneHuman, findPersonId, humanOf, lockPerson, personIdFor } from '../store/people.ts';
import { hasLiveGrantOn, holdsOrWantsWithin } from '../store/revocation-sweeps.ts';
import {
  confirmRevocation,
  findRevocation,
  insertRevocation,
  liftRevocation,
  waitingOverAll,
  type RevocationRecord,
} from '../store/revocations.ts';
import type { Db, Trx } from '../store/schema.ts';
import { isUnknownActor } from '../store/unknown-actor.ts';
import { carryOut } from './carry-out-revocation.ts';
import { judge, type Operation } from './authorisation.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { reachesAnything, withinReach } from './revocation-reach.ts';
import { isAsking, revocationView, type RevocationView } from './revocation-view.ts';
import { answersForAnything, isAbout, standingToOrder, standingToScope } from './standing.ts';
import { unknownPerson, unknownTarget } from './unknown-name.ts';
import type { Actor, World } from './world.ts';

type Outcome = Result<RevocationView, OperationRefusal>;

/** Exactly one of `person` (a key of the directory), `target` and `all`, and why. */
export interface RevocationInput {
  readonly person?: string;
  readonly target?: string;
  readonly all?: boolean;
  readonly reason: string;
}

/** How long whoever gives an order waits for its beginning; the rest is done in the background. */
const FOREGROUND_MS = 2_000;

/**
 * The kill switch: ends every grant of a person, on a target, or of everybody, and withdraws what is pending there.
 *
 * What the actor may end alone ends at once. The rest, and `all` as a whole, waits for a second person (`confirmRevocation`). The
 * order is committed before the first grant is looked at, and stands in the way of everything that would start later.
 */
export async function orderRevocation(world: World, actor: Actor, input: RevocationInput): Promise<Outcome> {
  const wrong = checkRevocation(input);
  if (wrong !== null) return refused(wrong);
  const found = await scopeOf(world, input);
  if (found === null) return refused(notFound(world, actor, input));
  const human = await allOfHuman(world.db, actor.person);
  const own = found.kind === 'person' && found.scope !== null && human.includes(found.scope.person);
  const alone = { reach: 'own', orderedBy: actor.person, key: actor.key, human } as const;
  const about = { own, scope: found.scope };
  const standing = await standingToScope(world, actor, about, (scope) => reachesAnything(world, scope, alone));
  const no = judge('orderRevocation', actor, standing);
  if (no !== null) return refused(no);
  let order: Result<RevocationRecord, OperationRefusal>;
  try {
    order = await world.db.transaction().execute(async (trx): Promise<typeof order> => {
      // What takes effect at once is never refused for being ordered again.
      const first = found.scope?.kind === 'all' ? await waitingFor(trx, actor) : null;
      return first === null
        ? ok(await write(world, trx, actor, found, own, input.reason))
        : refused(alreadyOrdered(first));
    });
  } catch (error) {
    world.log.error({ error: String(error) }, 'an order to end access could not be recorded');
    if (found.scope === null || found.scope.kind === 'all') throw error;
    // Ending never waits for the ledger: what the actor may end alone is taken away now.
    let count = 0;
    for await (const batch of withinReach(world, { scope: found.scope }, alone)) {
      const by = { person: actor.person, reason: input.reason };
      await Promise.all(batch.map((grant) => world.endUnrecorded(grant, 'revoked', by)));
      count += batch.length;
    }
    const [why, hint] = isUnknownActor(error)
      ? [
          'The database was restored from a copy that is older than your sign-in, and does not know you.',
          'curfew login, then give the order again.',
        ]
      : [
          'The database takes no writes.',
          'Give the order again as soon as the database takes writes, and look with "curfew ls --all".',
        ];
    return refused({
      code: isUnknownActor(error) ? 'unauthenticated' : 'recorded-late',
      detail: `${why} ${count} grants that you may end are being taken away in the cloud; the record follows. No order stands, so nothing else is stopped.`,
      hint,
    });
  }
  return order.ok ? begun(world, actor, order.value) : order;
}

/** Widens an order to everything in its scope, as its second person. */
export async function confirmRevocationOrder(world: World, actor: Actor, id: RevocationId): Promise<Outcome> {
  const outcome = await world.db
    .transaction()
    .execute(async (trx): Promise<Result<RevocationRecord, OperationRefusal>> => {
      const found = await findAllowed(world, trx, actor, id, 'confirmRevocation');
      if (!found.ok) return found;
      const order = found.value;
      if (order.liftedAt !== null) return refused(LIFTED);
      if (await areOneHuman(trx, actor.person, order.orderedBy)) {
        return refused({
          code: 'self-approval',
          detail: 'You gave this order; another person has to confirm it.',
          hint: 'Ask somebody else who answers for a role or a target.',
        });
      }
      if (order.reach === 'all')
        return refused({
          code: 'already-confirmed',
          detail: 'Somebody has confirmed this order; it is being carried out.',
        });
      const now = await appNow(trx);
      if (!isAsking(order, now)) return refused(LAPSED);
      await confirmRevocation(trx, id, actor.person, now);
      await world.append(trx, {
        kind: 'revocation.confirmed',
        at: now,
        actor: { kind: 'person', id: actor.person },
        subjects: subjectsOf(order.scope),
        facts: { revocation: id, ...factsOf(order.scope) },
      });
      const confirmed = await findRevocation(trx, id);
      invariant(confirmed !== null, `revocation ${id} vanished`);
      return ok(confirmed);
    });
  return outcome.ok ? begun(world, actor, outcome.value) : outcome;
}

/**
 * Lets access within an order start again. What the order ended stays ended; what two people ordered is all told to end first. Nobody lifts
 * an order that covers access of their own, unless they gave it and nobody confirmed it.
 */
export async function liftRevocationOrder(
  world: World,
  actor: Actor,
  id: RevocationId,
  input: { readonly reason: string },
): Promise<Outcome> {
  if (!isSentence(input.reason)) return refused(SAY_WHY);
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const found = await findAllowed(world, trx, actor, id, 'liftRevocation');
    if (!found.ok) return found;
    const order = found.value;
    if (order.liftedAt !== null) return refused(LIFTED);
    if (order.reach === 'all' && order.sweptAt === null) return refused(UNDER_WAY);
    const takesBack = order.orderedBy === actor.person && order.confirmedBy === null;
    // Whoever was merged with the actor is the actor.
    for (const self of takesBack ? [] : await allOfHuman(trx, actor.person))
      if (await holdsOrWantsWithin(trx, order.scope, self)) return refused(COVERS_YOU);
    const now = await appNow(trx);
    await liftRevocation(trx, id, actor.person, now);
    await world.append(trx, {
      kind: 'revocation.lifted',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: subjectsOf(order.scope),
      facts: { revocation: id },
      personal: { reason: { subject: actor.person, value: input.reason } },
    });
    return ok(null);
  });
  if (!outcome.ok) return outcome;
  world.changes.publish({ kind: 'revocation', id, at: world.clock.now() });
  return showRevocation(world, actor, id);
}

/** How far an order is, with what is left and why. */
export async function showRevocation(world: World, actor: Actor, id: RevocationId): Promise<Outcome> {
  const found = await findAllowed(world, world.db, actor, id, 'showRevocation');
  return found.ok ? ok(await revocationView(world, found.value, actor)) : found;
}

async function begun(world: World, actor: Actor, order: RevocationRecord): Promise<Outcome> {
  const { id } = order;
  world.changes.publish({ kind: 'revocation', id, at: world.clock.now() });
  await carryOut(world, order, world.clock.now() + FOREGROUND_MS).catch((error: unknown) =>
    world.log.error({ revocation: id, error: String(error) }, 'an order to end access is carried out later'),
  );
  const after = await findRevocation(world.db, id);
  invariant(after !== null, `revocation ${id} vanished`);
  return ok(await revocationView(world, after, actor));
}

/** What an order is about. `scope` is `null` for a person who has never been seen: they hold nothing yet, and get their id with the order. */
type Found =
  | {
      readonly kind: 'person';
      readonly key: string;
      readonly scope: Extract<RevocationScope, { readonly kind: 'person' }> | null;
    }
  | { readonly kind: 'target' | 'all'; readonly scope: RevocationScope };

export async function scopeOf(world: World, input: Omit<RevocationInput, 'reason'>): Promise<Found | null> {
  const { policy, directory } = world.rules.current();
  if (input.person !== undefined) {
    // Somebody who has left the directory may hold access until its end.
    const id = await findPersonId(world.db, input.person);
    if (id === null && !directory.people.has(input.person)) return null;
    return { kind: 'person', key: input.person, scope: id === null ? null : { kind: 'person', person: id } };
  }
  if (input.target === undefined) return { kind: 'all', scope: { kind: 'all' } };
  const { target } = input;
  const known = policy.vocabulary.targets.has(target) || (await hasLiveGrantOn(world.db, target));
  return known ? { kind: 'target', scope: { kind: 'target', target } } : null;
}

/** What is said where there is nothing of that name. */
export function notFound(
  world: World,
  actor: Actor,
  { person, target }: Omit<RevocationInput, 'reason'>,
): OperationRefusal {
  if (person !== undefined) return unknownPerson(world, person, answersForAnything(world, actor));
  return target === undefined ? NOT_FOUND : unknownTarget(world, target);
}

/** The order over everybody that the same human has waiting: another would end nothing more, and bury the first among its likes. */
async function waitingFor(trx: Trx, actor: Actor): Promise<RevocationRecord | null> {
  // Two that come at the same moment wait for each other here.
  await lockPerson(trx, await humanOf(trx, actor.person));
  return waitingOverAll(trx, await allOfHuman(trx, actor.person));
}

async function write(
  world: World,
  trx: Trx,
  actor: Actor,
  found: Found,
  own: boolean,
  reason: string,
): Promise<RevocationRecord> {
  const now = await appNow(trx);
  const scope: RevocationScope =
    found.kind === 'person'
      ? { kind: 'person', person: await personIdFor(trx, found.key, newId(world.random, 'per'), now) }
      : found.scope;
  const order = await insertRevocation(trx, {
    id: newId(world.random, 'rev'),
    scope,
    reason,
    orderedBy: actor.person,
    orderedAt: now,
    reach: scope.kind === 'all' ? 'none' : 'own',
    asksUntil: own ? null : asksUntil(now),
    holds: !own,
    startedAt: scope.kind === 'all' ? null : now,
  });
  const entry: NewEntry = {
    kind: 'revocation.ordered',
    at: now,
    actor: { kind: 'person', id: actor.person },
    subjects: subjectsOf(scope),
    facts: {
      revocation: order.id,
      ...factsOf(scope),
      reach: order.reach,
      holds: order.holds,
      ...(order.asksUntil === null ? {} : { asksUntil: toIso(order.asksUntil) }),
    },
    personal: { reason: { subject: actor.person, value: reason } },
  };
  await world.append(trx, entry);
  return order;
}

/** An order to which the actor may do something; locked inside a transaction. */
async function findAllowed(
  world: World,
  db: Db | Trx,
  actor: Actor,
  id: RevocationId,
  operation: Operation,
): Promise<Result<RevocationRecord, OperationRefusal>> {
  const order = await findRevocation(db, id, db.isTransaction);
  if (order === null) return refused(NOT_FOUND);
  const human = await allOfHuman(db, actor.person);
  const no = judge(operation, actor, standingToOrder(world, actor, order, isAbout(order, human)));
  return no === null ? ok(order) : refused(no);
}

function checkRevocation(input: RevocationInput): OperationRefusal | null {
  const named = [input.person, input.target, input.all === true ? true : undefined].filter((one) => one !== undefined);
  if (named.length !== 1)
    return { code: 'invalid-input', detail: 'Name exactly one of person, target and all.', hint: '--person mallory' };
  return isSentence(input.reason) ? null : SAY_WHY;
}

function isSentence(text: string): boolean {
  return text.trim() !== '' && text.length <= 2_000;
}

function subjectsOf(scope: RevocationScope): NewEntry['subjects'] {
  return scope.kind === 'person' ? { person: scope.person } : {};
}

function factsOf(scope: RevocationScope) {
  return { scope: scope.kind, ...(scope.kind === 'target' ? { target: scope.target } : {}) };
}

function alreadyOrdered({ id, asksUntil: until }: RevocationRecord): OperationRefusal {
  return {
    code: 'already-ordered',
    detail: `Your order ${id} over everybody waits for its second person${until === null ? '' : ` until ${toIso(until)}`}; another would end nothing more.`,
    hint: `Ask somebody who answers for a role or a target to confirm it: curfew revoke --confirm ${id}. To say another reason, take it back first: curfew revoke --lift ${id}`,
  };
}

const SAY_WHY: OperationRefusal = {
  code: 'invalid-input',
  detail: 'Say why, in at most 2000 characters.',
  hint: '--reason "…"',
};
const LAPSED: OperationRefusal = {
  code: 'revocation-lapsed',
  detail: 'Nobody confirmed this order within 15 minutes.',
  hint: 'Give it again: curfew revoke …',
};
const UNDER_WAY: OperationRefusal = {
  code: 'revocation-under-way',
  detail: 'Two people gave this order, and not everything within it has been told to end yet.',
  hint: 'Lift it when that is done, as a rule within seconds: "curfew revoke --status rev_…" shows what is left.',
};
const COVERS_YOU: OperationRefusal = {
  code: 'revocation-covers-you',
  detail: 'This order covers access that you hold or wait for.',
  hint: 'Ask somebody who answers for a role or a target and has none of it, or wait until yours is proven gone.',
};
const LIFTED: OperationRefusal = {
  code: 'revocation-lifted',
  detail: 'This order was lifted; it stops nothing any more.',
};
