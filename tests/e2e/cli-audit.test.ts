import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inclusionPath, leafHash, MerkleAccumulator } from '../../src/ledger/merkle.ts';
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
    const holds = 'The log holds. Every entry was recomputed, and every checkpoint is signed.';
    expect(first.stdout.split('\n')[0]).toBe(holds);
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`audit verify\` begins with \`${holds.slice(0, 14)}\``);
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

  test('verifies from leaf hashes what does not concern whoever asks, and says how much was read', async () => {
    const log = makeLog(bodies(35));
    const entries = log.entries.map((entry, seq) => (seq % 5 === 0 ? entry : { ...entry, body: null }));
    server.state.audit = { ...log, entries };
    const first = await verify();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.split('\n')[0]).toBe(
      'The log holds. All 35 leaves hold, and every checkpoint is signed; 7 entries were read in full.',
    );
    expect(JSON.parse((await home.run(['audit', 'verify', '--json'])).stdout)).toMatchObject({
      ok: true,
      entries: 35,
      readInFull: 7,
    });
    const shown = await home.run(['audit', 'show', '4']);
    expect(shown.code).not.toBe(0);
    expect(shown.stderr).toContain('Entry 4 does not concern you: the log shows you its hash alone.');
    server.state.audit = {
      ...log,
      entries: entries.map((one, seq) => (seq === 4 ? { ...one, leaf: log.entries[5]?.leaf ?? '' } : one)),
    };
    expect((await verify()).code).toBe(1);
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

  const GRANT = 'grt_aaaaaaaaaaaaaaaaaaaa';
  const REQUEST = 'req_aaaaaaaaaaaaaaaaaaaa';
  const ENDS = '2026-11-21T09:00:00.000Z';
  const of = (seq: number, kind: string, subjects: object, facts: object = {}) =>
    JSON.stringify({ v: 1, id: `e${seq}`, kind, subjects, facts });
  const serveRows = (...items: object[]) => {
    const body = { items, nextAfter: null };
    server.state.override = { match: 'GET /v1/audit/reconciliation', status: 200, body, once: false };
  };
  const HISTORY = [
    of(0, 'request.submitted', { request: REQUEST }, { items: ['reader@aws/prod'] }),
    of(1, 'request.approved', { request: REQUEST }),
    of(2, 'grant.scheduled', { grant: GRANT, request: REQUEST }, { role: 'reader', target: 'aws/prod' }),
    of(3, 'grant.active', { grant: GRANT, request: REQUEST }, { endsAt: ENDS }),
  ];
  const request = { kind: 'request', id: REQUEST, state: 'approved', endsAt: null };
  const grant = { kind: 'grant', id: GRANT, state: 'active', endsAt: ENDS };

  test('a state or an end that is not the last one of the log is named', async () => {
    server.state.audit = makeLog(HISTORY);
    serveRows(request, grant);
    expect((await verify()).code).toBe(0);
    const others = [
      [{ state: 'ended' }, `grant ${GRANT} is ended, which the log does not say: its last word is active`],
      // It was so once, and is so no more.
      [{ state: 'scheduled' }, `grant ${GRANT} is scheduled, which the log does not say: its last word is active`],
      [{ endsAt: '2027-11-21T09:00:00.000Z' }, `grant ${GRANT} ends at 2027-11-21T09:00:00.000Z, which the log`],
      [{ endsAt: null }, `grant ${GRANT} ends at no time, which the log does not say: its last word is ${ENDS}`],
    ] as const;
    for (const [change, message] of others) {
      serveRows(request, { ...grant, ...change });
      const outcome = await verify();
      expect(outcome.code).toBe(1);
      expect(outcome.stdout).toContain(message);
    }
  }, 40_000);

  test('what has no row any more although it is not over is named', async () => {
    server.state.audit = makeLog(HISTORY);
    serveRows(request);
    const outcome = await verify();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain(`grant ${GRANT} is active by the log, and has no row any more`);
    // An approved request is over.
    serveRows(grant);
    expect((await verify()).code).toBe(0);
  });

  test('what happens while it is verified is no contradiction', async () => {
    server.state.audit = makeLog(HISTORY);
    serveRows(request, { ...grant, state: 'ended' });
    const verifying = verify();
    // The row was quicker than its entry.
    await expect.poll(() => server.state.calls.some((call) => call.includes('/audit/reconciliation'))).toBe(true);
    server.state.audit = makeLog([...HISTORY, of(4, 'grant.ended', { grant: GRANT, request: REQUEST })]);
    expect(await verifying).toMatchObject({ code: 0 });
  }, 20_000);
});

