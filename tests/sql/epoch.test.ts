import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { RequestId } from '../../src/core/ids.ts';
import { createSigner } from '../../src/ledger/note.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import { createEpochWatch, type EpochWatch, type WitnessStore } from '../../src/operations/watch-epoch.ts';
import { noteLoaded } from '../../src/operations/reload-rules.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { readWhereabouts } from '../../src/store/epoch.ts';
import { saveOidcPayload, findOidcPayload } from '../../src/store/oidc-payloads.ts';
import { reserveKey } from '../../src/store/idempotency.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { copyOf, restore } from './copies.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, SIGNER, write } from './ledger-under-test.ts';

const ASK = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };

const LOG = SIGNER.vkey;

/** The file beside the keys, in memory. */
function witnessStore(): WitnessStore & { text: string | null } {
  return {
    text: null,
    read() {
      return this.text;
    },
    write(text) {
      this.text = text;
    },
  };
}

/** A database that was restored is noticed, by whoever looks first, once; and what is only elsewhere is not taken for a restored one. */
eachDatabase('a new epoch', (current) => {
  let acme: AcmeOperations;
  let store: ReturnType<typeof witnessStore>;
  let watch: EpochWatch;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    store = witnessStore();
    watch = createEpochWatch(acme.world, store, LOG);
    await noteLoaded(acme.world, acme.rules.current());
    await sequenceAll(current());
  });

  const number = async (of = watch) => (await of.look()).number;
  const entries = async (kind: string) => {
    const { rows } = await sql<{ facts: Record<string, unknown> }>`
      select body::jsonb -> 'facts' as facts from (
        select body, id as place, 1 as waits from ledger_outbox union all select body, seq, 0 from ledger_entry) as every
      where body::jsonb ->> 'kind' = ${kind} order by waits, place`.execute(current().db);
    return rows.map(({ facts }) => facts);
  };
  const grow = async (count = 3) => {
    await write(current(), count);
    await sequenceAll(current());
  };
  const stateOf = async (id: RequestId) => {
    const { rows } = await sql<{ state: string }>`select state from request where id = ${id}`.execute(current().db);
    return rows[0]?.state;
  };

  test('does not begin while the log only grows, for a node that runs and for one that starts again', async () => {
    expect(await number()).toBe(1);
    await grow();
    expect(await number()).toBe(1);
    await grow();
    expect(await number(createEpochWatch(acme.world, store, LOG))).toBe(1);
    expect(await entries('epoch.began')).toEqual([]);
  });

  test('begins when rows are put back under a running node: the log is shorter than what it has seen', async () => {
    await number();
    const copy = await copyOf(current());
    await grow();
    await number();
    await restore(current(), copy);
    expect(await number()).toBe(2);
    expect(await number()).toBe(2);
    expect(watch.current()?.cause).toBe('log-went-back');
    const [began] = await entries('epoch.began');
    expect(began).toMatchObject({ number: 2, cause: 'log-went-back', size: 1, seen: { size: 4 } });
  });

  test('begins although the log has grown beyond what was seen: it is another one', async () => {
    await number();
    const copy = await copyOf(current());
    await grow(3);
    await number();
    await restore(current(), copy);
    await grow(9);
    expect(await number()).toBe(2);
  });

  test('begins when nothing was signed since, but the epoch that was seen is gone', async () => {
    const copy = await copyOf(current());
    await number();
    await watch.restored();
    await restore(current(), copy);
    await sql`insert into epoch (id, number, began_at) values (repeat('a', 32), 1, app_now())`.execute(current().db);
    expect(await number()).toBe(3);
  });

  test('begins at a start after everything stood still, by the file that was kept outside', async () => {
    await number();
    const copy = await copyOf(current());
    await grow();
    await number();
    await restore(current(), copy);
    expect(await number(createEpochWatch(acme.world, store, LOG))).toBe(2);
  });

  test('does not begin for what was kept of another log: a database that was begun anew with a new key was not restored', async () => {
    const copy = await copyOf(current());
    await grow();
    await number();
    await restore(current(), copy);
    expect(await number(createEpochWatch(acme.world, store, createSigner(SIGNER.origin, makeEd25519Pem()).vkey))).toBe(
      1,
    );
    expect(await entries('epoch.began')).toEqual([]);
  });

  test('begins once for all nodes: others follow, also one that has seen more of what is lost, and one that stood still', async () => {
    const nodes = [witnessStore(), witnessStore(), witnessStore()].map((one) => createEpochWatch(acme.world, one, LOG));
    for (const node of nodes) await node.look();
    const copy = await copyOf(current());
    await grow();
    for (const node of nodes.slice(1)) await node.look();
    await grow();
    await nodes[2]?.look();
    await restore(current(), copy);
    const ids = await Promise.all(nodes.map(async (node) => (await node.look()).id));
    await grow();
    for (const node of nodes) ids.push((await node.look()).id);
    expect(new Set(ids.slice(-3)).size).toBe(1);
    expect(await entries('epoch.began')).toHaveLength(1);
  });

  test('begins again when the same copy is restored a second time', async () => {
    await number();
    const copy = await copyOf(current());
    await grow();
    await number();
    await restore(current(), copy);
    const first = await watch.look();
    await restore(current(), copy);
    const second = await watch.look();
    expect([first.number, second.number]).toEqual([2, 3]);
    expect(second.id).not.toBe(first.id);
  });

  test('begins when a dump was restored elsewhere, or its tables were dropped and made anew, whatever is left of the log', async () => {
    await number();
    for (const column of ['cluster', 'database_oid', 'table_oid']) {
      await sql.raw(`update epoch set ${column} = '4711'`).execute(current().db);
      expect(await number(createEpochWatch(acme.world, witnessStore(), LOG))).toBeGreaterThan(1);
      expect((await entries('epoch.began')).at(-1)).toMatchObject({ cause: 'copied' });
      await sql.raw(`update epoch set ${column} = '4711'`).execute(current().db);
      const before = (await entries('epoch.began')).length;
      await watch.look();
      expect((await entries('epoch.began')).length).toBe(before + 1);
    }
  });

  test('does not begin when a replica took over and nothing is missing; a node that cannot know takes it for a restore', async () => {
    await number();
    await sql`update epoch set timeline = 99`.execute(current().db);
    expect(await number()).toBe(1);
    expect(await entries('epoch.kept')).toMatchObject([{ number: 1, before: 99 }]);
    expect(await number()).toBe(1);
    expect(await entries('epoch.kept')).toHaveLength(1);
    await sql`update epoch set timeline = 99`.execute(current().db);
    expect(await number(createEpochWatch(acme.world, witnessStore(), LOG))).toBe(2);
    expect((await entries('epoch.began')).at(-1)).toMatchObject({ cause: 'another-timeline' });
  });

  test('begins because the operator says so', async () => {
    expect((await watch.restored()).number).toBe(2);
    expect(await number()).toBe(2);
    expect(await entries('epoch.began')).toMatchObject([{ cause: 'said-by-operator', seen: null }]);
  });

  test('is kept in memory where the disk takes no file', async () => {
    const deaf = createEpochWatch(acme.world, { read: () => 'no witness', write: () => expect.unreachable() }, LOG);
    await deaf.look();
    const copy = await copyOf(current());
    await grow();
    await deaf.look();
    await restore(current(), copy);
    expect((await deaf.look()).number).toBe(2);
  });

  test('voids what is pending, codes and sign-ins; grants, orders and answers to repeated requests stay', async () => {
    const ana = await acme.as('ana');
    const bo = await acme.as('bo');
    const approved = got(await requestAccess(acme.world, ana, ASK)).id;
    const grant = got(await approveRequest(acme.world, bo, approved, {})).grants[0];
    const pending = got(await requestAccess(acme.world, ana, ASK)).id;
    got(await orderRevocation(acme.world, await acme.as('ivo'), { target: 'aws/staging', reason: 'A lost laptop' }));
    const payload = { sealed: 'x', grantId: null, uid: null, userCodeHash: null, expiresAt: null };
    const idHash = 'a'.repeat(64);
    const whose = { person: null, signIn: null, savedAt: acme.world.clock.now() };
    await saveOidcPayload(current().db, { model: 'RefreshToken', idHash, ...payload, ...whose });
    await sql`insert into browser_session (id, person_id, created_at, used_at, rotated_at, ends_at, csrf, agent, company_subject)
      values ('one', ${ana.person}, app_now(), app_now(), app_now(), app_now(), 'x', 'x', ${idHash})`.execute(
      current().db,
    );
    await sql`insert into session_token (hash, session_id) values (${idHash}, 'one')`.execute(current().db);
    await sql`insert into passkey_challenge (challenge_hash, purpose, person_id, expires_at)
      values (${idHash}, 'step-up', ${ana.person}, app_now())`.execute(current().db);
    await sql`insert into admin_code (hash, expires_at, tries_left) values (sha256('x'), app_now(), 1)`.execute(
      current().db,
    );
    await reserveKey(current().db, ana.person, 'k', 'f', acme.world.clock.now());
    const orders = await sql`select * from revocation`.execute(current().db);

    await watch.restored();

    expect([await stateOf(approved), await stateOf(pending)]).toEqual(['approved', 'lapsed']);
    expect(await entries('request.lapsed')).toEqual([{ cause: 'new-epoch' }]);
    const shown = async () => got(await showRequest(acme.world, ana, pending));
    const because = { lapseCause: 'new-epoch', next: expect.stringContaining('restored from a backup') as string };
    expect(await shown()).toMatchObject(because);
    expect(await approveRequest(acme.world, bo, pending, {})).toMatchObject({
      refusal: { code: 'request-lapsed', detail: expect.stringContaining('restored from a backup') as string },
    });
    // An older version wrote no cause.
    await sql`update request set lapse_cause = null where id = ${pending}`.execute(current().db);
    expect(await shown()).toMatchObject(because);
    expect(await entries('epoch.began')).toMatchObject([{ lapsed: 1 }]);
    expect(await findOidcPayload(current().db, 'RefreshToken', { idHash })).toBeNull();
    for (const table of ['browser_session', 'session_token', 'passkey_challenge', 'admin_code'])
      expect((await sql`select from ${sql.table(table)}`.execute(current().db)).rows).toEqual([]);
    expect((await sql`select * from revocation`.execute(current().db)).rows).toEqual(orders.rows);
    expect(await reserveKey(current().db, ana.person, 'k', 'f', acme.world.clock.now())).toMatchObject({
      kind: 'taken',
    });
    expect(grant).toBeDefined();
    expect(code(await approveRequest(acme.world, bo, pending, {}))).not.toBe('ok');
  });

  test('all of it is one transaction: what cannot be written to the log has not happened', async () => {
    const pending = got(await requestAccess(acme.world, await acme.as('ana'), ASK)).id;
    await number();
    const failing = { ...acme.world, append: () => Promise.reject(new Error('the log is full')) };
    await expect(createEpochWatch(failing, witnessStore(), LOG).restored()).rejects.toThrow('the log is full');
    expect(await stateOf(pending)).toBe('pending');
    expect(await number()).toBe(1);
  });

  test('the documents in force are written down again, because the copy may not know them', async () => {
    const copy = await copyOf(current());
    await number();
    acme.edit((file) => ({ ...file, text: `${file.text}\n` }));
    await acme.reload();
    await grow();
    await number();
    await restore(current(), copy);
    await number();
    expect((await requestAccess(acme.world, await acme.as('ana'), ASK)).ok).toBe(true);
  });

  test('only moves on, whoever writes the row', async () => {
    await watch.restored();
    const refused = async (text: string) =>
      sql
        .raw(text)
        .execute(current().db)
        .then(
          () => null,
          (error: { constraint?: string }) => error.constraint,
        );
    expect(await refused('update epoch set number = 1')).toBe('epoch_only_moves_on');
    expect(await refused("update epoch set id = repeat('b', 32)")).toBe('epoch_only_moves_on');
    expect(await refused('delete from epoch')).toBe('epoch_only_moves_on');
  });

  test('an ordinary role of the database may ask where it lives', async () => {
    const { cluster, timeline, database, table } = await readWhereabouts(current().db);
    expect(cluster).toMatch(/^\d{15,}$/);
    expect(timeline).toBe(1);
    expect([database, table].every((oid) => /^\d+$/.test(oid ?? ''))).toBe(true);
  });
});
