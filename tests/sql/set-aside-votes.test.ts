import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { RequestId } from '../../src/core/ids.ts';
import { approveRequest, denyRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { explainRequest, showRequest } from '../../src/operations/show-requests.ts';
import { acmeOperations, ACME_ORIGIN, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, tamper, verifyStored } from './ledger-under-test.ts';
import { sign, withPasskey } from './passkey-people.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('a yes that was given before the role changed', (current) => {
  let acme: AcmeOperations;
  let id: RequestId;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    await edit('policies/data.yaml', 'count: 1\n    escalate: { after: 10m, to: [group:sre] }', 'count: 2');
    id = got(await requestAccess(acme.world, await acme.as('ana'), ASK)).id;
  });

  const edit = async (path: string, from: string, to: string): Promise<void> => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  const tier = (to: 1 | 2) =>
    edit('roles/aws.yaml', `name: invoice-reader\ntier: ${3 - to}`, `name: invoice-reader\ntier: ${to}`);
  const approve = async (key: string, input = {}) => approveRequest(acme.world, await acme.as(key), id, input);
  const seenBy = async (key: string) => got(await showRequest(acme.world, await acme.as(key), id));
  const started = async () => {
    await acme.engine.pass('starts');
    return (await seenBy('ana')).grants[0]?.status;
  };
  const entries = async () => {
    const { rows } = await sql<{ facts: object }>`
      select body::jsonb -> 'facts' as facts from ledger_outbox
      where body::jsonb ->> 'kind' = 'approval.set-aside' order by id`.execute(current().db);
    return rows.map(({ facts }) => facts);
  };

  test('is refused where its giver looked at what other rules said, and taken once they have looked again', async () => {
    const { rulesVersion: seen } = await seenBy('bo');
    await edit('roles/aws.yaml', 'name: invoice-reader\ntier: 2', 'name: invoice-reader\ntier: 3');
    expect(code(await approve('bo', { seen }))).toBe('policy-changed');
    const again = await seenBy('bo');
    expect(again.decisions).toEqual([]);
    got(await approve('bo', { seen: again.rulesVersion }));
    got(await approve('finn'));
  });

  test('without a passkey does not count once the role takes one, and its giver decides again with it', async () => {
    got(await approve('bo', { durationMs: 600_000, comment: 'Go on' }));
    expect((await seenBy('bo')).steps[0]).toMatchObject({ missing: 1, approvedBy: [{ key: 'bo' }] });
    await tier(1);
    // Everybody sees at once who still has to decide, before anybody does.
    const weaker = await seenBy('bo');
    expect(weaker).toMatchObject({
      grantedDurationMs: null,
      steps: [{ missing: 2, approvedBy: [] }],
      decisions: [{ by: { key: 'bo' }, setAside: true }],
      next: `The role has changed since you said yes, so that it does not count. Decide again: ${ACME_ORIGIN}/approvals/${id}`,
    });
    const [bo, finn] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'finn')];
    expect(got(await sign(acme, finn, id))).toMatchObject({ status: 'pending', steps: [{ missing: 1 }] });
    expect(await entries()).toMatchObject([{ approver: bo.actor.person, because: 'not-signed' }]);
    expect(code(await approve('bo'))).toBe('signature-required');
    const view = got(await sign(acme, bo, id, { comment: 'Still' }));
    expect(view).toMatchObject({
      status: 'approved',
      decisions: [
        { by: { key: 'finn' }, signed: true, setAside: false },
        { by: { key: 'bo' }, signed: true, setAside: false, comment: 'Still' },
      ],
    });
    expect(await started()).toBe('active');
    await sequenceAll(current());
    const { timeline } = got(await explainRequest(acme.world, bo.actor, id));
    expect(timeline.filter(({ kind }) => kind.startsWith('approval.')).map(({ text }) => text)).toEqual([
      'said yes',
      'set aside a yes that was given before the role changed (not-signed); its giver can decide again',
      'said yes',
      'said yes: Still',
    ]);
    expect(await verifyStored(current())).toMatchObject({ ok: true, approvals: { verified: 2, unsigned: 1 } });
  });

  test('is no vote of anybody when others satisfy the step, and the access begins', async () => {
    got(await approve('bo'));
    await tier(1);
    got(await sign(acme, await withPasskey(acme, 'finn'), id));
    expect(got(await sign(acme, await withPasskey(acme, 'hal'), id))).toMatchObject({
      status: 'approved',
      steps: [{ missing: 0, approvedBy: [{ key: 'finn' }, { key: 'hal' }] }],
      decisions: [{ by: { key: 'bo' }, setAside: true }, {}, {}],
    });
    expect(await started()).toBe('active');
    expect(got(await showRequest(acme.world, await acme.as('bo'), id)).status).toBe('approved');
  });

  test('with a passkey, over what the role was, does not count either', async () => {
    await tier(1);
    const [bo, finn] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'finn')];
    got(await sign(acme, bo, id));
    await edit('roles/aws.yaml', 'List and download the invoices', 'List and download all invoices');
    expect((await seenBy('bo')).steps).toMatchObject([{ missing: 2 }]);
    got(await sign(acme, finn, id));
    expect(await entries()).toMatchObject([{ because: 'role-changed' }]);
    expect(got(await sign(acme, bo, id)).status).toBe('approved');
    expect(await started()).toBe('active');
  });

  test('with a passkey and for less, shortens nothing any more, in the log neither', async () => {
    await tier(1);
    const [bo, finn] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'finn')];
    got(await sign(acme, bo, id, { durationMs: 300_000 }));
    await edit('roles/aws.yaml', 'List and download the invoices', 'List and download all invoices');
    got(await sign(acme, finn, id, { durationMs: 600_000 }));
    const hal = await withPasskey(acme, 'hal');
    expect(got(await sign(acme, hal, id))).toMatchObject({ status: 'approved', grantedDurationMs: 600_000 });
    expect(await started()).toBe('active');
    await sequenceAll(current());
    expect(await verifyStored(current())).toMatchObject({ ok: true, approvals: { verified: 3, faults: [] } });
  });

  test('counts where nothing of it changed, also with a passkey where none is needed now', async () => {
    got(await approve('bo'));
    await edit('policies/data.yaml', 'one person of the data platform agrees', 'two agree');
    expect((await seenBy('bo')).steps[0]?.missing).toBe(1);
    expect(code(await approve('bo'))).toBe('already-decided-by-you');
    expect(got(await sign(acme, await withPasskey(acme, 'finn'), id)).status).toBe('approved');
    expect(await entries()).toEqual([]);
    expect(await started()).toBe('active');
  });

  test('may become a no', async () => {
    got(await approve('bo'));
    await tier(1);
    expect(got(await denyRequest(acme.world, await acme.as('bo'), id, {}))).toMatchObject({
      status: 'denied',
      decisions: [{ by: { key: 'bo' }, verdict: 'deny', setAside: false }],
    });
  });

  test('cannot be had by writing in the database that it was set aside', async () => {
    await tier(1);
    got(await sign(acme, await withPasskey(acme, 'bo'), id));
    got(await sign(acme, await withPasskey(acme, 'finn'), id));
    await tamper(
      current(),
      `update approval set set_aside = true where person_id in (select id from person where directory_key = 'bo')`,
    );
    expect(await started()).toBe('failed');
  });
});
