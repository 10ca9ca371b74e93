import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import {
  exportCheckpoints,
  exportEntries,
  exportLatestCheckpoint,
  exportPersonal,
  exportProof,
  exportReconciliation,
} from '../../src/operations/read-ledger.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { searchAudit } from '../../src/operations/search-audit.ts';
import type { World } from '../../src/operations/world.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readEntries } from '../../src/store/ledger-entries.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { MASTER_KEY, sequenceAll } from './ledger-under-test.ts';

const ITEMS = [{ role: 'invoice-reader', target: 'aws/prod' }];
const REASON = 'Check the invoice export';

eachDatabase('personal values of the log', (current) => {
  let acme: AcmeOperations;
  let world: World;
  let laterMs = 0;
  beforeEach(async () => {
    laterMs = 0;
    acme = await acmeOperations(current(), { clock: { ...systemClock, now: () => after(systemClock.now(), laterMs) } });
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
      ...(JSON.parse(body ?? '{}') as { kind: string; commitments: Record<string, string> }),
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
    const submitted = entries.find((entry) => entry.kind === 'request.submitted')?.seq ?? -1;
    for (const seq of [submitted, 1_000]) await exportPersonal(world, MASTER_KEY, await acme.as('ana'), seq);
    await sequenceAll(current());
    const since = got(await exportEntries(world, await acme.as('ana'), entries.length, 10));
    const said = since.map((entry) => entry.body).join();
    expect(said).toContain(`"facts":{"count":1,"from":${submitted},"what":"personal"}`);
    // Nothing was shown.
    expect(said).toContain('"facts":{"count":0,"from":1000,"what":"personal"}');
  });

  /** What the log says that somebody read, since some entry. */
  const readings = async (since: number) => {
    await sequenceAll(current());
    const rows = await readEntries(current().db, since, 1_000);
    return rows.flatMap(({ body }) => {
      const { kind, facts } = JSON.parse(body) as { kind: string; facts: { what: string; from: number } };
      return kind === 'ledger.read' ? [`${facts.what} ${facts.from}`] : [];
    });
  };

  test('the log grows by one entry an hour for whoever reads it without end, and by one for each thing of people that is shown', async () => {
    const entries = await log();
    const submitted = entries.find((entry) => entry.kind === 'request.submitted')?.seq ?? -1;
    const approved = entries.find((entry) => entry.kind === 'approval.given')?.seq ?? -1;
    const ana = await acme.as('ana');
    const search = (cursor: number | null) => searchAudit(world, ana, { limit: 1, cursor });
    const all = async () => {
      for (let count = 0; count < 5; count += 1) {
        got(await exportEntries(world, ana, count, 10));
        got(await exportCheckpoints(world, ana, count, 10));
        got(await exportLatestCheckpoint(world, ana));
        got(await exportProof(world, ana, count));
        got(await exportReconciliation(world, ana, null, 10));
        // Of these nothing is shown.
        got(await exportPersonal(world, MASTER_KEY, ana, 1_000 + count));
        got(await search(0));
      }
      for (const seq of [submitted, approved, submitted, approved])
        expect(got(await exportPersonal(world, MASTER_KEY, ana, seq))).toHaveLength(1);
      for (const cursor of [approved + 1, approved, approved + 1]) got(await search(cursor));
    };
    const size = (await readEntries(current().db, 0, 1_000)).length;
    await all();
    const once = await readings(size);
    const kinds = once.map((one) => one.split(' ')[0]).sort();
    const [eachOnce, people] = [
      ['checkpoint', 'checkpoints', 'entries', 'proof', 'states'],
      ['personal', 'search'],
    ];
    expect(kinds).toEqual([...eachOnce, ...people, ...people, ...people].sort());
    expect(once).toEqual(expect.arrayContaining([`personal ${submitted}`, `personal ${approved}`, 'personal 1000']));
    expect(new Set(once).size).toBe(once.length);
    // Another person is another reader.
    got(await exportEntries(world, await acme.as('bo'), 0, 10));
    expect(await readings(size)).toHaveLength(once.length + 1);
    // An hour later all of it is said once more.
    laterMs = 3_600_000;
    await all();
    expect(await readings(size)).toHaveLength(2 * once.length + 1);
  });
});
