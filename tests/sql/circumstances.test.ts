import { expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showCircumstances } from '../../src/operations/show-circumstances.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { acmeOperations, code, got } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const BUILDS = { items: [{ role: 'build-log-reader', target: 'aws/staging' }], durationMs: 900_000, reason: 'A build' };

eachDatabase('the circumstances of a request', (current) => {
  test('are what its requester holds there and elsewhere, and how many other humans hold the same', async () => {
    const acme = await acmeOperations(current());
    const { world } = acme;
    const [ana, bo, cem, dia] = [await acme.as('ana'), await acme.as('bo'), await acme.as('cem'), await acme.as('dia')];
    const asked = got(await requestAccess(world, ana, ASK));
    const around = async () => got(await showCircumstances(world, bo, asked.id));
    expect(await around()).toEqual({
      requester: { employment: 'employee', team: 'data', onCall: expect.any(Array) as unknown },
      holds: [],
      holdsElsewhere: 0,
      items: [{ role: 'invoice-reader', target: 'aws/prod', othersHold: 0, below: 0, abilities: [] }],
    });

    got(await requestAccess(world, ana, BUILDS));
    const [held] = await heldGrants(acme, current(), { person: ana.person, count: 1, state: 'active' });
    await heldGrants(acme, current(), { person: cem.person, count: 1, state: 'active' });
    await heldGrants(acme, current(), { person: dia.person, count: 2, state: 'active' });
    expect(await around()).toMatchObject({
      holds: [{ grant: held, role: 'invoice-reader', target: 'aws/prod', tier: 2, status: 'active' }],
      holdsElsewhere: 1,
      items: [{ othersHold: 2 }],
    });

    // Whoever turned out to be the requester is no other, and holds what they hold.
    await current()
      .db.transaction()
      .execute(async (trx) => {
        const merging = { keep: cem.person, merge: ana.person, by: bo.person, confirmedBy: dia.person };
        await mergeHumans(trx, { ...merging, now: await appNow(trx) });
      });
    expect(await around()).toMatchObject({ items: [{ othersHold: 1 }] });
    expect((await around()).holds).toHaveLength(2);
    expect(code(await showCircumstances(world, await acme.as('gus'), asked.id))).toBe('not-found');
  });

  test('of an extension leave out what is to be kept', async () => {
    const acme = await acmeOperations(current());
    const { world } = acme;
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(world, ana, ASK));
    const { grants } = got(await approveRequest(world, bo, id, {}));
    await acme.engine.pass('starts');
    const more = { durationMs: 900_000, reason: 'The export is slower than I thought' };
    const extension = got(await extendGrant(world, ana, grants[0]?.id ?? ('' as never), more));
    expect(got(await showCircumstances(world, bo, extension.id)).holds).toEqual([]);
    expect(got(await showCircumstances(world, bo, id)).holds).toHaveLength(1);
  });
});
