import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalDocument } from '../../src/ledger/decision-document.ts';
import { LoggedApprovals } from '../../src/ledger/logged-approvals.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { Database } from '../../src/store/database.ts';
import { acmeOperations, got } from './acme-operations.ts';
import { testEmbedded } from './harness.ts';
import { sign, withPasskey } from './passkey-people.ts';

/** The page that says how it is done by hand: what is in it is what is run here. */
const PAGE = readFileSync(new URL('../../docs/verify-approval.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(PAGE)?.[1] ?? '';
const HAS_OPENSSL = spawnSync('openssl', ['pkeyutl', '-help']).status === 0;

interface Body {
  readonly kind: string;
  readonly actor: { readonly id: string };
  readonly facts: Readonly<Record<string, unknown>>;
}

let database: Database;
let folder: string;
let bodies: readonly string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'curfew-approval-'));
  database = await testEmbedded();
  const acme = await acmeOperations(database);
  const ask = { items: [{ role: 'invoice-publisher', target: 'aws/prod' }], durationMs: 1_800_000 };
  for (const [leads, finance] of [
    ['ES256', 'EdDSA'],
    ['RS256', 'ES256'],
  ] as const) {
    const told = { reason: 'Correct the invoice of October', ticket: 'FIN-12' };
    const { id } = got(await requestAccess(acme.world, await acme.as('ana'), { ...ask, ...told }));
    const [one, two] = leads === 'ES256' ? (['bo', 'gus'] as const) : (['hal', 'bea'] as const);
    got(await sign(acme, await withPasskey(acme, one, leads), id, { comment: 'Seen "with" my own eyes \\o/' }));
    got(await sign(acme, await withPasskey(acme, two, finance), id, { durationMs: 1_200_000 }));
  }
  const { rows } = await sql<{ body: string }>`select body from ledger_outbox order by id`.execute(database.db);
  bodies = rows.map(({ body }) => body);
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

const read = (body: string) => JSON.parse(body) as Body;
const isGiven = ({ kind }: Body) => kind === 'approval.given';
const given = () => bodies.filter((body) => isGiven(read(body)));
const registered = (approval: string) =>
  bodies.find(
    (body) =>
      read(body).kind === 'passkey.registered' && read(body).facts['credential'] === read(approval).facts['credential'],
  ) ?? '';

function run(command: string, args: readonly string[], approval: string, key: string): string {
  writeFileSync(join(folder, 'registered.json'), `${key}\n`);
  writeFileSync(join(folder, 'given.json'), `${approval}\n`);
  const { status, stdout } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  const said = stdout.trim();
  if (status === 0 && said === 'the approval holds') return 'holds';
  // Nobody takes silence, or a good signature over something else, for an answer.
  return status === 1 && said === 'the approval does NOT hold' ? 'does not hold' : `${status}: ${said}`;
}

/** The body with one character of a fact changed. */
function changed(approval: string, name: string, at: number): string {
  const body = read(approval);
  const value = String(body.facts[name]);
  const other = value[at] === 'A' ? 'B' : 'A';
  const facts = { ...body.facts, [name]: value.slice(0, at) + other + value.slice(at + 1) };
  return JSON.stringify({ ...body, facts });
}

const SIGNED = ['authenticatorData', 'clientDataJSON', 'signature', 'document'] as const;

