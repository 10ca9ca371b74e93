import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeEd25519Pem } from '../platform/key-files.ts';
import { leafHash, MerkleAccumulator } from './merkle.ts';
import { createSigner, signCheckpoint } from './note.ts';
import { verifyLog, type ExportedCheckpoint, type ExportedEntry, type VerifyReport } from './verify.ts';

const newSigner = () => createSigner('curfew.test/log', makeEd25519Pem());
const SIGNER = newSigner();

interface Log {
  entries: ExportedEntry[];
  checkpoints: ExportedCheckpoint[];
}

const hex = (body: string): string => leafHash(body).toString('hex');
const bodyOf = (id: number): string => `{"id":"${id}","kind":"ledger.read","v":1}`;

/** A log of `size` entries with a checkpoint after every `every` of them. */
function makeLog(size: number, every = 4, signer = SIGNER): Log {
  return logOf(bodies(size), every, signer);
}

/** A log of such bodies. */
function logOf(bodies: readonly string[], every = 4, signer = SIGNER): Log {
  const tree = new MerkleAccumulator();
  const log: Log = { entries: [], checkpoints: [] };
  for (const [seq, body] of bodies.entries()) {
    log.entries.push({ seq, body, leaf: hex(body) });
    tree.add(leafHash(body));
    if (tree.size % every === 0 || tree.size === bodies.length)
      log.checkpoints.push({ size: tree.size, note: signCheckpoint(signer, tree.size, tree.root()) });
  }
  return log;
}

/** Puts bodies into the places of a log, whose stored hashes stay what they were; beyond its end there are none. */
function withBodies(log: Log, bodies: readonly string[]): Log {
  return { ...log, entries: bodies.map((body, seq) => ({ seq, body, leaf: log.entries[seq]?.leaf ?? '' })) };
}

function verify(log: Log, remembered?: { size: number; root: string }): Promise<VerifyReport> {
  return verifyLog(
    {
      async *entries() {
        yield* log.entries;
      },
      async *checkpoints() {
        yield* log.checkpoints;
      },
    },
    { vkey: SIGNER.vkey, ...(remembered === undefined ? {} : { remembered }) },
  );
}

test('what an entry refers to may stand in one that is not shown, and only there', async () => {
  const kind = 'administration.refused';
  const log = logOf([bodyOf(0), JSON.stringify({ kind, facts: { proposal: 'prp_1' }, actor: { id: 'per_1' } })]);
  expect(await verify(log)).toMatchObject({ ok: false, fault: null, approvals: { faults: [{ seq: 1 }] } });
  const entries = log.entries.map((entry) => (entry.seq === 0 ? { ...entry, body: null } : entry));
  expect(await verify({ ...log, entries })).toMatchObject({ ok: true, approvals: { faults: [] } });
});

const bodies = (size: number) => Array.from({ length: size }, (_, seq) => bodyOf(seq));

test('a log verifies from leaf hashes as well, whatever bodies are there, and no leaf is believed that was not signed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 120 }), fc.infiniteStream(fc.boolean()), async (size, hides) => {
      const log = makeLog(size);
      const entries = log.entries.map((entry) => (hides.next().value === true ? { ...entry, body: null } : entry));
      const readInFull = entries.filter(({ body }) => body !== null).length;
      expect(await verify({ ...log, entries })).toMatchObject({ ok: true, entries: size, readInFull, fault: null });
    }),
    { numRuns: 60 },
  );
  const log = makeLog(8);
  const withLeaf = (leaf: string) =>
    verify({ ...log, entries: log.entries.map((entry) => (entry.seq === 5 ? { seq: 5, body: null, leaf } : entry)) });
  expect(await withLeaf(log.entries[4]?.leaf ?? '')).toMatchObject({
    ok: false,
    fault: { kind: 'edited', seq: 4, until: 7 },
  });
  for (const leaf of ['', 'aa', 'no hash'])
    expect(await withLeaf(leaf)).toMatchObject({ ok: false, fault: { kind: 'edited', seq: 5 } });
});

test('a log of any size with any checkpoints verifies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 40 }), async (size, every) => {
      const report = await verify(makeLog(size, every));
      expect(report).toMatchObject({ ok: true, entries: size, fault: null });
      expect(report.verified?.size ?? 0).toBe(size);
    }),
    { numRuns: 30 },
  );
});

