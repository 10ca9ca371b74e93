import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sql, type KyselyPlugin } from 'kysely';
import { inclusionPath, leafHash, MerkleAccumulator, rangeHash, rootFromInclusion } from '../../src/ledger/merkle.ts';
import { createSigner } from '../../src/ledger/note.ts';
import { LogInconsistent } from '../../src/ledger/log-inconsistent.ts';
import { sequence } from '../../src/ledger/sequencer.ts';
import { appendToTiles, overTiles } from '../../src/ledger/tiles.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { appNow } from '../../src/store/database.ts';
import { headSize, latestCheckpoint, readEntries } from '../../src/store/ledger-entries.ts';
import { outboxSize } from '../../src/store/ledger-outbox.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, SIGNER, tamper, verifyStored, write } from './ledger-under-test.ts';

/** Lets `after` queries through and fails the next one: a crash at that point. */
function crashing(after: number): KyselyPlugin & { readonly hit: () => boolean } {
  let count = 0;
  return {
    hit: () => count > after,
    transformQuery({ node }) {
      count += 1;
      if (count > after) throw new Error('crash');
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

eachDatabase('ledger sequencer', (current) => {
  test('places follow the order in which entries were written', async () => {
    for (let n = 0; n < 5; n += 1)
      await write(current(), 1, { kind: 'engine.clock-refused', facts: { clockOffsetMs: n } });
    await sequenceAll(current());
    const versions = (await readEntries(current().db, 0, 10)).map(
      ({ body }) => /"clockOffsetMs":(\d)/.exec(body)?.[1] ?? '',
    );
    expect(versions).toEqual(['0', '1', '2', '3', '4']);
  });

  test('after a crash at any query nothing is half done, and the next pass does all of it once', async () => {
    let crashes = 0;
    for (let after = 0; ; after += 1) {
      const before = await headSize(current().db);
      await write(current(), 3);
      const plugin = crashing(after);
      const attempt = sequence(current().db.withPlugin(plugin), SIGNER, await appNow(current().db));
      if (
        plugin.hit() ||
        (await attempt.then(
          () => false,
          () => true,
        ))
      ) {
        await expect(attempt).rejects.toThrow('crash');
        crashes += 1;
        expect(await headSize(current().db)).toBe(before);
        expect((await readEntries(current().db, before, 10)).length).toBe(0);
        expect((await latestCheckpoint(current().db))?.size ?? 0).toBe(before);
        expect(await outboxSize(current().db)).toBe(3);
      } else {
        break;
      }
      await sequenceAll(current());
      expect(await headSize(current().db)).toBe(before + 3);
    }
    expect(crashes).toBeGreaterThan(8);
    expect(await verifyStored(current())).toMatchObject({ ok: true, entries: (crashes + 1) * 3 });
  });

  test('of several nodes one at a time gives places, while others write', async () => {
    let isWriting = true;
    const node = async () => {
      for (;;) {
        const wasWriting = isWriting;
        const count = await sequence(current().db, SIGNER, await appNow(current().db));
        if (count === 0 && !wasWriting) return;
      }
    };
    const writer = async () => {
      for (let n = 0; n < 20; n += 1) await write(current(), 3);
    };
    const nodes = [node(), node(), node()];
    await Promise.all([writer(), writer(), writer()]);
    isWriting = false;
    await Promise.all(nodes);
    expect(await verifyStored(current())).toMatchObject({ ok: true, entries: 180 });
    expect(await outboxSize(current().db)).toBe(0);
  });

  test('without anything to do nothing is written, not even a lock', async () => {
    await write(current(), 1);
    await sequenceAll(current());
    const head = () => sql`select xmin, xmax from ledger_head`.execute(current().db).then(({ rows }) => rows);
    const before = await head();
    expect(await sequence(current().db, SIGNER, await appNow(current().db))).toBe(0);
    expect(await head()).toEqual(before);
  });

  test('roots and proofs out of tiles are those of the plain tree, however it grew', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (batches, pick) => {
        const undo = new Error('undo');
        const grow = current()
          .db.transaction()
          .execute(async (trx) => {
            const tree = new MerkleAccumulator();
            const roots: (readonly [number, Uint8Array])[] = [];
            for (const count of batches) {
              const leaves = Array.from({ length: count }, (_, n) => leafHash(`${tree.size + n}`));
              await appendToTiles(trx, tree.size, leaves);
              for (const leaf of leaves) tree.add(leaf);
              const root = await overTiles(trx, (read) => rangeHash(read, 0, tree.size));
              expect(Buffer.from(root).toString('hex')).toBe(Buffer.from(tree.root()).toString('hex'));
              roots.push([tree.size, root]);
            }
            const seq = pick % tree.size;
            const path = await overTiles(trx, (read) => inclusionPath(read, seq, tree.size));
            const proven = rootFromInclusion(leafHash(`${seq}`), seq, tree.size, path);
            expect(Buffer.from(proven ?? []).equals(tree.root())).toBe(true);
            // The same tiles give the roots of every earlier size.
            for (const [size, root] of roots) {
              const again = await overTiles(trx, (read) => rangeHash(read, 0, size));
              expect(Buffer.from(again).equals(root)).toBe(true);
            }
            throw undo;
          });
        await expect(grow).rejects.toBe(undo);
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test.each([
    ['a hash on the right edge', `update ledger_tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)`],
    ['a tile that is gone', `delete from ledger_tile`],
    ['a head that went back', `update ledger_head set size = 1`],
    ['a head that is gone', `delete from ledger_head`],
    ['checkpoints that are gone', `delete from ledger_checkpoint`],
    [
      'a checkpoint that was changed',
      `update ledger_checkpoint set note = translate(note, '0123456789', '1234567890')`,
    ],
  ])('nothing is signed over %s', async (_, statement) => {
    await write(current(), 3);
    await sequenceAll(current());
    await tamper(current(), statement);
    await write(current(), 1);
    const signed = await latestCheckpoint(current().db);
    await expect(sequenceAll(current())).rejects.toBeInstanceOf(LogInconsistent);
    expect(await latestCheckpoint(current().db)).toEqual(signed);
    expect(await outboxSize(current().db)).toBe(1);
  });

  test('nothing is signed with another key, or under another name, than the log has', async () => {
    await write(current(), 1);
    await sequenceAll(current());
    await write(current(), 1);
    const at = await appNow(current().db);
    for (const origin of [SIGNER.origin, 'other.test/log']) {
      const stranger = createSigner(origin, makeEd25519Pem());
      await expect(sequence(current().db, stranger, at)).rejects.toThrow("was not signed by this log's key");
    }
  });
});