describe.each([
  ['OpenSSL', 'sh', ['-c', block('sh')]],
  ['Node', process.execPath, ['--input-type=module', '-e', block('js')]],
] as const)('by the page, with %s', (name, command, args) => {
  test.skipIf(name === 'OpenSSL' && !HAS_OPENSSL)('all four hold', () => {
    expect(given()).toHaveLength(4);
    for (const approval of given()) expect(run(command, args, approval, registered(approval))).toBe('holds');
  });

  test.skipIf(name === 'OpenSSL' && !HAS_OPENSSL)('none holds with one changed character, or with another key', () => {
    for (const approval of given()) {
      for (const field of SIGNED) {
        const at = Math.floor(String(read(approval).facts[field]).length / 2);
        expect(run(command, args, changed(approval, field, at), registered(approval)), field).toBe('does not hold');
      }
      const other = given().find((one) => one !== approval) ?? '';
      expect(run(command, args, approval, registered(other))).toBe('does not hold');
    }
  });

  test.skipIf(name === 'OpenSSL' && !HAS_OPENSSL)('what is no approval at all is none, and is called so', () => {
    const [approval = ''] = given();
    const key = registered(approval);
    const { facts } = read(approval);
    const without = (field: string) => JSON.stringify({ ...read(approval), facts: { ...facts, [field]: '' } });
    for (const body of ['', 'no JSON', '{}', '{"facts":{}}', ...SIGNED.map(without)])
      expect(run(command, args, body, key), body.slice(0, 40)).toBe('does not hold');
    for (const body of ['', '{}']) expect(run(command, args, approval, body)).toBe('does not hold');
  });
});