describe('the first entry that is wrong is named, and what was done to it', () => {
  const SIZE = 20;
  const place = fc.nat(SIZE - 1);

  test('edited', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (seq) => {
        const changed = bodies(SIZE).with(seq, bodyOf(1_000));
        const report = await verify(withBodies(makeLog(SIZE), changed));
        expect(report.fault).toMatchObject({ kind: 'edited', seq });
        expect(report.fault?.until).toBeUndefined();
      }),
    );
  });

  test('removed, leaving a gap', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (seq) => {
        const log = makeLog(SIZE);
        const report = await verify({ ...log, entries: log.entries.filter((entry) => entry.seq !== seq) });
        expect(report.fault).toMatchObject({ kind: 'removed', seq });
      }),
    );
  });

  test('removed, with the later ones renumbered', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 3 }), async (seq, count) => {
        const report = await verify(withBodies(makeLog(SIZE), bodies(SIZE).toSpliced(seq, count)));
        expect(report.fault).toMatchObject({ kind: 'removed', seq });
      }),
    );
  });

  test('inserted', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (seq) => {
        const report = await verify(withBodies(makeLog(SIZE), bodies(SIZE).toSpliced(seq, 0, bodyOf(1_000))));
        expect(report.fault).toMatchObject({ kind: 'inserted', seq });
      }),
    );
  });

  test('inserted, with the last one dropped so that the size is right', async () => {
    const report = await verify(withBodies(makeLog(SIZE), bodies(SIZE).toSpliced(7, 0, bodyOf(1_000)).slice(0, SIZE)));
    expect(report.fault).toMatchObject({ kind: 'inserted', seq: 7 });
  });

  test('reordered: two exchanged, or one moved', async () => {
    await fc.assert(
      fc.asyncProperty(place, place, fc.boolean(), async (one, other, exchange) => {
        fc.pre(one !== other);
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const order = exchange
          ? bodies(SIZE).with(first, bodyOf(last)).with(last, bodyOf(first))
          : bodies(SIZE).toSpliced(first, 1).toSpliced(last, 0, bodyOf(first));
        const report = await verify(withBodies(makeLog(SIZE), order));
        expect(report.fault).toMatchObject({ kind: 'reordered', seq: first });
      }),
    );
  });

  test('of several changes the first is named', async () => {
    const log = withBodies(makeLog(SIZE), bodies(SIZE).with(9, bodyOf(1_000)).with(15, bodyOf(1_001)));
    expect((await verify({ ...log, entries: log.entries.filter(({ seq }) => seq !== 10) })).fault?.seq).toBe(9);
    expect((await verify(log)).fault).toMatchObject({ kind: 'edited', seq: 9 });
  });

  test('a stored hash that was changed beside an honest body', async () => {
    const log = makeLog(SIZE);
    log.entries[6] = { seq: 6, body: bodyOf(6), leaf: hex('other') };
    const report = await verify(log);
    expect(report).toMatchObject({ ok: false, fault: { kind: 'edited', seq: 6 } });
    expect(report.fault?.message).toContain('its body is what was signed');
    log.entries[13] = { seq: 13, body: bodyOf(1_000), leaf: hex(bodyOf(13)) };
    expect((await verify(log)).fault).toMatchObject({ kind: 'edited', seq: 13 });
  });
});

test('whoever changes every stored hash as well is bracketed between two checkpoints', async () => {
  const log = makeLog(20);
  for (const seq of [9, 10]) log.entries[seq] = { seq, body: bodyOf(19 - seq), leaf: hex(bodyOf(19 - seq)) };
  expect((await verify(log)).fault).toMatchObject({ seq: 8, until: 11 });
});

test('entries cut off the end, and entries that nobody signed, are named', async () => {
  const log = makeLog(20);
  expect((await verify({ ...log, entries: log.entries.slice(0, 18) })).fault).toMatchObject({
    kind: 'removed',
    seq: 18,
  });
  expect((await verify({ ...log, checkpoints: log.checkpoints.slice(0, -1) })).fault).toMatchObject({
    kind: 'unsigned-tail',
    seq: 16,
    until: 19,
  });
});

test('a checkpoint by another key, about another size, or changed, does not hold', async () => {
  const log = makeLog(8);
  const [first, second] = log.checkpoints;
  const [foreign] = makeLog(8, 4, newSigner()).checkpoints;
  if (first === undefined || second === undefined || foreign === undefined) throw new Error('no checkpoints');
  const wrong = [
    [foreign, second],
    [{ size: 3, note: first.note }, second],
    [{ size: 4, note: first.note.replace('\n4\n', '\n5\n') }, second],
    [{ size: 4, note: second.note }, second],
    [{ size: 4, note: '' }, second],
  ];
  for (const checkpoints of wrong)
    expect((await verify({ ...log, checkpoints })).fault).toMatchObject({ kind: 'bad-checkpoint', seq: 0 });
});

test('a past that was rewritten and signed again differs from what was remembered', async () => {
  const { verified } = await verify(makeLog(10));
  const rewritten = makeLog(20);
  rewritten.entries[3] = { seq: 3, body: bodyOf(1_000), leaf: hex(bodyOf(1_000)) };
  const tree = new MerkleAccumulator();
  for (const entry of rewritten.entries) tree.add(Buffer.from(entry.leaf, 'hex'));
  rewritten.checkpoints = [{ size: 20, note: signCheckpoint(SIGNER, 20, tree.root()) }];
  expect((await verify(rewritten)).ok).toBe(true);
  expect((await verify(rewritten, verified ?? undefined)).fault).toMatchObject({ kind: 'history-changed', seq: 0 });
  expect((await verify(makeLog(7), verified ?? undefined)).fault).toMatchObject({ kind: 'removed', seq: 7 });
  expect((await verify(makeLog(20), verified ?? undefined)).ok).toBe(true);
});

test('a grant that ended twice is reported although the log holds', async () => {
  const log = makeLog(0);
  const tree = new MerkleAccumulator();
  for (const [seq, id] of ['a', 'b'].entries()) {
    const body = `{"id":"${id}","kind":"grant.ended","subjects":{"grant":"grt_x"}}`;
    log.entries.push({ seq, body, leaf: hex(body) });
    tree.add(leafHash(body));
  }
  log.checkpoints = [{ size: 2, note: signCheckpoint(SIGNER, 2, tree.root()) }];
  expect(await verify(log)).toMatchObject({ ok: false, fault: null, terminalEvents: { duplicates: ['grt_x'] } });
});
