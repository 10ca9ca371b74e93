import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { exportEntries, exportPersonal } from '../../src/operations/read-ledger.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { World } from '../../src/operations/world.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { MASTER_KEY, sequenceAll } from './ledger-under-test.ts';

const ITEMS = [{ role: 'invoice-reader', target: 'aws/prod' }];
const REASON = 'Check the invoice export';

eachDatabase('personal values of the log', (current) => {
  let acme: AcmeOperations;
  let world: World;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    world = acme.world;
  });

  /** Ana asks, Bo says yes. Returns the whole log. */
  const log = async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(world, ana, { items: ITEMS, durationMs: 900_000, reason: REASON }));
    got(await approveRequest(world, bo, id, { comment: 'Go on' }));
    await sequenceAll(current());
    const entries = got(await exportEntries(world, ana, 0, 1_000));
    return entries.map(({ seq, body }) => ({
      seq,
      ...(JSON.parse(body) as { kind: string; commitments: Record<string, string> }),
    }));
  };

  test('are given to whoever may see the request, with salts that open the commitments', async () => {
    for (const entry of await log()) {
      if (entry.kind !== 'request.submitted' && entry.kind !== 'approval.given') continue;
      const [field, value] = entry.kind === 'approval.given' ? ['comment', 'Go on'] : ['reason', REASON];
      for (const key of ['ana', 'bo']) {
        const openings = got(await exportPersonal(world, MASTER_KEY, await acme.as(key), entry.seq));
        expect(openings).toMatchObject([{ field, value }]);
        const salt = Buffer.from(openings?.[0]?.salt ?? '', 'hex');
        expect(createHash('sha256').update(salt).update(value).digest('hex')).toBe(entry.commitments[field]);
      }
    }
  });

  test('are not there for others, nor where there are none', async () => {
    const entries = await log();
    const stranger = await acme.as('gus');
    for (const { seq } of entries) expect(got(await exportPersonal(world, MASTER_KEY, stranger, seq))).toBeNull();
    const ana = await acme.as('ana');
    const scheduled = entries.find((entry) => entry.kind === 'grant.scheduled')?.seq ?? -1;
    expect(got(await exportPersonal(world, MASTER_KEY, ana, scheduled))).toBeNull();
    expect(got(await exportPersonal(world, MASTER_KEY, ana, 1_000))).toBeNull();
  });

  test('looking at them is itself an entry', async () => {
    const entries = await log();
    await exportPersonal(world, MASTER_KEY, await acme.as('ana'), 3);
    await sequenceAll(current());
    const after = got(await exportEntries(world, await acme.as('ana'), entries.length, 10));
    expect(after.map((entry) => entry.body).join()).toContain('"facts":{"count":1,"from":3,"what":"personal"}');
  });
});
