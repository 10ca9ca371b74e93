import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leafHash, MerkleAccumulator } from '../../src/ledger/merkle.ts';
import { createSigner, signCheckpoint, type LogSigner } from '../../src/ledger/note.ts';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;
let signer: LogSigner;

const newSigner = () =>
  createSigner(
    'test.curfew/log',
    generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
const body = (seq: number, kind = 'ledger.read', subjects = {}) =>
  JSON.stringify({ v: 1, id: `e${seq}`, kind, subjects });
const entry = (seq: number, text = body(seq)) => ({ seq, body: text, leaf: leafHash(text).toString('hex') });

/** A log with a checkpoint after every tenth entry and at its end. */
function makeLog(bodies: readonly string[]): {
  entries: { seq: number; body: string; leaf: string }[];
  checkpoints: { size: number; note: string }[];
} {
  const tree = new MerkleAccumulator();
  const checkpoints: { size: number; note: string }[] = [];
  const entries = bodies.map((text, seq) => {
    tree.add(leafHash(text));
    if (tree.size % 10 === 0 || tree.size === bodies.length)
      checkpoints.push({ size: tree.size, note: signCheckpoint(signer, tree.size, tree.root()) });
    return entry(seq, text);
  });
  return { entries, checkpoints };
}

const bodies = (count: number) => Array.from({ length: count }, (_, seq) => body(seq));

beforeEach(async () => {
  signer = newSigner();
  server = await startFakeServer({ vkey: signer.vkey, demo: true });
  server.state.audit = makeLog(bodies(35));
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
  server.state.demo = false;
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const verify = () => home.run(['audit', 'verify']);

describe('audit verify', () => {
  test('recomputes the whole log and remembers what it saw', async () => {
    const first = await verify();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('The log holds.');
    expect(first.stdout).toContain('seen for the first time');
    const second = await verify();
    expect(second.stdout).toMatch(/extends +what was verified at .*35 entries/);
    expect(JSON.parse((await home.run(['audit', 'verify', '--json'])).stdout)).toMatchObject({
      ok: true,
      entries: 35,
      checkpoints: 4,
      fault: null,
      verified: { size: 35 },
    });
  });

  test('reads a log that is longer than a page', async () => {
    server.state.audit = makeLog(bodies(2_345));
    expect(JSON.parse((await home.run(['audit', 'verify', '--json'])).stdout)).toMatchObject({
      ok: true,
      entries: 2_345,
    });
  });

  test('names the first entry that was edited', async () => {
    const log = makeLog(bodies(35));
    log.entries[17] = {
      seq: 17,
      body: body(17).replace('ledger.read', 'ledger.rexd'),
      leaf: log.entries[17]?.leaf ?? '',
    };
    server.state.audit = log;
    const outcome = await verify();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(/entry +17\n/);
    expect(outcome.stdout).toContain('edited');
  });

  test('an edited entry with a leaf hash to match is bracketed by the checkpoints around it', async () => {
    const log = makeLog(bodies(35));
    log.entries[17] = entry(17, body(17, 'ledger.rexd'));
    server.state.audit = log;
    const outcome = await verify();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(/entry +10 to 19\n/);
  });

  test('names a removed entry, and a log that was cut off', async () => {
    const log = makeLog(bodies(35));
    server.state.audit = { ...log, entries: log.entries.filter((one) => one.seq !== 12) };
    expect((await verify()).stdout).toMatch(/entry +12\n/);
    server.state.audit = { ...log, entries: log.entries.slice(0, 30) };
    const cut = await verify();
    expect(cut.code).toBe(1);
    expect(cut.stdout).toContain('removed');
  });

  test('a log that was rewritten and signed again by its own key is caught by what was seen before', async () => {
    await verify();
    server.state.audit = makeLog(bodies(36).map((text, seq) => (seq === 3 ? body(3, 'grant.ended') : text)));
    const outcome = await verify();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain('history-changed');
    server.state.audit = makeLog(bodies(20));
    expect((await verify()).stdout).toContain('an earlier verification saw 35 entries');
  });

  test('another key is an alarm, until a person says that the log was begun anew', async () => {
    await verify();
    signer = newSigner();
    server.state.vkey = signer.vkey;
    server.state.audit = makeLog(bodies(5));
    const outcome = await verify();
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('signed by another key than before');
    server.state.demo = true;
    expect((await verify()).code).toBe(1);
    expect((await home.run(['audit', 'verify', '--forget'])).code).toBe(0);
  });

  test('a demo that was begun anew is said, and not alarmed about', async () => {
    server.state.demo = true;
    await verify();
    signer = newSigner();
    server.state.vkey = signer.vkey;
    server.state.audit = makeLog(bodies(5));
    const outcome = await verify();
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('begun anew');
  });

  test('checkpoints of another key, and entries that nobody signed, do not hold', async () => {
    const own = signer;
    signer = newSigner();
    server.state.audit = makeLog(bodies(35));
    expect((await verify()).stdout).toContain('bad-checkpoint');
    signer = own;
    const log = makeLog(bodies(30));
    server.state.audit = { checkpoints: log.checkpoints, entries: [...log.entries, entry(30)] };
    const outcome = await home.run(['audit', 'verify', '--json']);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ ok: false, fault: { kind: 'unsigned-tail', seq: 30 } });
  }, 20_000);

  test('a state that the log does not explain is named', async () => {
    const grant = 'grt_aaaaaaaaaaaaaaaaaaaa';
    server.state.audit = makeLog([body(0, 'grant.scheduled', { grant }), body(1, 'grant.active', { grant })]);
    server.state.override = {
      match: 'GET /v1/audit/reconciliation',
      status: 200,
      body: { items: [{ kind: 'grant', id: grant, state: 'active' }], nextAfter: null },
      once: false,
    };
    expect((await verify()).code).toBe(0);
    server.state.override = {
      ...server.state.override,
      body: { items: [{ kind: 'grant', id: grant, state: 'ended' }], nextAfter: null },
    };
    const outcome = await verify();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain(`grant ${grant} is ended, which the log does not say`);
  }, 20_000);
});