describe('one entry', () => {
  const SALT = 'ab'.repeat(32);
  const VALUE = 'Check the invoice export';
  const opening = { field: 'reason', person: 'per_a', salt: SALT, value: VALUE };
  const hash = (value: string) => createHash('sha256').update(Buffer.from(SALT, 'hex')).update(value).digest('hex');
  const open = (...more: string[]) => home.run(['audit', 'open', '1', ...more]);

  /** A log of three entries, of which the second commits to a reason. */
  const serve = async (items: object[] = [opening]) => {
    const commitments = { reason: hash(VALUE) };
    const log = makeLog([body(0), JSON.stringify({ kind: 'request.submitted', at: 'then', commitments }), body(2)]);
    const leaves = log.entries.map((one) => Buffer.from(one.leaf, 'hex'));
    const hashes = (await inclusionPath(async (_, index) => leaves[index] ?? Buffer.of(), 1, 3)).map((one) =>
      Buffer.from(one).toString('base64'),
    );
    const proof = { seq: 1, size: 3, leaf: log.entries[1]?.leaf, hashes, checkpoint: log.checkpoints.at(-1)?.note };
    server.state.audit = { ...log, proofs: [{}, proof], personal: [{}, { items }] };
    return log;
  };

  test('shows what an entry commits to, with the salt, and checks both here', async () => {
    await serve();
    const outcome = await open();
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain(VALUE);
    expect(outcome.stdout).toContain(SALT);
    expect(outcome.stdout).toContain('is the commitment of the entry');
    expect(JSON.parse((await open('--json')).stdout)).toMatchObject({
      ok: true,
      seq: 1,
      isInLog: true,
      openings: [{ ...opening, holds: true }],
    });
    expect((await open('--plain')).stdout).toBe(`ok\treason\tper_a\t${SALT}\t"${VALUE}"\n`);
  });

  test('another value, another salt, and an entry that nobody signed do not hold', async () => {
    for (const changed of [{ value: 'Something else' }, { salt: '00'.repeat(32) }]) {
      await serve([{ ...opening, ...changed }]);
      const outcome = await open();
      expect(outcome.code).toBe(1);
      expect(outcome.stdout).toContain('is not the commitment of the entry');
    }
    const log = await serve([{ ...opening, value: 'Something else' }]);
    log.entries[1] = entry(
      1,
      JSON.stringify({ kind: 'request.submitted', commitments: { reason: hash('Something else') } }),
    );
    const outcome = await open();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain('no signed checkpoint has it there');
    await serve();
    signer = newSigner();
    server.state.audit.proofs = [
      {},
      { ...server.state.audit.proofs?.[1], checkpoint: makeLog(bodies(3)).checkpoints[0]?.note },
    ];
    expect((await open()).stdout).toContain('no signed checkpoint has it there');
  });

  test('what one may not see is not there, and a number is asked for', async () => {
    await serve();
    server.state.audit.personal = [];
    expect(await open()).toMatchObject({ code: 1, stdout: '' });
    expect(await home.run(['audit', 'open', 'last'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('is shown as it was hashed, byte by byte, and checked against the log', async () => {
    const log = await serve();
    const show = (...more: string[]) => home.run(['audit', 'show', '1', ...more]);
    const hashed = log.entries[1]?.body ?? '';
    for (const machine of ['--json', '--plain'])
      expect(await show(machine)).toMatchObject({ code: 0, stdout: `${hashed}\n`, stderr: '' });
    expect((await show()).stdout).toMatch(/log +it stands there, under a signed checkpoint/);
    expect(await home.run(['audit', 'show', '#1', '--json'])).toMatchObject({ code: 0, stdout: `${hashed}\n` });
    const edited = hashed.replace('submitted', 'withdrawn');
    log.entries[1] = entry(1, edited);
    const outcome = await show('--json');
    expect(outcome).toMatchObject({ code: 1, stdout: `${edited}\n` });
    expect(outcome.stderr).toContain('do not rely on it');
    expect((await show()).stdout).toContain('no signed checkpoint has it there');
    const beyond = await home.run(['audit', 'show', '7', '--json']);
    expect(beyond).toMatchObject({ code: 1 });
    expect(beyond.stderr + beyond.stdout).toContain('There is no entry 7');
    expect(await home.run(['audit', 'show', 'last'])).toMatchObject({ code: 2, stdout: '' });
  }, 20_000);
});
