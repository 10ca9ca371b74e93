import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { after, toIso, type Instant } from '../../src/core/time.ts';
import { approveRequest, denyRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { explainRequest } from '../../src/operations/show-requests.ts';
import type { Actor } from '../../src/operations/world.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const MINUTE = 60_000;
const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 15 * MINUTE,
  reason: 'Check the invoice export',
};
const AT_END =
  'At its time: look whether it has ended by itself, as the cloud was told at the start. ' +
  'If it is still there, and at an early end: remove. If that does not help: cut. Then look whether it is gone.';

eachDatabase('the calls to the cloud for a request', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    acme.provider.plan = ({ grant, endsAt }) => ({
      ok: true,
      words: `a session of ${grant} until ${toIso(endsAt)}`,
      policyHash: null,
    });
  });
  const asked = async () => got(await requestAccess(acme.world, ana, ASK)).id;
  const callsOf = async (id: Awaited<ReturnType<typeof asked>>) => got(await explainRequest(acme.world, bo, id)).calls;
  const hurry = () => sql`update "grant" set due_at = app_now() where due_at is not null`.execute(current().db);

  test('are what is planned, before anybody decides; of what nobody agreed to there are none', async () => {
    const id = await asked();
    const planned = expect.stringMatching(/^If it begins now: a session of grt_… until 2/) as string;
    const item = { role: 'invoice-reader', target: 'aws/prod', grant: null, atEnd: AT_END };
    expect(await callsOf(id)).toEqual([{ ...item, atStart: planned, called: [] }]);
    got(await denyRequest(acme.world, bo, id, { comment: 'Not today' }));
    expect(await callsOf(id)).toEqual([]);
  });

  test('are what the log says was called beside what was planned, and of what is over nothing is to come', async () => {
    const id = await asked();
    const { grants } = got(await approveRequest(acme.world, bo, id, {}));
    expect(await callsOf(id)).toMatchObject([{ grant: grants[0]?.id, atEnd: AT_END, called: [] }]);
    await acme.engine.pass('starts');
    const [live] = got(await explainRequest(acme.world, bo, id)).request.grants;
    if (live?.endsAt == null) throw new Error('it has begun');
    const atStart = `a session of ${live.id} until ${live.endsAt}`;
    const began = [
      { kind: 'grant.activating', text: 'The calls of the start began.' },
      { kind: 'grant.active', text: 'They were answered, and the access can be used.', cloud: { fingerprints: [] } },
    ];
    expect(await callsOf(id)).toMatchObject([{ atStart, atEnd: AT_END, called: began }]);
    got(await returnGrant(acme.world, ana, live.id));
    for (let n = 0; n < 3; n += 1) {
      await hurry();
      await acme.engine.pass('ends');
    }
    const ended = [
      { kind: 'grant.ending', text: 'Its end began (returned).' },
      {
        kind: 'grant.ended',
        text: 'Looked for in the cloud, and not there any more.',
        cloud: { proof: 'observed' },
      },
    ];
    expect(await callsOf(id)).toMatchObject([{ atStart, atEnd: null, called: [...began, ...ended] }]);
  });

  test('of an extension are about the later end alone, and the start stays as it was', async () => {
    const id = await asked();
    got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    const [live] = got(await explainRequest(acme.world, bo, id)).request.grants;
    if (live?.endsAt == null) throw new Error('it has begun');
    const later = toIso(after(Date.parse(live.endsAt) as Instant, 30 * MINUTE));
    const more = got(
      await extendGrant(acme.world, ana, live.id, { durationMs: 30 * MINUTE, reason: 'The export is slow today' }),
    );
    const atStart = `a session of ${live.id} until ${later}`;
    expect(await callsOf(more.id)).toMatchObject([{ grant: live.id, atStart, atEnd: null, called: [] }]);
    got(await approveRequest(acme.world, bo, more.id, {}));
    await acme.engine.pass('starts');
    const texts = (await callsOf(more.id)).map(({ called }) => called.map(({ text }) => text));
    expect(texts).toEqual([[`The calls for the later end ${later} began.`, `The cloud has the later end ${later}.`]]);
    const [first] = await callsOf(id);
    expect(first).toMatchObject({ atStart: `a session of ${live.id} until ${live.endsAt}`, atEnd: AT_END });
    expect(first?.called).toHaveLength(4);
  });

  test('are none for an extension that nobody agreed to', async () => {
    const id = await asked();
    got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    const [live] = got(await explainRequest(acme.world, bo, id)).request.grants;
    if (live === undefined) throw new Error('it has begun');
    const more = got(await extendGrant(acme.world, ana, live.id, { durationMs: 30 * MINUTE, reason: 'It is slow' }));
    got(await denyRequest(acme.world, bo, more.id, {}));
    expect(await callsOf(more.id)).toEqual([]);
  });

  test('say of a fault its kind, and not what the cloud said', async () => {
    const id = await asked();
    acme.provider.faults.push({ call: 'provision', fault: new ProviderFault('target-gone', 'role/secret') });
    got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    const [calls] = await callsOf(id);
    expect(calls?.called.map(({ text }) => text)[1]).toBe('Its end began (failed: target-gone).');
    expect(JSON.stringify(calls?.called)).not.toContain('role/secret');
  });
});