describe('by our own code, from the log alone', () => {
  const judged = (entries: readonly string[]) => {
    const approvals = new LoggedApprovals();
    for (const [seq, body] of entries.entries()) approvals.learn(seq, body);
    return approvals.report();
  };
  const instead = (old: string, body: string) => bodies.map((one) => (one === old ? body : one));
  const edited = (old: string, change: (body: Body) => object) => instead(old, JSON.stringify(change(read(old))));
  const withFacts = (facts: object) => (body: Body) => ({ ...body, facts: { ...body.facts, ...facts } });
  const first = () => given()[0] ?? '';
  const of = (kind: string) => bodies.find((body) => read(body).kind === kind) ?? '';

  test('all hold', () => {
    expect(judged(bodies)).toEqual({ verified: 4, unsigned: 0, faults: [] });
  });

  test('every changed character of what was signed is found', () => {
    for (const field of SIGNED) {
      const { length } = String(read(first()).facts[field]);
      for (let at = 0; at < length; at += 1)
        expect(judged(instead(first(), changed(first(), field, at))).faults, `${field} ${at}`).not.toEqual([]);
    }
  });

  test('an entry that says something else than was signed is found', () => {
    const { facts } = read(first());
    for (const change of [
      withFacts({ durationMs: 3_600_000 }),
      withFacts({ policyVersion: 'another' }),
      withFacts({ tier: 0 }),
      (body: Body) => ({ ...body, actor: { kind: 'person', id: 'per_aaaaaaaaaaaaaaaaaaaa' } }),
      (body: Body) => ({ ...body, at: '2036-01-01T00:00:00.000Z' }),
      (body: Body) => ({ ...body, commitments: {} }),
      (body: Body) => ({ ...body, subjects: { request: 'req_aaaaaaaaaaaaaaaaaaaa' } }),
      (body: Body) => ({ ...body, facts: { policyVersion: facts['policyVersion'], via: 'web', tier: 1 } }),
      (body: Body) => ({ ...body, facts: { policyVersion: facts['policyVersion'], via: 'web' } }),
    ])
      expect(judged(edited(first(), change)).faults, String(change)).not.toEqual([]);
  });

  test('a request that says something else is found, and so is access for longer', () => {
    const submitted = of('request.submitted');
    expect(judged(edited(submitted, withFacts({ items: ['access-admin@aws/prod'] }))).faults).not.toEqual([]);
    expect(judged(edited(submitted, withFacts({ durationMs: 60_000 }))).faults).not.toEqual([]);
    expect(judged(edited(of('grant.scheduled'), withFacts({ durationMs: 1_800_000 }))).faults).toMatchObject([
      { message: 'access is given for longer than was signed' },
    ]);
  });

  test('access to another role or target than was signed is found, whatever both are called', () => {
    const scheduled = of('grant.scheduled');
    for (const name of ['definition', 'targetDefinition'])
      for (const value of ['another', undefined])
        expect(judged(edited(scheduled, withFacts({ [name]: value }))).faults, `${name} ${value}`).toMatchObject([
          { message: 'access is given to something else than was signed: the role or the target is another one' },
        ]);
  });

  test('where the access is can be computed by hand, as the page says', () => {
    const [, place = ''] = /printf %s '(.*)' \| openssl dgst -sha256/.exec(PAGE) ?? [];
    expect(createHash('sha256').update(place).digest('hex')).toBe(
      read(of('grant.scheduled')).facts['targetDefinition'],
    );
  });

  test('what was signed before it said where its target was holds for ever, and for its role alone', () => {
    const older = readFileSync(new URL('./approvals-of-version-1.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    expect(judged(older)).toEqual({ verified: 2, unsigned: 0, faults: [] });
    const signed = JSON.parse(String(older.map(read).find(isGiven)?.facts['document'])) as ApprovalDocument;
    expect(signed).toMatchObject({ v: 1, items: [{ role: 'invoice-publisher', target: 'aws/prod' }] });
    // As a retry says it, which comes after an upgrade.
    const said = (definition: string) => {
      const facts = { definition, targetDefinition: 'of any target' };
      return older.map((body) =>
        read(body).kind === 'grant.scheduled' ? JSON.stringify(withFacts(facts)(read(body))) : body,
      );
    };
    expect(judged(said(signed.items[0]?.definition ?? '')).faults).toEqual([]);
    expect(judged(said('another')).faults).toHaveLength(1);
    // It may be set aside for what it does not say, under the rules that were signed; what says it may not.
    const aside = (entries: readonly string[], because: string) => {
      const yes = entries.find((body) => isGiven(read(body))) ?? '';
      const { actor, facts } = read(yes);
      const said = { approver: actor.id, because, policyVersion: facts['policyVersion'] };
      const entry = JSON.stringify({ ...read(yes), kind: 'approval.set-aside', facts: said });
      return judged(entries.flatMap((body) => (body === yes ? [body, entry] : [body]))).faults;
    };
    expect(aside(older, 'unspecified')).toEqual([]);
    expect(aside(older, 'role-changed')).toHaveLength(1);
    expect(aside(bodies, 'unspecified')).toHaveLength(1);
  });

  test('a signature that is used twice, or by a key that was removed or never registered, is found', () => {
    expect(judged([...bodies, first()]).faults).toMatchObject([{ message: 'a signature was used twice' }]);
    const key = registered(first());
    const removed = key.replace('passkey.registered', 'passkey.removed');
    expect(judged(bodies.flatMap((body) => (body === key ? [body, removed] : [body]))).faults).not.toEqual([]);
    expect(judged(bodies.filter((body) => body !== key)).faults).not.toEqual([]);
  });

  test('approvals that are left out are missed: nothing of tier 1 is approved or given without one', () => {
    expect(judged(bodies.filter((body) => !given().includes(body))).faults.map(({ message }) => message)).toEqual([
      'a request of tier 0 or 1 was approved, and no signed approval comes before',
      'access of tier 0 or 1 is given, and no signed approval comes before',
      'a request of tier 0 or 1 was approved, and no signed approval comes before',
      'access of tier 0 or 1 is given, and no signed approval comes before',
    ]);
  });

  test('an approval that was set aside is none any more', () => {
    const withdrawn = bodies.flatMap((body) => {
      if (!given().includes(body)) return [body];
      const approver = read(body).actor.id;
      return [body, JSON.stringify({ ...read(body), kind: 'approval.set-aside', facts: { approver } })];
    });
    expect(new Set(judged(withdrawn).faults.map(({ message }) => message))).toEqual(
      new Set([
        'a request of tier 0 or 1 was approved, and no signed approval comes before',
        'access of tier 0 or 1 is given, and no signed approval comes before',
      ]),
    );
    const same = JSON.stringify({
      ...read(first()),
      kind: 'approval.set-aside',
      facts: { approver: read(first()).actor.id, policyVersion: read(first()).facts['policyVersion'] },
    });
    expect(judged(bodies.flatMap((body) => (body === first() ? [body, same] : [body]))).faults).toMatchObject([
      { message: 'a signed approval is set aside under the rules that were signed' },
    ]);
  });

  describe('a log that somebody wrote who has no key', () => {
    const [request, grant] = ['req_aaaaaaaaaaaaaaaaaaaa', 'grt_aaaaaaaaaaaaaaaaaaaa'];
    const at = '2036-01-01T00:00:00.000Z';
    const entry = (kind: string, facts: object) =>
      JSON.stringify({ kind, at, actor: { kind: 'system', id: 'policy' }, subjects: { request, grant }, facts });
    const submitted = (tier: number, steps: readonly string[]) =>
      entry('request.submitted', { items: ['admin@aws/prod'], tier, durationMs: 60_000, steps });
    const approved = (automatic: boolean) => entry('request.approved', { automatic });
    const item = { role: 'admin', target: 'aws/prod' };
    const scheduled = entry('grant.scheduled', { ...item, durationMs: 60_000, startsAt: at });
    const activating = entry('grant.activating', { activatedAt: at, endsAt: '2036-01-01T00:01:00.000Z' });
    const extending = entry('grant.extending', { until: '2036-01-01T00:02:00.000Z' });
    const places = (...entries: readonly string[]) => judged(entries).faults.map(({ seq }) => seq);

    test('gives nothing of tier 0 without a signature, whatever it says of rules and steps', () => {
      expect(places(submitted(0, ['owners']), scheduled, activating)).toEqual([1, 2]);
      expect(places(submitted(1, ['owners']), approved(true), scheduled, activating)).toEqual([1, 2, 3]);
      expect(places(submitted(0, []), approved(false), scheduled, activating)).toEqual([0, 1, 2, 3]);
      expect(places(submitted(0, []), approved(true), scheduled, activating)).toEqual([0, 1, 2, 3]);
      expect(places(submitted(1, []), approved(true), scheduled, activating)).toEqual([]);
      expect(places(submitted(2, ['owners']), approved(false), scheduled, activating)).toEqual([]);
    });

    test('gives nothing that nobody asked for', () => {
      expect(places(scheduled, activating)).toEqual([0, 1]);
      expect(places(submitted(2, []), activating)).toEqual([1]);
      const other = entry('grant.scheduled', { ...item, role: 'root', durationMs: 60_000, startsAt: at });
      expect(places(submitted(2, []), other)).toEqual([1]);
      expect(places(extending)).toEqual([0]);
      expect(places(submitted(2, []), extending)).toEqual([1]);
    });
  });

  test('access for another start, or that begins for longer, than was signed is found', () => {
    const scheduled = of('grant.scheduled');
    const later = withFacts({ startsAt: '2036-01-01T00:00:00.000Z' });
    expect(judged(edited(scheduled, later)).faults).toMatchObject([
      { message: 'access is given for another start than was signed' },
    ]);
    const begun = (endsAt: string) =>
      JSON.stringify({
        ...read(scheduled),
        kind: 'grant.activating',
        facts: { activatedAt: '2036-01-01T00:00:00.000Z', endsAt },
      });
    expect(judged([...bodies, begun('2036-01-01T00:20:00.000Z')]).faults).toEqual([]);
    expect(judged([...bodies, begun('2036-01-01T00:20:00.001Z')]).faults).toMatchObject([
      { message: 'access begins for longer than was signed' },
    ]);
  });

  test('an approval of access is none of a later end', () => {
    const extension = withFacts({ until: '2036-01-01T00:00:00.000Z' });
    expect(judged(edited(of('request.submitted'), extension)).faults[0]?.message).toBe(
      'what was signed is not what the entry says',
    );
  });

  test('a key stays one when the port or the scheme of the broker changes, and belongs to its host', () => {
    const key = registered(first());
    for (const origin of ['https://curfew.acme.example:8443', 'http://curfew.acme.example'])
      expect(judged(edited(key, withFacts({ origin }))).faults).toEqual([]);
    expect(judged(edited(key, withFacts({ origin: 'https://evil.example' }))).faults[0]?.message).toBe(
      'a signature was made for another host than the key was registered for',
    );
  });
});
