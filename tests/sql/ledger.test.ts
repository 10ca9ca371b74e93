import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { createAppend } from '../../src/ledger/append.ts';
import type { NewEntry } from '../../src/ledger/entry.ts';
import { rootFromInclusion } from '../../src/ledger/merkle.ts';
import { createSigner, openCheckpoint } from '../../src/ledger/note.ts';
import { erasePerson, readPersonal } from '../../src/ledger/personal.ts';
import { proveConsistency, proveEntry } from '../../src/ledger/prove.ts';
import { sequence } from '../../src/ledger/sequencer.ts';
import { verifyLog, type VerifyReport } from '../../src/ledger/verify.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { latestCheckpoint, readCheckpoints, readEntries } from '../../src/store/ledger-entries.ts';
import { eachDatabase } from './harness.ts';

const MASTER_KEY = systemRandom.bytes(32);
const SIGNER = createSigner('curfew.test/log', makeEd25519Pem());
const append = createAppend(MASTER_KEY, systemRandom);
const PERSON = newId(systemRandom, 'per');

async function write(database: Database, count: number, entry: Partial<NewEntry> = {}): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    const at = await appNow(trx);
    for (let n = 0; n < count; n += 1) {
      await append(trx, {
        kind: 'request.lapsed',
        at,
        actor: { kind: 'system', id: 'test' },
        subjects: {},
        facts: {},
        ...entry,
      });
    }
  });
}

async function sequenceAll(database: Database): Promise<void> {
  while ((await sequence(database.db, SIGNER, await appNow(database.db))) > 0);
}

function verifyStored(database: Database, remembered?: { size: number; root: string }): Promise<VerifyReport> {
  return verifyLog(
    {
      async *entries() {
        for (const row of await readEntries(database.db, 0, 10_000)) {
          yield { seq: row.seq, body: row.body, leaf: Buffer.from(row.leaf).toString('hex') };
        }
      },
      async *checkpoints() {
        yield* await readCheckpoints(database.db, 0, 10_000);
      },
    },
    { vkey: SIGNER.vkey, ...(remembered === undefined ? {} : { remembered }) },
  );
}

/** Changes rows as somebody who owns the database could. */
async function tamper(database: Database, statement: string): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql.raw(statement).execute(trx);
  });
}

