import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import type { AlarmPlace } from '../../src/operations/raise-alarms.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { searchCatalogue } from '../../src/operations/search-catalogue.ts';
import type { World } from '../../src/operations/world.ts';
import { findGrant } from '../../src/store/grants.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey } from './passkey-people.ts';

const ITEM = { role: 'invoice-reader', target: 'aws/prod' };
const ASK = { items: [ITEM], durationMs: 900_000, reason: 'Check the invoice export' };

eachDatabase('refusals', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  /** The facts of every `request.refused` in the log. */
  const refusals = async (): Promise<readonly object[]> => {
    const { rows } = await sql<{ facts: object }>`select body::jsonb -> 'facts' as facts from ledger_outbox
      where body::jsonb ->> 'kind' = 'request.refused' order by id`.execute(current().db);
    return rows.map((row) => row.facts);
  };

  describe('what the provider knows to be impossible', () => {
    test('is refused by the preview and the request alike, is no offer of the catalogue, and stands in the log', async () => {
      const ana = await acme.as('ana');
      acme.provider.plan = () => ({
        ok: false,
        message: 'the session policy has 3,000 characters',
        hint: 'Shorten it.',
      });
      const wanted = {
        ok: false,
        refusal: {
          code: 'cannot-be-provided',
          detail: 'invoice-reader on aws/prod: the session policy has 3,000 characters',
          hint: 'Shorten it.',
        },
      };
      expect(await previewRequest(acme.world, ana, ASK)).toEqual(wanted);
      expect(await requestAccess(acme.world, ana, ASK)).toEqual(wanted);
      const { items } = got(searchCatalogue(acme.world, ana, { q: 'invoice-reader prod', limit: 5 }));
      expect(items[0]).toMatchObject({ ...ITEM, requestable: false, path: 'refused', why: wanted.refusal.detail });
      expect(await refusals()).toMatchObject([
        { items: ['invoice-reader@aws/prod'], refusals: [{ code: 'cannot-be-provided', rule: 'default' }] },
      ]);
    });
  });

  test('what nobody could sign yet is not refused: the preview says who has no passkey', async () => {
    const ana = await acme.as('ana');
    const publish = {
      items: [{ role: 'invoice-publisher', target: 'aws/prod' }],
      reason: 'Correct the invoice of October',
      ticket: 'FIN-12',
    };
    const who = async () => {
      const preview = await previewRequest(acme.world, ana, publish);
      if (!preview.ok) throw new Error(preview.refusal.detail);
      expect(preview.value.needsSignature).toBe(true);
      return preview.value.unsignable.map(({ step, without }) => [step, without.map((person) => person.key).join()]);
    };
    const finance = ['policy:invoices-correct#2', 'abe,bea,cleo,gus'];
    expect(await who()).toEqual([['policy:invoices-correct#1', 'bo,finn,hal'], finance]);
    await withPasskey(acme, 'hal');
    expect(await who()).toEqual([finance]);
    expect(await requestAccess(acme.world, ana, publish)).toMatchObject({ ok: true, value: { needsSignature: true } });
    expect(await previewRequest(acme.world, ana, ASK)).toMatchObject({
      value: { needsSignature: false, unsignable: [] },
    });
  });

  test('one request too many stands in the log', async () => {
    const ana = await acme.as('ana');
    for (let n = 0; n < acme.world.maxPending; n += 1) await requestAccess(acme.world, ana, ASK);
    await requestAccess(acme.world, ana, ASK);
    expect(await refusals()).toMatchObject([
      { items: ['invoice-reader@aws/prod'], refusals: [{ code: 'too-many-pending' }] },
    ]);
  });

  test('names that the rules do not know are not repeated in the log', async () => {
    const items = [
      { role: 'my password is hunter2', target: 'aws/prod' },
      { role: 'invoice-reader', target: 'call +46 70 123' },
    ];
    await requestAccess(acme.world, await acme.as('ana'), { ...ASK, items });
    expect(await refusals()).toMatchObject([{ items: ['unknown@aws/prod', 'invoice-reader@unknown'] }]);
    const { rows } = await sql`select from ledger_outbox where body like '%hunter2%' or body like '%+46%'`.execute(
      current().db,
    );
    expect(rows).toHaveLength(0);
  });

  test('an expression that cannot be judged alarms operators at the request, the decision and the start', async () => {
    // Nothing names the network that a request comes from, so it is unknown, and the step applies.
    acme.edit((file) => ({
      ...file,
      text: file.text.replace(
        'escalate: { after: 10m, to: [group:sre] }',
        'unless: request.network == "office"\n    escalate: { after: 10m, to: [group:sre] }',
      ),
    }));
    await acme.reload();
    const counted: AlarmPlace[] = [];
    const lines: object[] = [];
    const world: World = {
      ...acme.world,
      countAlarm: (place) => counted.push(place),
      log: { ...acme.world.log, error: (fields) => lines.push(fields) },
    };
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    expect(await previewRequest(world, ana, ASK)).toMatchObject({ ok: true });
    expect(counted).toEqual([]);
    const asked = await requestAccess(world, ana, ASK);
    if (!asked.ok) throw new Error(asked.refusal.detail);
    const approved = await approveRequest(world, bo, asked.value.id, {});
    const grant = approved.ok ? approved.value.grants[0] : undefined;
    if (grant === undefined) throw new Error('not approved');
    const stored = await findGrant(current().db, grant.id);
    if (stored === null) throw new Error('no grant');
    expect(await recheckGrant(world, stored)).toMatchObject({ ok: true });
    expect(counted).toEqual(['request', 'decision', 'start']);
    expect(lines).toMatchObject([
      { place: 'request', rule: 'policy:invoices-read', text: expect.stringContaining('request.network') as string },
      { place: 'decision' },
      { place: 'start' },
    ]);
  });
});
