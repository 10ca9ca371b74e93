import { spawnSync } from 'node:child_process';
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { proveEntry, type EntryProof } from '../../src/ledger/prove.ts';
import type { Database } from '../../src/store/database.ts';
import { readCheckpoints, readEntries } from '../../src/store/ledger-entries.ts';
import { eachDatabase, testEmbedded } from './harness.ts';
import { sequenceAll, SIGNER, write } from './ledger-under-test.ts';

/** Verification with tools that share no code with ours. */
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const HAS_OPENSSL = has('openssl', 'version') && has('openssl', 'pkeyutl', '-help');
const HAS_PYTHON = has('python3', '-c', 'import hashlib');
const VERIFIER = new URL('../../tools/verify-ledger.py', import.meta.url).pathname;

/** The 32 bytes of the log's public key, out of its verifier key. */
const RAW_KEY = Buffer.from(SIGNER.vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
const PUBLIC_KEY = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: RAW_KEY.toString('base64url') },
  format: 'jwk',
});

/** What was signed, and the signature, by the text of the specification alone. */
function partsOf(note: string): { text: Buffer; signature: Buffer } {
  const [text = '', line = ''] = note.split('\n\n');
  return {
    text: Buffer.from(`${text}\n`),
    signature: Buffer.from(line.trim().split(' ')[2] ?? '', 'base64').subarray(4),
  };
}

interface Export {
  entries: { seq: number; body: string | null; leaf: string }[];
  checkpoints: { size: number; note: string }[];
  proof: EntryProof;
}

/** The log as the API gives it. */
async function exportLog(database: Database): Promise<Export> {
  for (const count of [3, 300, 5]) {
    await write(database, count);
    await sequenceAll(database);
  }
  const entries = (await readEntries(database.db, 0, 1_000)).map(({ seq, body, leaf }) => ({
    seq,
    body,
    leaf: Buffer.from(leaf).toString('hex'),
  }));
  const checkpoints = (await readCheckpoints(database.db, 0, 1_000)).map(({ size, note }) => ({ size, note }));
  const proof = await proveEntry(database.db, 257);
  if (proof === null) throw new Error('no proof');
  return { entries, checkpoints, proof };
}

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'curfew-interop-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function python(log: Export, ...options: readonly string[]): { code: number | null; said: string } {
  return run(save(log), ...options);
}

/** Saves the answers of the API; `day` keeps those of another day beside them. */
function save(log: Export, day = ''): readonly string[] {
  const pages = {
    'checkpoints.json': { items: log.checkpoints, nextFrom: null },
    // Pages in any order.
    'entries-2.json': { items: log.entries.slice(200), nextFrom: log.entries.length },
    'entries-1.json': { items: log.entries.slice(0, 200), nextFrom: 200 },
    'proof.json': log.proof,
  };
  return Object.entries(pages).map(([name, page]) => {
    writeFileSync(join(folder, day + name), JSON.stringify(page));
    return join(folder, day + name);
  });
}

