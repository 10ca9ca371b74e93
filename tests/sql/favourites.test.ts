import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { keepFavourites, listFavourites } from '../../src/operations/favourites.ts';
import { acmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const READER = { role: 'invoice-reader', target: 'aws/prod' };
const LOGS = { role: 'build-log-reader', target: 'aws/staging' };

eachDatabase('favourites', (current) => {
  test('a list is replaced as a whole, keeps its order, is its owner’s alone, and the log says only how long it is', async () => {
    const { world, as } = await acmeOperations(current());
    const [ana, bo] = [await as('ana'), await as('bo')];
    expect(await keepFavourites(world, ana, [READER, LOGS])).toMatchObject({ ok: true });
    expect(await keepFavourites(world, ana, [LOGS, READER])).toMatchObject({ ok: true });
    expect(await listFavourites(world, ana)).toEqual({ ok: true, value: [LOGS, READER] });
    expect(await listFavourites(world, bo)).toEqual({ ok: true, value: [] });
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where body like '%favourites.kept%'`.execute(current().db);
    expect(rows).toHaveLength(2);
    expect(rows[0]?.body).toContain('"facts":{"count":2}');
    expect(rows[0]?.body).not.toContain('invoice-reader');
  });

  test('what the rules do not know is refused, and so is what stands there twice; the list stays as it was', async () => {
    const { world, as } = await acmeOperations(current());
    const ana = await as('ana');
    await keepFavourites(world, ana, [READER]);
    for (const items of [
      [{ role: 'king', target: 'aws/prod' }],
      [{ role: 'invoice-reader', target: 'moon' }],
      [LOGS, LOGS],
    ])
      expect(await keepFavourites(world, ana, items)).toMatchObject({ refusal: { code: 'invalid-input' } });
    expect(await listFavourites(world, ana)).toEqual({ ok: true, value: [READER] });
  });

  test('two lists at once leave one of the two, and no mixture', async () => {
    const { world, as } = await acmeOperations(current());
    const ana = await as('ana');
    await Promise.all([keepFavourites(world, ana, [READER, LOGS]), keepFavourites(world, ana, [LOGS])]);
    const left = await listFavourites(world, ana);
    expect([[READER, LOGS], [LOGS]]).toContainEqual(left.ok ? left.value : null);
  });
});
