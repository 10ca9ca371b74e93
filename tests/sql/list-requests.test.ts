import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { approveRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { listRequests } from '../../src/operations/show-requests.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const ASK = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };

/** Ana and Cem ask; neither may see what the other asks for. Bo decides about both. */
eachDatabase('the list of requests', (current) => {
  let acme: AcmeOperations;
  let [ana, bo, cem] = [] as unknown as [Actor, Actor, Actor];
  beforeEach(async () => {
    const made = await acmeOperations(current());
    acme = { ...made, world: { ...made.world, maxPending: 100 } };
    [ana, bo, cem] = [await acme.as('ana'), await acme.as('bo'), await acme.as('cem')];
  });

  /** One request after the other; returns what each of them asked for, newest first. */
  const ask = async (...who: readonly Actor[]) => {
    const asked: { readonly by: Actor; readonly id: string }[] = [];
    for (const by of who) asked.unshift({ by, id: got(await requestAccess(acme.world, by, ASK)).id });
    return (by?: Actor) => asked.flatMap((one) => (by === undefined || one.by === by ? [one.id] : []));
  };
  /** Everything in pages; `between` happens after each of them. */
  const pages = async (
    actor: Actor,
    scope: 'mine' | 'waiting' | 'all',
    limit: number,
    between: () => Promise<unknown> = async () => {},
  ) => {
    const seen: (readonly string[])[] = [];
    for (let cursor: string | null = null, more = true; more && seen.length < 20; more = cursor !== null) {
      const page: { readonly items: readonly { id: string }[]; readonly nextCursor: string | null } = got(
        await listRequests(acme.world, actor, { scope, cursor, limit }),
      );
      seen.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await between();
    }
    return seen;
  };

  test('leaves nothing out, whatever one may not see and however many fit on a page', async () => {
    const ids = await ask(ana, ana, ana, cem, ana);
    const limits = [1, 2, 3, 4, 50];
    const found = [];
    for (const limit of limits) found.push(await pages(ana, 'all', limit));
    expect(found.map((seen) => seen.flat())).toEqual(limits.map(() => ids(ana)));
    // Nobody turns a page for nothing.
    expect(found.map((seen) => seen.map((page) => page.length))).toEqual([[1, 1, 1, 1], [2, 2], [3, 1], [4], [4]]);
    expect((await pages(bo, 'waiting', 3)).flat()).toEqual(ids());
    expect((await pages(ana, 'mine', 3)).flat()).toEqual(ids(ana));
  });

  test('compares: what the same person asked for before, of the same kind, as far as one may see', async () => {
    const [oldest, , , , newest] = (await ask(ana, cem, ana, ana, ana))().reverse();
    const other = { ...ASK, items: [{ role: 'invoice-publisher', target: 'aws/prod' }], ticket: 'FIN-12' };
    const apart = got(await requestAccess(acme.world, ana, other)).id;
    const like = async (actor: Actor, id: string | undefined) =>
      listRequests(acme.world, actor, { scope: 'all', cursor: null, limit: 2, like: id as never });
    const page = got(await like(bo, newest));
    expect(page.items.map(({ requester }) => requester.key)).toEqual(['ana', 'ana']);
    expect(page.items.map(({ id }) => id)).not.toContain(newest);
    expect(page.nextCursor).not.toBeNull();
    expect(got(await like(bo, oldest))).toEqual({ items: [], nextCursor: null });
    expect(got(await like(bo, apart))).toEqual({ items: [], nextCursor: null });
    expect(code(await like(cem, newest))).toBe('not-found');
  });

  test('leaves nothing out of what came at one instant', async () => {
    const ids = await ask(ana, cem, ana, ana, cem, ana);
    await sql`update request set created_at = (select min(created_at) from request)`.execute(current().db);
    const seen = (await pages(ana, 'all', 2)).flat();
    expect([...seen].sort()).toEqual([...ids(ana)].sort());
  });

  test('leaves nothing out while requests come, are decided and are taken back between the pages', async () => {
    const ids = (await ask(ana, cem, ana, ana, cem, ana))();
    const changes = [
      async () => approveRequest(acme.world, bo, ids[0] as never, {}),
      async () => withdrawRequest(acme.world, ana, ids[2] as never),
      async () => ask(cem),
    ];
    const seen = await pages(bo, 'all', 2, async () => changes.shift()?.());
    expect(seen.flat()).toEqual(ids);
  });

  test('tells nobody by a cursor what they may not see', async () => {
    await ask(cem, ana);
    const { nextCursor } = got(await listRequests(acme.world, ana, { scope: 'all', cursor: null, limit: 1 }));
    expect(nextCursor).toBeNull();
    const none = got(await listRequests(acme.world, await acme.as('gus'), { scope: 'all', cursor: null, limit: 1 }));
    expect(none).toEqual({ items: [], nextCursor: null });
    for (const cursor of ['x', '2026-11-21T09:00:00.000Z/rev_aaaaaaaaaaaaaaaaaaaa', ''])
      expect(code(await listRequests(acme.world, ana, { scope: 'all', cursor, limit: 1 }))).toBe('invalid-input');
  });
});
