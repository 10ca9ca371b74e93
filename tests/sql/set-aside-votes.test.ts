import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { parseId, type RequestId } from '../../src/core/ids.ts';
import { approveRequest, denyRequest } from '../../src/operations/decide-request.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
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

/** Tier 1, and one person of data and one of finance have to agree. */
const SIGNED_ASK = {
  items: [{ role: 'invoice-publisher', target: 'aws/prod' }],
  durationMs: 1_800_000,
  reason: 'Correct the invoice of October',
  ticket: 'FIN-12',
};

eachDatabase('a yes to what has changed since', (current) => {
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
  const otherAccount = () => edit('targets.yaml', "native: '444455556666'", "native: '999988887777'");
  const more = () => edit('roles/aws.yaml', 'role: curfew/invoice-reader', 'role: curfew/everything');
  const given = async () => {
    const { rows } = await sql<{ native: string; role: string }>`
      select definition -> 'target' ->> 'native' as native, definition -> 'role' -> 'aws' ->> 'role' as role
      from "grant" where state = 'active' order by id`.execute(current().db);
    return rows;
  };
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
      next: `What you said yes to has changed since, so that it does not count. Decide again: ${ACME_ORIGIN}/approvals/${id}`,
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
      'set aside a yes that was said without a passkey to what takes one by now; its giver can decide again',
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

  test('with a passkey, for another account, does not count, and its giver decides again', async () => {
    id = got(await requestAccess(acme.world, await acme.as('ana'), SIGNED_ASK)).id;
    const [bo, gus] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'gus')];
    got(await sign(acme, bo, id));
    await otherAccount();
    expect(await seenBy('bo')).toMatchObject({
      steps: [{ missing: 1, approvedBy: [] }, { missing: 1 }],
      decisions: [{ by: { key: 'bo' }, setAside: true }],
      next: `What you said yes to has changed since, so that it does not count. Decide again: ${ACME_ORIGIN}/approvals/${id}`,
    });
    expect(got(await sign(acme, gus, id)).status).toBe('pending');
    expect(await entries()).toMatchObject([{ approver: bo.actor.person, because: 'target-changed' }]);
    expect(got(await sign(acme, bo, id)).status).toBe('approved');
    expect(await started()).toBe('active');
    expect(await given()).toMatchObject([{ native: '999988887777' }]);
    await sequenceAll(current());
    expect(await verifyStored(current())).toMatchObject({ ok: true, approvals: { verified: 3, faults: [] } });
  });

  test.each([
    ['role gives something else', 'role-changed', () => more(), { role: 'curfew/everything' }],
    ['target is another account', 'target-changed', () => otherAccount(), { native: '999988887777' }],
  ] as const)('without a passkey, where the %s, does not count either', async (_, because, change, becomes) => {
    got(await approve('bo', { durationMs: 600_000 }));
    await change();
    expect(await seenBy('bo')).toMatchObject({ steps: [{ missing: 2, approvedBy: [] }], grantedDurationMs: null });
    expect(got(await approve('finn'))).toMatchObject({ status: 'pending', steps: [{ missing: 1 }] });
    expect(await entries()).toMatchObject([{ because }]);
    expect(await given()).toEqual([]);
    expect(got(await approve('bo'))).toMatchObject({ status: 'approved', grantedDurationMs: null });
    expect(await started()).toBe('active');
    expect(await given()).toMatchObject([becomes]);
  });

  test('where the requester is somebody else in that cloud does not count, with a passkey or without', async () => {
    const otherName = () => edit('directory.yaml', 'aws: ana,', 'aws: root,');
    got(await approve('bo'));
    const unsigned = id;
    id = got(await requestAccess(acme.world, await acme.as('ana'), SIGNED_ASK)).id;
    const [bo, gus] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'gus')];
    got(await sign(acme, bo, id));
    await otherName();
    expect(await seenBy('bo')).toMatchObject({
      steps: [{ missing: 1, approvedBy: [] }, { missing: 1 }],
      decisions: [{ by: { key: 'bo' }, setAside: true }],
    });
    expect(got(await sign(acme, gus, id)).status).toBe('pending');
    expect(await entries()).toMatchObject([{ approver: bo.actor.person, because: 'identity-changed' }]);
    expect(got(await sign(acme, bo, id)).status).toBe('approved');
    expect(await started()).toBe('active');
    id = unsigned;
    expect(got(await approve('finn'))).toMatchObject({ status: 'pending', steps: [{ missing: 1 }] });
    expect(await entries()).toHaveLength(2);
    const { rows } = await sql`select principal from "grant"`.execute(current().db);
    expect(rows).toEqual([{ principal: 'root' }]);
    await sequenceAll(current());
    expect(await verifyStored(current())).toMatchObject({ ok: true, approvals: { verified: 3, faults: [] } });
    // What is kept for ever has neither the name nor anything by which it could be guessed.
    const { rows: kept } = await sql<{ identity: string }>`
      select given_for -> 0 ->> 'identity' as identity from approval where given_for -> 0 ? 'identity'`.execute(
      current().db,
    );
    const { rows: log } = await sql<{ body: string }>`select body from ledger_entry`.execute(current().db);
    expect(kept).toHaveLength(4);
    for (const { identity } of kept) expect(log.map(({ body }) => body).join()).not.toContain(identity);
  });

  test('counts where the requester has another name in another cloud, and from before it was kept under any', async () => {
    got(await approve('bo'));
    await edit('directory.yaml', 'azure: ana.ribeiro@acme.example', 'azure: root@acme.example');
    expect(await seenBy('bo')).toMatchObject({ steps: [{ missing: 1 }] });
    await tamper(current(), `update approval set given_for = jsonb_build_array((given_for -> 0) - 'identity')`);
    await edit('directory.yaml', 'aws: ana,', 'aws: root,');
    expect(got(await approve('finn')).status).toBe('approved');
  });

  test('counts where the target has other words, and gives access in the same place', async () => {
    got(await approve('bo'));
    await edit('targets.yaml', 'data: confidential', 'data: secret');
    expect(got(await approve('finn')).status).toBe('approved');
    expect(await started()).toBe('active');
  });

  test('to one of several items does not count for the others', async () => {
    const lister =
      'kind: role\nname: invoice-lister\ntier: 2\nowner: group:data-leads\ndescription: List the invoices of Acme';
    await edit(
      'roles/aws.yaml',
      'kind: role\nname: invoice-reader',
      `${lister}\naws: { method: assume-role, role: curfew/invoice-lister }\n---\nkind: role\nname: invoice-reader`,
    );
    await edit('policies/data.yaml', 'roles: [invoice-reader]', 'roles: [invoice-reader, invoice-lister]');
    const items = [...ASK.items, { role: 'invoice-lister', target: 'aws/prod' }];
    id = got(await requestAccess(acme.world, await acme.as('ana'), { ...ASK, items })).id;
    got(await approve('bo'));
    await edit('roles/aws.yaml', 'role: curfew/invoice-lister', 'role: curfew/everything');
    expect(got(await approve('finn')).status).toBe('pending');
    expect(await entries()).toMatchObject([{ because: 'role-changed' }]);
    expect(got(await approve('bo')).status).toBe('approved');
  });

  test('to a later end does not count, and the end stays', async () => {
    got(await approve('bo'));
    got(await approve('finn'));
    expect(await started()).toBe('active');
    const [grant] = (await seenBy('ana')).grants;
    const ana = await acme.as('ana');
    const told = { durationMs: 300_000, reason: 'It takes longer than I thought' };
    id = got(await extendGrant(acme.world, ana, parseId('grt', grant?.id ?? '') ?? never(), told)).id;
    got(await approve('bo'));
    await otherAccount();
    expect(got(await approve('finn')).status).toBe('pending');
    expect(await entries()).toMatchObject([{ because: 'target-changed' }]);
    got(await approve('bo'));
    await acme.engine.pass('starts');
    const { rows } = await sql`select extended from "grant"`.execute(current().db);
    expect(rows).toEqual([{ extended: 0 }]);
  });

  test('to a later end of what the role no longer gives moves no end, and is a forgery only where somebody wrote in the database', async () => {
    const rami = await withPasskey(acme, 'rami');
    const items = [{ role: 'payments-db-operator', target: 'aws/prod' }];
    const told = { durationMs: 600_000, reason: 'Restart the payments database', ticket: 'PAY-7' };
    const tom = await acme.as('tom');
    const said = async (kind: string) => {
      const { rows } = await sql<{ facts: object }>`
        select body::jsonb -> 'facts' as facts from ledger_outbox
        where body like ${`%"kind":"${kind}"%`} order by id`.execute(current().db);
      return rows.map(({ facts }) => facts);
    };
    const [was, other] = ['curfew/payments-db-operator', 'curfew/everything'];
    // By the rules in force when it is carried out the role is again what it was; it was signed for what it was meanwhile.
    for (const [inForce, written] of [
      [other, null],
      [was, null],
      [other, other],
    ] as const) {
      id = got(await requestAccess(acme.world, tom, { ...told, items })).id;
      const { grants } = got(await sign(acme, rami, id));
      await acme.engine.pass('starts');
      const grant = parseId('grt', grants[0]?.id ?? '') ?? never();
      id = got(await extendGrant(acme.world, tom, grant, told)).id;
      await edit('roles/aws.yaml', was, other);
      expect(got(await sign(acme, rami, id)).status).toBe('approved');
      if (inForce === was) await edit('roles/aws.yaml', other, was);
      if (written !== null)
        await tamper(
          current(),
          `update "grant" set definition = jsonb_set(definition, '{role,aws,role}', '"curfew/admin"') where id = '${grant}'`,
        );
      await acme.engine.pass('starts');
      if (inForce === other) await edit('roles/aws.yaml', other, was);
    }
    expect(await said('grant.not-extended')).toMatchObject([
      { refusal: 'role-changed', text: expect.stringContaining('another one than was approved for longer') as string },
      { refusal: 'role-changed' },
      { refusal: 'approval-altered' },
    ]);
    expect(await said('finding.raised')).toEqual([{ finding: 'approval-altered' }]);
    expect(await said('grant.extended')).toEqual([]);
  });

  test('from before it was kept what it was given for does not count: nobody knows', async () => {
    await edit('policies/data.yaml', 'count: 2', 'count: 3');
    id = got(await requestAccess(acme.world, await acme.as('ana'), ASK)).id;
    got(await approve('bo'));
    const hal = await withPasskey(acme, 'hal');
    got(await sign(acme, hal, id));
    await tamper(current(), 'update approval set given_for = null');
    expect((await seenBy('bo')).steps).toMatchObject([{ missing: 3 }]);
    got(await approve('finn'));
    expect(await entries()).toMatchObject([{ because: 'unspecified' }, { because: 'unspecified' }]);
    got(await approve('bo'));
    expect(got(await sign(acme, hal, id)).status).toBe('approved');
    expect(await started()).toBe('active');
  });

  test('is not made to count by writing in the database what it was given for', async () => {
    id = got(await requestAccess(acme.world, await acme.as('ana'), SIGNED_ASK)).id;
    got(await sign(acme, await withPasskey(acme, 'bo'), id));
    await otherAccount();
    // What another request, about the same, has for the target as it is now.
    const other = got(await requestAccess(acme.world, await acme.as('ana'), SIGNED_ASK)).id;
    got(await sign(acme, await withPasskey(acme, 'hal'), other));
    await tamper(
      current(),
      `update approval set given_for = (select given_for from approval where request_id = '${other}')`,
    );
    expect(got(await sign(acme, await withPasskey(acme, 'gus'), id)).status).toBe('approved');
    expect(await started()).toBe('failed');
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where body like '%"finding.raised"%'`.execute(current().db);
    expect(rows.map(({ body }) => body).join()).toContain('approval-altered');
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

function never(): never {
  throw new Error('there is a grant');
}
