import { expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { listLive } from '../../src/operations/show-grants.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { acmeOperations, got } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('live access', (current) => {
  test('comes in pages that leave nothing out, and the last one says that it is the last', async () => {
    const { world } = await acmeOperations(current());
    const made: string[] = [];
    for (let n = 0; n < 4; n += 1) made.push(await scheduledGrant(current()));
    const seen: string[] = [];
    let cursor: string | null = null;
    for (const more of [true, false]) {
      const page = await listLive(world, null, { cursor, limit: 2 });
      if (!page.ok) throw new Error(page.refusal.detail);
      seen.push(...page.value.items.map((grant) => grant.id));
      cursor = page.value.nextCursor;
      expect([page.value.items.length, cursor !== null]).toEqual([2, more]);
    }
    expect(seen.sort()).toEqual(made.sort());
    expect(await listLive(world, null, { cursor: 'nonsense', limit: 2 })).toMatchObject({ ok: false });
  });

  test('is read again where it has changed: the grants that are named, one that is over for whom it concerns, and none that is not there', async () => {
    const { world, as } = await acmeOperations(current());
    const [one, other] = [await scheduledGrant(current()), await scheduledGrant(current())];
    await scheduledGrant(current());
    const ended = await returnGrant(world, await as('ana'), other);
    if (!ended.ok) throw new Error(ended.refusal.detail);
    const ids = [one, other, newId(systemRandom, 'grt')];
    for (const [actor, past] of [
      [null, []],
      [await as('hana'), []],
      [await as('ana'), [`${other} ended`]],
    ] as const) {
      const page = await listLive(world, actor, { cursor: null, limit: 1, ids });
      if (!page.ok) throw new Error(page.refusal.detail);
      expect(page.value.nextCursor).toBeNull();
      expect(page.value.items.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(
        [`${one} scheduled`, ...past].sort(),
      );
    }
  });

  test('says of each grant whether whoever looks may end it, as ending it does', async () => {
    const { world, as } = await acmeOperations(current());
    const asked = got(await requestAccess(world, await as('ana'), ASK));
    got(await approveRequest(world, await as('bo'), asked.id, {}));
    for (const [key, may] of [
      [null, false],
      ['ana', true],
      ['bo', true],
      ['cem', false],
      ['gus', false],
    ] as const) {
      const actor = key === null ? null : await as(key);
      const page = got(await listLive(world, actor, { cursor: null, limit: 5 }));
      expect([key, ...page.items.map((grant) => grant.mayEnd)]).toEqual([key, may]);
      const [grant] = page.items;
      if (actor === null || grant === undefined || may) continue;
      expect(await revokeGrant(world, actor, grant.id, { reason: 'To see' })).toMatchObject({
        ok: false,
        refusal: { code: 'not-allowed-to-revoke' },
      });
    }
  });
});
