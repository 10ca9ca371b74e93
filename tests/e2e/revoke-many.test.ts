import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { makeHome, type Home, type Outcome } from './cli-harness.ts';
import { demoPlace, until, type DemoPlace, type DemoProcess } from './demo-process.ts';

interface Keys {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

interface Order {
  readonly id: string;
  readonly status: string;
  readonly toZeroMs: number | null;
  readonly counts: { readonly live: number; readonly ending: number; readonly gone: number };
}

const READER = ['invoice-reader', '--on', 'aws/prod'];

/** The whole way: command, API, engine, simulated cloud. Each test stands on the ones before it. */
describe('the kill switch, in the demo', () => {
  let place: DemoPlace;
  let demo: DemoProcess;
  let home: Home;
  beforeAll(async () => {
    place = await demoPlace();
    copyDatabaseTo(place.dataDir);
    demo = await place.start();
    home = makeHome(demo.url);
    for (const person of ['ana', 'cem', 'bo', 'fay']) {
      const login = await as(person, 'login', '--as', person);
      expect(login.stderr + login.stdout).toContain('Signed in');
    }
  }, 180_000);
  afterAll(async () => {
    home.remove();
    await place.remove();
  });

  const as = (person: string, ...args: readonly string[]): Promise<Outcome> => home.run(['--profile', person, ...args]);
  const parsed = <Shape>(outcome: Outcome): Shape => {
    expect(outcome.stdout, outcome.stderr).not.toBe('');
    return JSON.parse(outcome.stdout) as Shape;
  };

  /** Asks for the invoices and has Bo agree; returns keys that work. */
  async function saved(person: string): Promise<Keys> {
    const asked = await as(person, 'request', ...READER, '--for', '15m', '--reason', 'Check the export', '--json');
    const { id } = parsed<{ id: string }>(asked);
    expect((await as('bo', 'approve', id)).code).toBe(0);
    expect((await as(person, 'wait', id, '--timeout', '20s')).code).toBe(0);
    const creds = await as(person, 'creds', 'aws', '--role', 'invoice-reader', '--on', 'aws/prod');
    const keys = parsed<Keys>(creds);
    expect(await use(keys)).toBe('readable');
    return keys;
  }

  /** What the cloud itself answers to keys that were saved while access was live. */
  async function use(keys: Keys): Promise<string> {
    const s3 = new S3Client({
      endpoint: place.cloudUrl(),
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: {
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretAccessKey,
        sessionToken: keys.SessionToken,
      },
    });
    try {
      await s3.send(new GetObjectCommand({ Bucket: 'acme-invoices', Key: '2026-10.csv' }));
      return 'readable';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    } finally {
      s3.destroy();
    }
  }

  test('one person: the line counts down to zero, saved keys are refused, others keep theirs, nothing starts again', async () => {
    const [anas, cems] = [await saved('ana'), await saved('cem')];
    const waiting = parsed<{ id: string }>(
      await as('ana', 'request', ...READER, '--reason', 'Check the export again', '--json'),
    );
    const revoked = await as('bo', 'revoke', '--person', 'ana', '--reason', 'The laptop was stolen');
    expect(revoked.code, revoked.stderr).toBe(0);
    expect(revoked.stderr).toMatch(/0 left after \d+\.\d s\./);
    const id = /rev_[a-z2-7]{20}/.exec(revoked.stdout)?.[0] ?? '';
    expect(await use(anas)).toBe('AccessDenied');
    expect(await use(cems)).toBe('readable');

    const status = await as('bo', 'revoke', '--status', id, '--json');
    expect(status.code).toBe(0);
    const order = parsed<Order>(status);
    expect(order).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 1 }, requestsWithdrawn: 1 });
    expect(order.toZeroMs).toBeGreaterThan(0);
    const why = parsed<{ request: { status: string } }>(await as('ana', 'why', waiting.id, '--json'));
    expect(why.request.status).toBe('withdrawn');
    const again = await as('ana', 'request', ...READER, '--reason', 'Check the export again');
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining(id)]);
    expect((await as('ana', 'revoke', '--status', id)).code).toBe(1);

    const listed = await as('bo', 'orders', '--json');
    expect([listed.code, parsed<{ items: readonly Order[] }>(listed).items]).toMatchObject([
      0,
      [{ id, status: 'done', toZeroMs: order.toZeroMs, stopsNew: true }],
    ]);
    const shown = await as('bo', 'orders');
    expect(shown.stdout).toMatch(new RegExp(`${id} +done +Ana.* 0 in \\d+\\.\\d s +yes`));
    expect(shown.stderr).toContain(`curfew --profile bo revoke --lift ${id}`);
    // Not to the person whom it is about.
    expect((await as('ana', 'orders', '--all', '--plain')).stdout.trim().split('\n')).toHaveLength(1);

    const lift = await as('bo', 'revoke', '--lift', id, '--reason', 'It was found');
    expect([lift.code, lift.stdout]).toEqual([0, expect.stringContaining('is lifted')]);
    expect((await as('bo', 'orders')).stderr).toContain('No order stands.');
    expect((await as('bo', 'orders', '--all', '--plain')).stdout).toContain(`${id}\tlifted\tperson\tana\tbo`);
    expect(await use(await saved('ana'))).toBe('readable');
    expect(await use(anas)).toBe('AccessDenied');
  }, 120_000);

  test('everything: nothing ends before the second person confirms, and that is never the first', async () => {
    const cems = await saved('cem');
    const given = await as('bo', 'revoke', '--all', '--reason', 'An intruder', '--no-wait', '--json');
    expect(given.code, given.stderr).toBe(0);
    const { id, status } = parsed<Order>(given);
    expect(status).toBe('waiting');
    const waited = await as('bo', 'revoke', '--status', id);
    expect(waited.code).toBe(4);
    expect(waited.stderr).toContain(`curfew revoke --confirm ${id}`);
    expect((await as('bo', 'revoke', '--confirm', id)).code).toBe(3);
    expect((await as('cem', 'revoke', '--confirm', id)).code).toBe(1);
    expect(await use(cems)).toBe('readable');

    const confirmed = await as('fay', 'revoke', '--confirm', id, '--no-wait', '--json');
    expect(confirmed.code, confirmed.stderr).toBe(0);
    expect(parsed<Order>(confirmed).counts.live).toBe(0);
    // The proof takes a minute; the refusal does not.
    await until(
      () => use(cems),
      (answer) => answer === 'AccessDenied',
      20_000,
    );
    const soon = await as('fay', 'revoke', '--status', id);
    expect([soon.code, soon.stdout]).toEqual([4, expect.stringContaining('not yet proven gone')]);
    const impatient = await as('fay', 'revoke', '--confirm', id);
    expect([impatient.code, impatient.stderr]).toEqual([1, expect.stringContaining('Somebody has confirmed')]);
    const lift = await as('fay', 'revoke', '--lift', id, '--reason', 'It is over', '--plain');
    expect(lift.stdout).toBe(`${id}\tlifted\n`);
  }, 120_000);

  test('a broker that is killed right behind the order carries it out when it is back', async () => {
    const keys = await saved('ana');
    const given = await as('bo', 'revoke', '--target', 'aws/prod', '--reason', 'An intruder', '--no-wait', '--json');
    process.kill(demo.pid, 'SIGKILL');
    await demo.exited;
    const { id } = parsed<Order>(given);
    demo = await place.start();
    await until(
      () => use(keys),
      (answer) => answer === 'AccessDenied',
      20_000,
    );
    const seen = parsed<Order>(await as('bo', 'revoke', '--status', id, '--json'));
    expect([seen.counts.live, seen.counts.ending + seen.counts.gone]).toEqual([0, expect.any(Number)]);
    expect(seen.counts.ending + seen.counts.gone).toBeGreaterThan(0);
    expect((await as('bo', 'audit', 'verify')).code).toBe(0);
  }, 120_000);

  test.each([
    ['nothing', [], 'What has to end?'],
    ['two things', ['--person', 'ana', '--all', '--reason', 'x'], 'one thing only'],
    ['a grant and a person', ['grt_aaaaaaaaaaaaaaaaaaaa', '--person', 'ana', '--reason', 'x'], 'one thing only'],
    ['no reason', ['--person', 'ana', '--no-input'], 'Say why.'],
    ['what is no id', ['--confirm', 'rev_1'], 'is not the id of an order'],
    ['both ways to wait', ['--person', 'ana', '--reason', 'x', '--no-wait', '--timeout', '1m'], '--no-wait'],
  ])('%s is a mistake of the command line, and nothing is sent', async (_, args, message) => {
    const outcome = await as('bo', 'revoke', ...args);
    expect([outcome.code, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toContain(message);
  });

  test('who may not, and whom nobody knows', async () => {
    const cem = await as('cem', 'revoke', '--all', '--reason', 'x', '--json');
    expect([cem.code, cem.stdout]).toEqual([3, '']);
    expect(cem.stderr).toContain('not-allowed-to-revoke');
    expect((await as('bo', 'revoke', '--person', 'nobody', '--reason', 'x')).code).toBe(1);
  });
});
