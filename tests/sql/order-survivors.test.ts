import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { toIso } from '../../src/core/time.ts';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { orderRevocation, showRevocation } from '../../src/operations/revoke-many.ts';
import { acmeOperations, got } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { entriesOf, heldGrants } from './held-grants.ts';

eachDatabase('what goes on behind an order', (current) => {
  test('an order that is done says until when sessions go on that could not be cut, and whose access remains', async () => {
    const acme = await acmeOperations(current());
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    await heldGrants(acme, current(), { person: ana.person, count: 4, state: 'active' });
    const { id } = got(await orderRevocation(acme.world, bo, { person: 'ana', reason: 'The laptop was stolen' }));
    await carryOutOpen(acme.world);
    while ((await acme.engine.pass('ends')) > 0);
    // What methods with sessions of their own, and places that were held before, write into their proofs.
    const said = [
      { sessionsIssuedBeforeMayLastMs: 1_800_000 },
      { sessionsIssuedBeforeMayLastMs: 3_600_000 },
      { sessionsIssuedBeforeMayLastMs: 0 },
      { standingAccessRemains: true },
    ];
    const { rows } = await sql<{ id: string; endedAt: number }>`
      select id, (extract(epoch from ended_at) * 1000)::float8 as "endedAt" from "grant" order by id`.execute(
      current().db,
    );
    for (const [index, evidence] of said.entries())
      await sql`update "grant" set proof = jsonb_set(proof, '{evidence}', ${JSON.stringify(evidence)}::text::jsonb)
        where id = ${rows[index]?.id}`.execute(current().db);
    await carryOutOpen(acme.world);
    await carryOutOpen(acme.world);

    const until = toIso(Math.max((rows[0]?.endedAt ?? 0) + 1_800_000, (rows[1]?.endedAt ?? 0) + 3_600_000) as never);
    const done = got(await showRevocation(acme.world, bo, id));
    expect(done).toMatchObject({ status: 'done', survives: { sessions: 2, until, standing: 1 } });
    expect(await entriesOf(current(), 'revocation.finished')).toMatchObject([
      { facts: { gone: 4, sessionsThatGoOn: 2, sessionsGoOnUntil: until, standingAccessRemains: 1 } },
    ]);
  });

  test('one whose grants left nothing says nothing of it', async () => {
    const acme = await acmeOperations(current());
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    await heldGrants(acme, current(), { person: ana.person, count: 1, state: 'active' });
    const { id } = got(await orderRevocation(acme.world, bo, { person: 'ana', reason: 'The laptop was stolen' }));
    await carryOutOpen(acme.world);
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
    const done = got(await showRevocation(acme.world, bo, id));
    expect(done).toMatchObject({ status: 'done', survives: { sessions: 0, until: null, standing: 0 } });
    const [entry] = await entriesOf(current(), 'revocation.finished');
    expect(Object.keys(entry?.facts ?? {})).not.toContain('sessionsThatGoOn');
  });
});
