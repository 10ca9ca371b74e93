import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../free-ports.ts';
import { makeHome, type Home } from './cli-harness.ts';
import { demoPlace, pause, ROOT, until, type DemoPlace, type DemoProcess } from './demo-process.ts';

/** Long enough to act in, short enough to wait for. */
const SHORT = '20s';

interface Keys {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
}

describe('the demo, as processes', () => {
  let place: DemoPlace;
  let demo: DemoProcess;
  let home: Home;
  beforeAll(async () => {
    place = await demoPlace();
    demo = await place.start();
    home = makeHome(demo.url);
    for (const [profile, person] of [
      ['default', 'ana'],
      ['bo', 'bo'],
    ] as const) {
      const login = await home.run(['--profile', profile, 'login', '--as', person]);
      expect(login.stderr + login.stdout).toContain('Signed in');
    }
  }, 180_000);
  afterAll(async () => {
    home.remove();
    await place.remove();
  });

  /** Asks as Ana, approves as Bo, waits until it is active. Returns the ids. */
  async function activate(duration: string): Promise<{ request: string; grant: string }> {
    const asked = await home.run([
      'request',
      'invoice-reader',
      '--on',
      'aws/prod',
      '--for',
      duration,
      '--reason',
      'Check the invoice export',
      '--json',
    ]);
    const { id } = JSON.parse(asked.stdout) as { id: string };
    expect(asked.code, asked.stderr).toBe(0);
    expect((await home.run(['--profile', 'bo', 'approve', id])).code).toBe(0);
    const grant = await until(
      async () =>
        (
          JSON.parse((await home.run(['why', id, '--json'])).stdout) as {
            request: { grants: { id: string; status: string }[] };
          }
        ).request.grants[0],
      (found) => found?.status === 'active',
      10_000,
    );
    return { request: id, grant: grant?.id ?? '' };
  }

  async function keys(): Promise<Keys> {
    const answer = await home.run(['creds', 'aws', '--role', 'invoice-reader', '--on', 'aws/prod']);
    expect(answer.code, answer.stderr).toBe(0);
    return JSON.parse(answer.stdout) as Keys;
  }

  /** Reads an invoice with saved keys: the cloud's own answer. */
  async function use(saved: Keys): Promise<string> {
    const s3 = new S3Client({
      endpoint: place.cloudUrl(),
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: {
        accessKeyId: saved.AccessKeyId,
        secretAccessKey: saved.SecretAccessKey,
        sessionToken: saved.SessionToken,
      },
    });
    try {
      await s3.send(new GetObjectCommand({ Bucket: 'acme-invoices', Key: '2026-10.csv' }));
      return 'allowed';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    } finally {
      s3.destroy();
    }
  }

  test('access is kept for longer: asked, approved, and the cloud serves new credentials past the old end', async () => {
    const { grant } = await activate('20s');
    const shown = async () =>
      JSON.parse((await home.run(['ls', '--json'])).stdout) as { grants: { id: string; endsAt: string }[] };
    const endsAt = async () => Date.parse((await shown()).grants.find(({ id }) => id === grant)?.endsAt ?? '');
    const before = await endsAt();
    const asked = await home.run(['extend', grant, '--for', '25s', '--reason', 'The export is not done yet', '--json']);
    expect(asked.code, asked.stderr).toBe(0);
    const request = JSON.parse(asked.stdout) as { id: string; extends: object };
    expect(request.extends).toEqual({ grant, until: new Date(before + 25_000).toISOString(), status: 'pending' });
    const waiting = await home.run(['--profile', 'bo', 'ls', '--waiting']);
    expect(waiting.stdout).toContain('25s longer, until ');
    const [waited, approved] = await Promise.all([
      home.run(['wait', request.id, '--timeout', '15s']),
      home.run(['--profile', 'bo', 'approve', request.id]),
    ]);
    expect([approved.code, waited.code], waited.stderr + approved.stderr).toEqual([0, 0]);
    expect(await endsAt()).toBe(before + 25_000);
    await pause(Math.max(0, before - Date.now()) + 500);
    const creds = await home.run(['creds', 'aws', '--role', 'invoice-reader', '--on', 'aws/prod']);
    expect(creds.code, creds.stderr).toBe(0);
    expect(Date.parse((JSON.parse(creds.stdout) as Keys).Expiration)).toBeGreaterThan(before);
    const why = await home.run(['why', request.id]);
    expect(why.stdout).toContain('wrote the later end into the cloud');
    expect((await home.run(['done', grant])).code).toBe(0);
  });

  test('a credential that was saved is refused within 5 s after its holder gave the access back', async () => {
    const { grant } = await activate('15m');
    const saved = await keys();
    expect(await use(saved)).toBe('allowed');
    expect((await home.run(['done', grant])).code).toBe(0);
    const returnedAt = Date.now();
    await until(
      () => use(saved),
      (answer) => answer === 'AccessDenied',
      5_000,
    );
    expect(Date.now() - returnedAt).toBeLessThan(5_000);
  });

  test('one data folder, one process; a busy port gets one sentence', async () => {
    const second = place.attempt();
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(/^The data folder .* is in use by process \d+\. Stop that process first/);
    const other = await demoPlace();
    try {
      const busy = spawnSync(process.execPath, ['src/cli/demo/main.ts', '--port', String(place.port)], {
        cwd: ROOT,
        env: { ...process.env, CURFEW_DATA_DIR: other.dataDir },
        encoding: 'utf8',
      });
      expect(busy.status).toBe(1);
      expect(busy.stderr).toMatch(/^Port \d+ is in use by another program\. Stop it, or choose another port/);
      // Somebody else where only the simulated cloud would be.
      const port = (await freePorts(5)) + 1;
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
      const below = spawnSync(process.execPath, ['src/cli/demo/main.ts', '--port', String(port - 1)], {
        cwd: ROOT,
        env: { ...process.env, CURFEW_DATA_DIR: other.dataDir },
        encoding: 'utf8',
      });
      taken.close();
      expect(below.status).toBe(1);
      expect(below.stderr).toMatch(new RegExp(`^Port ${port} is in use by another program`));
    } finally {
      await other.remove();
    }
  });

  test('bin/curfew runs from any folder, by absolute path and by symlink', () => {
    const folder = mkdtempSync(join(tmpdir(), 'curfew-bin-'));
    try {
      symlinkSync(join(ROOT, 'bin', 'curfew'), join(folder, 'curfew'));
      for (const program of [join(ROOT, 'bin', 'curfew'), join(folder, 'curfew'), './curfew']) {
        expect(execFileSync(program, ['--version'], { cwd: folder, encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('after kill -9 the credential dies at its end by itself; a restart ends the grant once, and the log holds', async () => {
    const { request, grant } = await activate(SHORT);
    const saved = await keys();
    expect(await use(saved)).toBe('allowed');
    process.kill(demo.pid, 'SIGKILL');
    await demo.exited;
    const endsAt = Date.parse(saved.Expiration);
    expect(Date.now()).toBeLessThan(endsAt);
    expect(await use(saved)).toBe('allowed');
    await pause(endsAt - Date.now() + 100);
    expect(await use(saved)).toBe('AccessDenied');

    demo = await place.start();
    expect(demo.output()).toContain('were still running from last time');
    const why = await until(
      async () =>
        JSON.parse((await home.run(['why', request, '--json'])).stdout) as {
          timeline: { kind: string }[];
          request: { grants: { id: string; status: string }[] };
        },
      (found) => found.request.grants[0]?.status === 'ended',
      20_000,
    );
    expect(why.request.grants[0]?.id).toBe(grant);
    expect(why.timeline.filter((item) => item.kind === 'grant.ended')).toHaveLength(1);
    const verified = await home.run(['audit', 'verify']);
    expect(verified.code, verified.stderr).toBe(0);
  });

  test('one byte of one ledger row that is edited in the database is named by audit verify', async () => {
    const cloud = place.cloudUrl();
    process.kill(demo.pid, 'SIGINT');
    expect(await demo.exited).toBe(0);
    expect(demo.output()).toContain('Stopped.');
    await expect(fetch(cloud), 'its cloud is gone as well').rejects.toThrow('fetch failed');
    const database = await PGlite.create({ dataDir: join(place.dataDir, 'database') });
    await database.exec(`set session_replication_role = replica;
      update ledger_entry set body = overlay(body placing 'X' from 12 for 1) where seq = 3;`);
    await database.close();
    demo = await place.start();
    const verified = await home.run(['audit', 'verify']);
    expect(verified.code).toBe(1);
    // Entry 3 is none that concerns her: the checkpoints around it are named.
    const [, from, to] = /one of the entries (\d+) to (\d+) was edited/.exec(verified.stdout) ?? [];
    expect([Number(from) <= 3, Number(to) >= 3], verified.stdout).toEqual([true, true]);
  });

  test('--fresh begins anew', async () => {
    process.kill(demo.pid, 'SIGINT');
    await demo.exited;
    demo = await place.start(['--fresh']);
    const status = await home.run(['ls']);
    // The people of before are unknown to a new database: their old logins are void.
    expect(status, status.stderr).toMatchObject({ code: 5 });
    // What was seen of the database before is forgotten with it, so that nobody takes the new one for an old copy.
    expect(demo.output()).not.toContain('restored from a backup');
  });
});
