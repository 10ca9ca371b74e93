import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { rootFromInclusion } from '../../src/ledger/merkle.ts';
import { openCheckpoint } from '../../src/ledger/note.ts';
import { readPersonal } from '../../src/ledger/personal.ts';
import { proveEntry } from '../../src/ledger/prove.ts';
import { appNow } from '../../src/store/database.ts';
import { readEntries } from '../../src/store/ledger-entries.ts';
import { eachDatabase } from './harness.ts';
import { append, MASTER_KEY, sequenceAll, SIGNER, tamper, verifyStored, write } from './ledger-under-test.ts';

const PERSON = newId(systemRandom, 'per');

/** SQL of the leaf hash, for whoever changes a body and covers it up. */
const HASH_OF = (body: string) => `sha256(decode('00', 'hex') || convert_to(${body}, 'UTF8'))`;
/** Puts a forged hash into its place in the first tile as well. */
const FORGE_TILE = (seq: number, hash: string) =>
  `update ledger_tile set hashes = overlay(hashes placing ${hash} from ${seq * 32 + 1} for 32) where level = 0 and n = 0`;

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
    ['edited', `update ledger_entry set body = body || ' ', leaf = ${HASH_OF(`body || ' '`)} where seq = 5`, 5],
    ['edited', `update ledger_entry set leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1) where seq = 5`, 5],
    ['edited', FORGE_TILE(5, `decode('${'00'.repeat(32)}', 'hex')`), 5],
    ['edited', `delete from ledger_tile where level = 0`, 0],
    ['removed', `delete from ledger_entry where seq = 5`, 5],
    ['removed', `delete from ledger_entry where seq >= 5`, 5],
  ])('an entry that was %s is named: %s', async (kind, statement, seq) => {
    await write(current(), 9);
    await sequenceAll(current());
    await tamper(current(), statement);
    expect((await verifyStored(current())).fault).toMatchObject({ kind, seq });
  });

  test('two entries that were exchanged, hashes and all, are named', async () => {
    await write(current(), 9);
    await sequenceAll(current());
    await tamper(
      current(),
      `update ledger_entry set seq = 1000 where seq = 3`,
      `update ledger_entry set seq = 3 where seq = 6`,
      `update ledger_entry set seq = 6 where seq = 1000`,
    );
    expect((await verifyStored(current())).fault).toEqual({
      kind: 'reordered',
      seq: 3,
      message: 'entry 3 now stands at 6, and in its place stands entry 6',
    });
  });

  test('an entry that was removed and covered up by renumbering is named', async () => {
    await write(current(), 9);
    await sequenceAll(current());
    const renumber = [4, 5, 6, 7, 8].map((seq) => `update ledger_entry set seq = ${seq - 1} where seq = ${seq}`);
    await tamper(current(), `delete from ledger_entry where seq = 3`, ...renumber);
    expect((await verifyStored(current())).fault).toMatchObject({ kind: 'removed', seq: 3 });
  });

  test('an entry that was slipped in is named', async () => {
    await write(current(), 9);
    await sequenceAll(current());
    const renumber = [8, 7, 6, 5, 4, 3].map((seq) => `update ledger_entry set seq = ${seq + 1} where seq = ${seq}`);
    const forged = `insert into ledger_entry (seq, entry_id, body, leaf) values (3, 'forged', '{}', ${HASH_OF(`'{}'`)})`;
    await tamper(current(), ...renumber, forged);
    expect((await verifyStored(current())).fault).toMatchObject({ kind: 'inserted', seq: 3 });
  });

  test('whoever forges every stored hash as well is bracketed between two checkpoints', async () => {
    for (let n = 0; n < 4; n += 1) {
      await write(current(), 2);
      await sequenceAll(current());
    }
    const forged = `'{"kind":"forged"}'`;
    await tamper(
      current(),
      `update ledger_entry set body = ${forged}, leaf = ${HASH_OF(forged)} where seq = 5`,
      FORGE_TILE(5, HASH_OF(forged)),
    );
    expect((await verifyStored(current())).fault).toMatchObject({ kind: 'edited', seq: 4, until: 5 });
  });

  test('a log that was cut back, checkpoints and all, is noticed by whoever remembers it', async () => {
    await write(current(), 4);
    await sequenceAll(current());
    await write(current(), 4);
    await sequenceAll(current());
    const before = await verifyStored(current());
    await tamper(current(), `delete from ledger_entry where seq >= 4`, `delete from ledger_checkpoint where size > 4`);
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

  test('an entry is proven under the newest checkpoint', async () => {
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
  });

  /** Signs Ana in, and returns the entry as it stands in the log. */
  const signedIn = async (value = 'ana') => {
    await write(current(), 1, { kind: 'person.signed-in', personal: { key: { subject: PERSON, value } } });
    await sequenceAll(current());
    const entry = (await readEntries(current().db, 0, 10)).at(-1);
    if (entry === undefined) throw new Error('the entry is there');
    return entry;
  };

  test('a commitment can be opened: the value and the salt that it was made of', async () => {
    const entry = await signedIn();
    expect(entry.body).not.toContain('"ana"');
    const [opening, ...more] = await readPersonal(current().db, MASTER_KEY, entry);
    expect([opening, more]).toMatchObject([{ field: 'key', subject: PERSON, value: 'ana' }, []]);
    const commitment = createHash('sha256')
      .update(opening?.salt ?? '')
      .update('ana')
      .digest('hex');
    expect(JSON.parse(entry.body)).toMatchObject({ commitments: { key: commitment } });
  });

  test('a body that commits to another value is noticed', async () => {
    const [entry, other] = [await signedIn(), await signedIn('bo')];
    const forged = { ...entry, body: other.body };
    await expect(readPersonal(current().db, MASTER_KEY, forged)).rejects.toThrow('commits to another key');
  });

  test.each([
    ['the key of a person', `delete from subject_key`],
    ['what lies beside the log', `delete from ledger_personal`],
  ])('without %s there is nothing to open, and the log still verifies', async (_, statement) => {
    const entry = await signedIn();
    await sql.raw(statement).execute(current().db);
    expect(await readPersonal(current().db, MASTER_KEY, entry)).toEqual([]);
    expect((await verifyStored(current())).ok).toBe(true);
    expect(await readPersonal(current().db, MASTER_KEY, await signedIn('ana again'))).toMatchObject([
      { value: 'ana again' },
    ]);
  });

  test('a sealed value cannot be moved to another entry', async () => {
    const [one, two] = [await signedIn('one'), await signedIn('two')];
    await tamper(
      current(),
      `update ledger_personal set entry_id = 'x' where entry_id = '${one.entryId}'`,
      `update ledger_personal set entry_id = '${one.entryId}' where entry_id = '${two.entryId}'`,
    );
    await expect(readPersonal(current().db, MASTER_KEY, one)).rejects.toThrow('unable to authenticate data');
  });

  test('a commitment is SHA-256 of salt and value, and nothing personal is in clear', async () => {
    await write(current(), 1, { kind: 'person.signed-in', personal: { key: { subject: PERSON, value: 'ana' } } });
    const { rows } = await sql<{ body: string; sealed: Uint8Array; wrapped: Uint8Array }>`
      select body, sealed, wrapped from ledger_outbox, ledger_personal, subject_key`.execute(current().db);
    const [row] = rows;
    expect(row?.body).toMatch(/"commitments":\{"key":"[0-9a-f]{64}"\}/);
    for (const bytes of [row?.sealed, row?.wrapped]) {
      expect(Buffer.from(bytes ?? []).length).toBeGreaterThan(0);
      expect(Buffer.from(bytes ?? []).includes('ana')).toBe(false);
      expect(Buffer.from(bytes ?? []).includes(MASTER_KEY)).toBe(false);
    }
  });

  test.each([
    [`update ledger_entry set body = 'x'`, 'ledger_entry_is_append_only'],
    [`delete from ledger_entry`, 'ledger_entry_is_append_only'],
    [`truncate ledger_entry`, 'ledger_entry_is_append_only'],
    [`update ledger_checkpoint set size = 7`, 'ledger_checkpoint_is_append_only'],
    [`delete from ledger_checkpoint`, 'ledger_checkpoint_is_append_only'],
    [`truncate ledger_checkpoint`, 'ledger_checkpoint_is_append_only'],
    [`delete from ledger_tile`, 'ledger_tile_is_append_only'],
    [`truncate ledger_tile`, 'ledger_tile_is_append_only'],
    [`update ledger_tile set hashes = sha256('x')`, 'ledger_tile_only_grows'],
    [`update ledger_tile set n = 7`, 'ledger_tile_keeps_its_place'],
    [`update ledger_tile set level = 7`, 'ledger_tile_keeps_its_place'],
    [`update ledger_outbox set body = 'x'`, 'ledger_outbox_is_append_only'],
    [`truncate ledger_outbox`, 'ledger_outbox_is_append_only'],
    [`update ledger_head set size = 1`, 'ledger_head_only_grows'],
    [`delete from ledger_head`, 'ledger_head_only_grows'],
    [`truncate ledger_head`, 'ledger_head_only_grows'],
  ])('the database refuses: %s', async (statement, constraint) => {
    await write(current(), 2);
    await sequenceAll(current());
    await write(current(), 1);
    await expect(sql.raw(statement).execute(current().db)).rejects.toMatchObject({ code: '23001', constraint });
  });

  test.each([
    [`insert into ledger_entry values (-1, 'a', '{}', sha256(''), null, null)`, 'ledger_entry_seq_starts_at_zero'],
    [`insert into ledger_entry values (9, 'a', '{}', 'short', null, null)`, 'ledger_entry_leaf_is_a_sha256'],
    [`insert into ledger_tile values (0, 9, 'short')`, 'ledger_tile_holds_whole_hashes'],
    [`insert into ledger_checkpoint values (9, 'short', '', app_now())`, 'ledger_checkpoint_root_is_a_sha256'],
    [`insert into ledger_head values (false, 0)`, 'ledger_head_is_one_row'],
  ])('the database refuses: %s', async (statement, constraint) => {
    await expect(sql.raw(statement).execute(current().db)).rejects.toMatchObject({ code: '23514', constraint });
  });
});