eachDatabase('ledger', (current) => {
  test('entries get their places, and the whole log verifies', async () => {
    for (const count of [1, 3, 700]) {
      await write(current(), count);
      await sequenceAll(current());
    }
    const report = await verifyStored(current());
    expect(report).toMatchObject({ ok: true, entries: 704, fault: null });
    expect(report.verified?.size).toBe(704);
  });

  test('an entry is written with its change or not at all', async () => {
    await expect(
      current()
        .db.transaction()
        .execute(async (trx) => {
          const at = await appNow(trx);
          await append(trx, {
            kind: 'request.lapsed',
            at,
            actor: { kind: 'system', id: 'test' },
            subjects: {},
            facts: {},
          });
          throw new Error('the change failed');
        }),
    ).rejects.toThrow('the change failed');
    await sequenceAll(current());
    expect(await readEntries(current().db, 0, 10)).toEqual([]);
  });

  test('a field that is not classified is secret and is refused', async () => {
    await expect(write(current(), 1, { facts: { sessionToken: 'abc' } })).rejects.toThrow(
      'field "sessionToken" of request.lapsed is not classified',
    );
  });

  test.each([
    ['edited', `update ledger_entry set body = replace(body, 'request.lapsed', 'request.Lapsed') where seq = 5`, 5],
    ['removed', `delete from ledger_entry where seq = 5`, 5],
    ['removed', `delete from ledger_entry where seq >= 5`, 5],
  ])('an entry that was %s is named', async (kind, statement, seq) => {
    await write(current(), 9);
    await sequenceAll(current());
    await tamper(current(), statement);
    expect((await verifyStored(current())).fault).toMatchObject({ kind, seq });
  });

  test('two entries that were exchanged are named', async () => {
    await write(current(), 9);
    await sequenceAll(current());
    await tamper(current(), `update ledger_entry set seq = 1000 where seq = 3`);
    await tamper(current(), `update ledger_entry set seq = 3 where seq = 4`);
    await tamper(current(), `update ledger_entry set seq = 4 where seq = 1000`);
    expect((await verifyStored(current())).fault).toMatchObject({ seq: 0, until: 8, kind: 'edited' });
  });

  test('whoever edits an entry and recomputes its leaf hash is bracketed between two checkpoints', async () => {
    for (let n = 0; n < 4; n += 1) {
      await write(current(), 2);
      await sequenceAll(current());
    }
    await tamper(
      current(),
      `update ledger_entry set body = body || ' ', leaf = sha256(decode('00', 'hex') || convert_to(body || ' ', 'UTF8')) where seq = 5`,
    );
    expect((await verifyStored(current())).fault).toMatchObject({ kind: 'edited', seq: 4, until: 5 });
  });

  test('a log that was cut back, checkpoints and all, is noticed by whoever remembers it', async () => {
    await write(current(), 4);
    await sequenceAll(current());
    await write(current(), 4);
    await sequenceAll(current());
    const before = await verifyStored(current());
    await tamper(current(), `delete from ledger_entry where seq >= 4`);
    await tamper(current(), `delete from ledger_checkpoint where size > 4`);
    expect((await verifyStored(current())).ok).toBe(true);
    expect((await verifyStored(current(), before.verified ?? undefined)).fault).toMatchObject({
      kind: 'removed',
      seq: 4,
    });
  });

  test('nothing is signed over a log that contradicts its last checkpoint', async () => {
    await write(current(), 300);
    await sequenceAll(current());
    await tamper(
      current(),
      `update ledger_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 0 and n = 1`,
    );
    await write(current(), 1);
    await expect(sequenceAll(current())).rejects.toThrow('contradicts its own signed checkpoint');
  });

  test('an entry is proven under the newest checkpoint, and older checkpoints are prefixes of it', async () => {
    await write(current(), 300);
    await sequenceAll(current());
    await write(current(), 250);
    await sequenceAll(current());
    const proof = await proveEntry(current().db, 257);
    const checkpoint = openCheckpoint(proof?.checkpoint ?? '', SIGNER.vkey);
    expect(checkpoint?.size).toBe(550);
    const path = (proof?.hashes ?? []).map((hash) => Buffer.from(hash, 'base64'));
    const root = rootFromInclusion(Buffer.from(proof?.leaf ?? '', 'hex'), 257, 550, path);
    expect(Buffer.from(root ?? []).equals(checkpoint?.root ?? Buffer.of())).toBe(true);
    expect(await proveEntry(current().db, 550)).toBeNull();
    expect((await proveConsistency(current().db, 300, 550)).length).toBeGreaterThan(0);
  });

  test('the signature of a checkpoint is plain Ed25519, which anybody can check', async () => {
    await write(current(), 1);
    await sequenceAll(current());
    const note = (await latestCheckpoint(current().db))?.note ?? '';
    const raw = Buffer.from(SIGNER.vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
    const [text, signatures] = [note.slice(0, note.indexOf('\n\n') + 1), note.slice(note.indexOf('\n\n') + 2)];
    const signature = Buffer.from(signatures.trim().split(' ')[2] ?? '', 'base64').subarray(4);
    expect(verifySignature(null, Buffer.from(text), key, signature)).toBe(true);
    expect(verifySignature(null, Buffer.from(text.replace('\n1\n', '\n2\n')), key, signature)).toBe(false);
  });

  test('a person is erased, and the log still verifies', async () => {
    await write(current(), 1, { kind: 'person.signed-in', personal: { key: { subject: PERSON, value: 'ana' } } });
    await sequenceAll(current());
    const [entry] = await readEntries(current().db, 0, 1);
    const id = entry?.entryId ?? '';
    expect(entry?.body).not.toContain('ana"');
    expect((await readPersonal(current().db, MASTER_KEY, [id])).get(id)).toEqual({ key: 'ana' });
    await current()
      .db.transaction()
      .execute((trx) => erasePerson(trx, PERSON));
    expect((await readPersonal(current().db, MASTER_KEY, [id])).size).toBe(0);
    expect((await verifyStored(current())).ok).toBe(true);
  });

  test.each([
    [`update ledger_entry set body = 'x'`, 'ledger_entry_is_append_only'],
    [`delete from ledger_entry`, 'ledger_entry_is_append_only'],
    [`truncate ledger_entry`, 'ledger_entry_is_append_only'],
    [`update ledger_checkpoint set size = 7`, 'ledger_checkpoint_is_append_only'],
    [`delete from ledger_checkpoint`, 'ledger_checkpoint_is_append_only'],
    [`delete from ledger_tile`, 'ledger_tile_is_append_only'],
    [`update ledger_tile set hashes = sha256('x')`, 'ledger_tile_only_grows'],
  ])('the database refuses: %s', async (statement, constraint) => {
    await write(current(), 2);
    await sequenceAll(current());
    await expect(sql.raw(statement).execute(current().db)).rejects.toMatchObject({ code: '23001', constraint });
  });
});
