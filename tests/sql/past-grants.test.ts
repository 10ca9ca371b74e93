import { beforeEach, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { listLive, showGrant } from '../../src/operations/show-grants.ts';
import { whoMaySee } from '../../src/operations/who-may-see.ts';
import type { Actor } from '../../src/operations/world.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow } from '../../src/store/database.ts';
import { insertApproval } from '../../src/store/approvals.ts';
import { findGrant } from '../../src/store/grants.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

eachDatabase('access that is over', (current) => {
  let acme: AcmeOperations;
  let grant: GrantId;
  let request: string;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    const items = [{ role: 'invoice-reader', target: 'aws/prod' }];
    const asking = { items, durationMs: 900_000, reason: 'Check the invoice export' };
    const asked = got(await requestAccess(acme.world, await acme.as('ana'), asking));
    request = asked.id;
    grant = got(await approveRequest(acme.world, await acme.as('bo'), asked.id, {})).grants[0]?.id as GrantId;
    await acme.engine.pass('starts');
  });

  async function end(): Promise<void> {
    got(await returnGrant(acme.world, await acme.as('ana'), grant));
    await acme.engine.pass('ends');
    expect((await findGrant(acme.world.db, grant))?.state.kind).toBe('ended');
  }

  const byId = async (actor: Actor | null): Promise<readonly string[]> =>
    got(await listLive(acme.world, actor, { cursor: null, limit: 10, ids: [grant] })).items.map(({ id }) => id);

  /** Everybody in the company who is nobody of Curfew itself, and the same person as one of its watchers. */
  async function viewers() {
    const hana = await acme.as('hana');
    const watcher = (role: 'auditor' | 'admin'): Actor => ({ ...hana, roles: [role] });
    return { hana, watchers: [watcher('auditor'), watcher('admin')] };
  }

  test('is shown while it lasts to everybody, and then to those alone whom it concerns or who watch', async () => {
    const { hana, watchers } = await viewers();
    expect(got(await showGrant(acme.world, hana, grant)).person.key).toBe('ana');
    expect([await byId(hana), await byId(null)]).toEqual([[grant], [grant]]);
    await end();
    expect(code(await showGrant(acme.world, hana, grant))).toBe('not-found');
    expect([await byId(hana), await byId(null)]).toEqual([[], []]);
    for (const actor of [await acme.as('ana'), await acme.as('bo'), ...watchers]) {
      expect(got(await showGrant(acme.world, actor, grant)).status).toBe('ended');
      expect(await byId(actor)).toEqual([grant]);
    }
  });

  test('does not exist for others whatever they try with it, as no grant does that there never was', async () => {
    await end();
    const { hana } = await viewers();
    for (const id of [grant, newId(systemRandom, 'grt')]) {
      expect(code(await returnGrant(acme.world, hana, id))).toBe('not-found');
      expect(code(await revokeGrant(acme.world, hana, id, { reason: 'stolen' }))).toBe('not-found');
      expect(code(await extendGrant(acme.world, hana, id, { durationMs: 60_000 }))).toBe('not-found');
    }
    expect(code(await revokeGrant(acme.world, await acme.as('bo'), grant, { reason: 'stolen' }))).toBe('grant-ended');
  });

  test('is shown to whoever had a say in it, also when the rules name them no more', async () => {
    const jan = await acme.as('jan');
    await end();
    expect(code(await showGrant(acme.world, jan, grant))).toBe('not-found');
    const said = { verdict: 'approve' as const, comment: null, durationMs: null, givenFor: null, signed: null };
    await current()
      .db.transaction()
      .execute(async (trx) =>
        insertApproval(trx, {
          ...said,
          id: newId(systemRandom, 'apr'),
          request: request as never,
          person: jan.person,
          at: await appNow(trx),
        }),
      );
    expect(got(await showGrant(acme.world, jan, grant)).status).toBe('ended');
    expect(code(await revokeGrant(acme.world, jan, grant, { reason: 'stolen' }))).toBe('not-allowed-to-revoke');
  });

  test('its end is told to whoever saw it until then, and what comes later to those who may still see it', async () => {
    await end();
    const { hana, watchers } = await viewers();
    const state = (await findGrant(acme.world.db, grant))?.state;
    if (state === undefined || !('endedAt' in state)) throw new Error('it is not over');
    const told = async (at = state.endedAt) => {
      const sees = await whoMaySee(acme.world, { kind: 'grant', id: grant, at });
      const [bo, [auditor]] = [await acme.as('bo'), watchers];
      return [await sees(hana), await sees(null), await sees(bo), await sees(auditor ?? null)];
    };
    expect(await told()).toEqual([true, true, true, true]);
    expect(await told(after(state.endedAt, 1))).toEqual([false, false, true, true]);
  });
});
