import { beforeEach, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { carryOut } from '../../src/operations/carry-out-revocation.ts';
import { after } from '../../src/core/time.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import type { Actor, World } from '../../src/operations/world.ts';
import { appNow } from '../../src/store/database.ts';
import { findRevocation, type RevocationRecord } from '../../src/store/revocations.ts';
import type { Db } from '../../src/store/schema.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

/** A process that stood still, or waited minutes for its database, carries out an order as it knew it. */
eachDatabase('an order that was lifted meanwhile', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
  });

  /** Ana's access stops, as one process knows it, and starts again. */
  const lifted = async (): Promise<RevocationRecord> => {
    const { id } = got(await orderRevocation(acme.world, bo, { person: 'ana', reason: 'The laptop was stolen' }));
    const known = await findRevocation(current().db, id);
    if (known === null) throw new Error('there is an order');
    got(await liftRevocationOrder(acme.world, bo, id, { reason: 'Found' }));
    return { ...known, sweptAt: null, finishedAt: null };
  };
  /** The world of a process whose database takes no writes; `reads` makes of it what it still answers. */
  const broken = (reads: (db: Db) => Db): { readonly world: World; readonly taken: GrantId[] } => {
    const taken: GrantId[] = [];
    const endUnrecorded = async ({ id }: { readonly id: GrantId }) => void taken.push(id);
    const noWrites = new Proxy(current().db, {
      get(db, key) {
        if (key === 'transaction') return () => ({ execute: () => Promise.reject(new Error('it takes no writes')) });
        const value: unknown = Reflect.get(db, key);
        return typeof value === 'function' ? (value.bind(db) as unknown) : value;
      },
    });
    return { world: { ...acme.world, db: reads(noWrites), endUnrecorded }, taken };
  };
  const cannotSayOfOrders = (db: Db): Db =>
    new Proxy(db, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (key !== 'selectFrom') return value;
        return (from: string) => {
          if (from === 'revocation') throw new Error('it does not answer');
          return (value as (from: string) => unknown)(from);
        };
      },
    });
  const hold = () => heldGrants(acme, current(), { person: ana.person, count: 2, state: 'active' });

  test('takes nothing away, though nothing can be recorded', async () => {
    const order = await lifted();
    await hold();
    const { world, taken } = broken((db) => db);
    await carryOut(world, order).catch(() => {});
    expect(taken).toEqual([]);
  });

  test('where the database cannot even say that, takes away what was there before it, and nothing else', async () => {
    const order = await lifted();
    const held = await hold();
    const { world, taken } = broken(cannotSayOfOrders);
    await carryOut(world, order).catch(() => {});
    expect(taken).toEqual([]);
    await carryOut(world, { ...order, startedAt: after(await appNow(current().db), 1) }).catch(() => {});
    expect(taken.toSorted()).toEqual(held.toSorted());
  });

  test('withdraws no request', async () => {
    const order = await lifted();
    const waiting = got(await requestAccess(acme.world, ana, ASK));
    await carryOut(acme.world, order);
    expect(got(await showRequest(acme.world, ana, waiting.id)).status).toBe('pending');
  });
});
