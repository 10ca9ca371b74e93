import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { RevocationScope } from '../core/revocation.ts';
import type { GrantRecord } from '../store/grants.ts';
import { allOfHuman, personKeys } from '../store/people.ts';
import { findRequests, type RequestRecord } from '../store/requests.ts';
import { pendingWithin, toldNothing } from '../store/revocation-sweeps.ts';
import type { RevocationRecord } from '../store/revocations.ts';
import type { Db, Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { standingToAccess } from './standing.ts';
import type { World } from './world.ts';

/** Grants, or requests, that are looked at together: enough to be quick, few enough that nobody waits long for their rows. */
const BATCH = 100;

/** Who gave an order, and how far it reaches. `key` is the directory key of that person, `human` are all ids of theirs. */
export interface Orderer {
  readonly reach: RevocationRecord['reach'];
  readonly orderedBy: PersonId;
  readonly key: string;
  readonly human: readonly PersonId[];
}

/** Orders are given by people; no role of Curfew itself lets anybody end access. */
const ORDERER = { kind: 'person', roles: [] } as const;

/** The order with the directory key of whoever gave it, so that their rights can be judged. */
export async function ordererOf(db: Db | Trx, order: RevocationRecord): Promise<Orderer> {
  const keys = await personKeys(db, [order.orderedBy]);
  const human = await allOfHuman(db, order.orderedBy);
  return { reach: order.reach, orderedBy: order.orderedBy, key: keys.get(order.orderedBy) ?? '', human };
}

/**
 * Whether an order reaches the access that comes out of a request. One that nobody confirmed reaches exactly what whoever gave
 * it may end alone, grant by grant, as `end-grant.ts` judges it: their own (under all their ids), and what they may decide or answer for.
 */
export function reaches(
  world: World,
  orderer: Orderer,
  request: Pick<RequestRecord, 'person' | 'decision'> | undefined,
  owners: readonly string[],
): boolean {
  if (orderer.reach === 'all') return true;
  if (orderer.reach === 'none' || request === undefined || orderer.key === '') return false;
  const person = orderer.human.includes(request.person) ? request.person : orderer.orderedBy;
  const who = { person, key: orderer.key };
  return judge('revokeGrant', ORDERER, standingToAccess(world, who, request, owners)) === null;
}

/** What whoever is stopped by an order is told: not why, which may be about them. */
export function stoppedWords({ id, scope }: RevocationRecord): string {
  const what = {
    person: 'of this person',
    target: `on ${scope.kind === 'target' ? scope.target : ''}`,
    all: 'of everybody',
  };
  return `All access ${what[scope.kind]} is stopped by the order ${id}.`;
}

/** Who answers for the roles and targets that a request asks for, by the rules in force. */
export function ownersOfItems(world: World, items: RequestRecord['items']): readonly string[] {
  const { roles, vocabulary } = world.rules.current().policy;
  return items.flatMap(({ role, target }) => {
    const owner = roles.get(role)?.owner;
    return [...(owner === undefined ? [] : [owner]), ...(vocabulary.targets.get(target)?.owners ?? [])];
  });
}

/**
 * The order that keeps access from starting; `null` when none does. Read after the order was committed, it stops whatever was not
 * in the database when the order was carried out: between them nothing slips through.
 */
export async function stoppedBy(
  world: World,
  db: Db | Trx,
  standing: readonly RevocationRecord[],
  request: Pick<RequestRecord, 'person' | 'decision'>,
  owners: readonly string[],
): Promise<RevocationRecord | null> {
  for (const order of standing) {
    if (order.reach === 'all') return order;
    if (reaches(world, await ordererOf(db, order), request, owners)) return order;
  }
  return null;
}

/** The grants that an order reaches and that have not been told to end, or those that `read` finds, in batches. */
export async function* withinReach(
  world: World,
  order: Pick<RevocationRecord, 'scope'>,
  orderer: Orderer,
  read: typeof toldNothing = toldNothing,
  db: Db | Trx = world.db,
): AsyncGenerator<readonly GrantRecord[]> {
  let after: GrantId | null = null;
  for (;;) {
    const page: readonly GrantRecord[] = await read(db, order.scope, after, BATCH);
    const requests = await findRequests(db, orderer.reach === 'all' ? [] : page.map((grant) => grant.request));
    const reached = page.filter(({ request, definition: { role, target } }) =>
      reaches(world, orderer, requests.get(request), [role.owner, ...target.owners]),
    );
    if (reached.length > 0) yield reached;
    after = page.at(-1)?.id ?? after;
    if (page.length < BATCH) return;
  }
}

/** The requests that an order reaches and that wait for a decision, in batches. */
export async function* pendingWithinReach(
  world: World,
  order: Pick<RevocationRecord, 'scope'>,
  orderer: Orderer,
): AsyncGenerator<readonly RequestRecord[]> {
  let after: RequestId | null = null;
  for (;;) {
    const page: readonly RequestId[] = await pendingWithin(world.db, order.scope, after, BATCH);
    const requests = [...(await findRequests(world.db, page)).values()];
    const reached = requests.filter((request) => reaches(world, orderer, request, ownersOfItems(world, request.items)));
    if (reached.length > 0) yield reached;
    after = page.at(-1) ?? after;
    if (page.length < BATCH) return;
  }
}

/** Whether an order of somebody would reach anything in a scope: live access, or a request that waits. */
export async function reachesAnything(world: World, scope: RevocationScope, orderer: Orderer): Promise<boolean> {
  for await (const batch of withinReach(world, { scope }, orderer)) if (batch.length > 0) return true;
  for await (const batch of pendingWithinReach(world, { scope }, orderer)) if (batch.length > 0) return true;
  return false;
}