function run(files: readonly string[], ...options: readonly string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('python3', [VERIFIER, '--vkey', SIGNER.vkey, ...options, ...files], {
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

eachDatabase('ledger, verified by others', (current) => {
  test('node:crypto alone accepts the signature of a checkpoint, and rejects another size', async () => {
    const { checkpoints } = await exportLog(current());
    for (const { note } of checkpoints) {
      const { text, signature } = partsOf(note);
      expect(verifySignature(null, text, PUBLIC_KEY, signature)).toBe(true);
      const forged = Buffer.from(text.toString().replace(/\n\d+\n/, '\n9\n'));
      expect(verifySignature(null, forged, PUBLIC_KEY, signature)).toBe(false);
    }
  });

  test.skipIf(!HAS_OPENSSL)('openssl accepts it too, and rejects another size', async () => {
    const { checkpoints } = await exportLog(current());
    const { text, signature } = partsOf(checkpoints.at(-1)?.note ?? '');
    const path = (name: string) => join(folder, name);
    writeFileSync(path('key.pem'), PUBLIC_KEY.export({ format: 'pem', type: 'spki' }));
    writeFileSync(path('signature'), signature);
    const openssl = (bytes: Buffer) => {
      writeFileSync(path('text'), bytes);
      const args = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', path('key.pem'), '-in', path('text')];
      return spawnSync('openssl', [...args, '-sigfile', path('signature')]).status;
    };
    expect(openssl(text)).toBe(0);
    expect(openssl(Buffer.from(text.toString().replace('\n308\n', '\n309\n')))).toBe(1);
  });

  test.skipIf(!HAS_PYTHON)('verify-ledger.py accepts an export of which whoever made it may read a part', async () => {
    const log = await exportLog(current());
    const part = log.entries.map((entry) => (entry.seq % 3 === 0 ? entry : { ...entry, body: null }));
    expect(python({ ...log, entries: part })).toMatchObject({
      code: 0,
      said: expect.stringContaining('holds: 308 entries (205 of them by their leaf hashes alone)'),
    });
    // Together with somebody else's they are one log.
    expect(python({ ...log, entries: [...part, ...log.entries] })).toMatchObject({
      code: 0,
      said: expect.stringContaining('holds: 308 entries,'),
    });
    const forged = part.map((entry) => (entry.seq === 7 ? { ...entry, leaf: part[8]?.leaf ?? '' } : entry));
    expect(python({ ...log, entries: forged })).toMatchObject({
      code: 1,
      said: expect.stringContaining('is not what was signed'),
    });
  });

  test.skipIf(!HAS_PYTHON)('verify-ledger.py accepts the whole export', async () => {
    const log = await exportLog(current());
    const { code, said } = python(log);
    expect(said).toContain('holds: 308 entries, 3 checkpoints, 1 proofs');
    expect(code).toBe(0);
    const seen = /seen: (\S+)/.exec(said)?.[1] ?? '';
    expect(seen).toMatch(/^308:/);
    expect(python(log, '--seen', seen).code).toBe(0);
    expect(python(log, '--seen', `3:${seen.slice(4)}`)).toMatchObject({
      code: 1,
      said: expect.stringContaining('entries 0 to 2 are not those that were seen earlier'),
    });
  });
});

test.skipIf(!HAS_PYTHON)(
  'verify-ledger.py names what does not hold',
  async () => {
    const database = await testEmbedded();
    const log = await exportLog(database).finally(() => database.close());
    const changed = (change: (copy: Export) => void) => {
      const copy = structuredClone(log);
      change(copy);
      const { code, said } = python(copy);
      expect(code).toBe(1);
      return said;
    };
    const at = <Item>(items: readonly Item[], index: number): Item => {
      const item = items[index];
      if (item === undefined) throw new Error(`nothing at ${index}`);
      return item;
    };
    expect(changed(({ entries }) => void (at(entries, 7).body += ' '))).toContain('entry 7 is not what was signed');
    expect(changed(({ entries }) => void entries.splice(9, 1))).toContain('entry 9 is missing');
    expect(changed(({ entries }) => void entries.splice(306))).toContain('308 entries were signed, but there are 306');
    expect(changed(({ entries }) => void (at(entries, 5).leaf = '00'.repeat(32)))).toContain(
      'a stored hash of entry 5',
    );
    expect(changed(({ checkpoints }) => void checkpoints.pop())).toContain('entries 303 to 307 are covered by no');
    expect(
      changed(
        ({ checkpoints }) => void (at(checkpoints, 1).note = at(checkpoints, 1).note.replace('\n303\n', '\n302\n')),
      ),
    ).toContain('the checkpoint of 303 entries is not signed by this key');
    expect(changed((copy) => void (copy.proof = { ...copy.proof, hashes: copy.proof.hashes.toReversed() }))).toContain(
      'the proof of entry 257 does not lead to the signed root',
    );
    expect(changed((copy) => void (copy.proof = { ...copy.proof, seq: 258 }))).toContain('the proof of entry 258');
  },
  60_000,
);

test.skipIf(!HAS_PYTHON)(
  'verify-ledger.py takes exports of several days, and notices when they are not of one log',
  async () => {
    const database = await testEmbedded();
    const monday = await exportLog(database).finally(() => database.close());
    const files = save(monday);
    expect(run([...files, ...save(monday, 'tuesday-')]).said).toContain('holds: 308 entries, 3 checkpoints, 2 proofs');

    // The same operators, the same key, another history, each of them sound.
    const other = await testEmbedded();
    const tuesday = await exportLog(other).finally(() => other.close());
    expect(python(tuesday).code).toBe(0);
    const both = [...save(monday), ...save(tuesday, 'tuesday-')];
    for (const order of [both, both.toReversed()]) {
      const { code, said } = run(order);
      expect(code).toBe(1);
      expect(said).toContain('entry 0 was given twice, and differs');
      expect(said).toContain('two different checkpoints of 308 entries were given');
    }

    // What a proof says is a statement too.
    const [proof = ''] = both.filter((path) => path.endsWith('/tuesday-proof.json'));
    const [checkpoints = ''] = both.filter((path) => path.endsWith('/checkpoints.json'));
    expect(run([proof, checkpoints]).said).toContain('two different checkpoints of 308 entries were given');
    expect(run([proof, join(folder, 'proof.json')]).said).toContain('the proof of entry 257 is about another body');
  },
  60_000,
);

test.skipIf(!HAS_PYTHON)('verify-ledger.py says what it cannot read', () => {
  const runWith = (vkey: string) => spawnSync('python3', [VERIFIER, '--vkey', vkey, join(folder, 'none')]);
  for (const [vkey, message] of [
    [`other${SIGNER.vkey}`, 'the hash in the verifier key is not the one of its name and key'],
    ['curfew.test/log', 'this is not an Ed25519 verifier key'],
    [SIGNER.vkey, 'cannot read the export'],
  ] as const) {
    expect(runWith(vkey).stderr.toString()).toContain(message);
    expect(runWith(vkey).status).toBe(2);
  }
});
