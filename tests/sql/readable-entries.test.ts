import { beforeEach, expect, test } from 'vitest';
import type { GrantId, RequestId } from '../../src/core/ids.ts';
import { verifyLog } from '../../src/ledger/verify.ts';
import { approveRequest, denyRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { exportCheckpoints, exportEntries, exportReconciliation } from '../../src/operations/read-ledger.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, SIGNER, tamper } from './ledger-under-test.ts';
import { sign, withPasskey } from './passkey-people.ts';

interface Body {
  readonly kind: string;
  readonly actor: { readonly id: string };
  readonly subjects: { readonly request?: string; readonly grant?: string; readonly person?: string };
}

const INVOICES = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('what somebody may read in the log', (current) => {
  let acme: AcmeOperations;
  let denied: RequestId;
  let given: RequestId;
  let grant: GrantId;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    given = got(await requestAccess(acme.world, ana, INVOICES)).id;
    grant = got(await approveRequest(acme.world, bo, given, {})).grants[0]?.id as GrantId;
    await acme.engine.pass('starts');
    got(await returnGrant(acme.world, ana, grant));
    await acme.engine.pass('ends');
    denied = got(await requestAccess(acme.world, ana, INVOICES)).id;
    got(await denyRequest(acme.world, bo, denied, { comment: 'no, not you' }));
  });

  async function exported(actor: Actor) {
    await sequenceAll(current());
    const entries = got(await exportEntries(acme.world, actor, 0, 1_000));
    return { entries, bodies: entries.flatMap(({ body }) => (body === null ? [] : [JSON.parse(body) as Body])) };
  }

  /** Verifies the log from what it is for somebody. */
  async function verified(actor: Actor) {
    const { entries } = await exported(actor);
    const notes = got(await exportCheckpoints(acme.world, actor, 0, 1_000));
    return verifyLog(
      {
        async *entries() {
          yield* entries.slice(0, notes.at(-1)?.size ?? 0);
        },
        async *checkpoints() {
          yield* notes;
        },
      },
      { vkey: SIGNER.vkey },
    );
  }

  const kindsOf = (bodies: readonly Body[], id: RequestId) =>
    bodies.filter(({ subjects }) => subjects.request === id).map(({ kind }) => kind);

  test('is of a request what its page would show: nothing of what does not exist for them', async () => {
    const hana = await acme.as('hana');
    expect(code(await showRequest(acme.world, hana, denied))).toBe('not-found');
    const { entries, bodies } = await exported(hana);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, n) => n));
    for (const id of [denied, given]) expect(kindsOf(bodies, id)).toEqual([]);
    expect(JSON.stringify(bodies)).not.toContain((await acme.as('ana')).person);
    // Every id that she could try stands in what is hers.
    expect(JSON.stringify(bodies)).not.toMatch(/grt_/);
  });

  test('is the whole story for whoever asked, and for whoever decided; everything for who watches', async () => {
    const hana = await acme.as('hana');
    const watchers = (['auditor', 'admin'] as const).map((role): Actor => ({ ...hana, roles: [role] }));
    for (const actor of [await acme.as('ana'), await acme.as('bo'), ...watchers]) {
      const { bodies } = await exported(actor);
      expect(kindsOf(bodies, denied)).toEqual(['request.submitted', 'approval.refused', 'request.denied']);
      expect(kindsOf(bodies, given)).toEqual(
        expect.arrayContaining(['grant.scheduled', 'grant.active', 'grant.ended']),
      );
    }
    for (const actor of watchers) {
      const { entries, bodies } = await exported(actor);
      expect(bodies).toHaveLength(entries.length);
    }
  });

  test('verifies for everybody: from leaf hashes where there is nothing to read', async () => {
    const hana = await acme.as('hana');
    const [part, all] = [await verified(hana), await verified({ ...hana, roles: ['auditor'] })];
    expect(part).toMatchObject({ ok: true, fault: null });
    expect(part.entries).toBeGreaterThan(5);
    expect(part.readInFull).toBeLessThan(part.entries);
    expect(all).toMatchObject({ ok: true, readInFull: all.entries });
    const hidden = (await exported(hana)).entries.find(({ body }) => body === null)?.seq ?? -1;
    await tamper(current(), `update ledger_entry set body = replace(body, '"v":1', '"v":2') where seq = ${hidden}`);
    const { fault } = await verified(hana);
    expect([fault?.kind, (fault?.seq ?? 0) <= hidden, hidden <= (fault?.until ?? 0)]).toEqual(['edited', true, true]);
    expect((await verified({ ...hana, roles: ['auditor'] })).fault).toEqual(
      expect.objectContaining({ kind: 'edited', seq: hidden }),
    );
  });

  test('holds the signature of an approval for whoever asked, by the key of whoever gave it', async () => {
    const [ana, bo] = [await acme.as('ana'), await withPasskey(acme, 'bo')];
    const items = [{ role: 'invoice-publisher', target: 'aws/prod' }];
    const { id } = got(await requestAccess(acme.world, ana, { ...INVOICES, items, ticket: 'FIN-12' }));
    got(await sign(acme, bo, id));
    expect((await verified(ana)).approvals).toMatchObject({ verified: 1, faults: [] });
    expect((await verified(await acme.as('hana'))).approvals).toMatchObject({ verified: 0, faults: [] });
  });

  test('is never the order by which somebody is stopped, and what it did to their access is theirs', async () => {
    const [ana, fay] = [await acme.as('ana'), await acme.as('fay')];
    const waiting = got(await requestAccess(acme.world, ana, INVOICES)).id;
    got(await orderRevocation(acme.world, fay, { person: 'ana', reason: 'A stolen laptop, says the desk' }));
    const ordered = async (actor: Actor) =>
      (await exported(actor)).bodies.filter(({ kind }) => kind.startsWith('revocation.')).length;
    expect([await ordered(ana), await ordered(await acme.as('hana'))]).toEqual([0, 0]);
    expect(await ordered(fay)).toBeGreaterThan(0);
    expect(kindsOf((await exported(ana)).bodies, waiting)).toContain('request.submitted');
  });

  test('are the rows as well that are held against it', async () => {
    const rowsOf = async (actor: Actor) => {
      const { rows } = got(await exportReconciliation(acme.world, actor, null, 1_000));
      return rows.map(({ id }) => id).sort();
    };
    const hana = await acme.as('hana');
    const all = [denied, given, grant].sort();
    expect(await rowsOf(await acme.as('ana'))).toEqual(all);
    expect(await rowsOf({ ...hana, roles: ['auditor'] })).toEqual(all);
    expect(await rowsOf(hana)).toEqual([]);
    // A page of which nothing is shown is not the last one.
    const first = got(await exportReconciliation(acme.world, hana, null, 1));
    expect(first).toEqual({ rows: [], nextAfter: all[0] });
  });
});
