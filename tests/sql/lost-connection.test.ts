import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from 'kysely';
import { appNow, openPostgres, type Database } from '../../src/store/database.ts';
import { createTestPostgres } from './harness.ts';

/** Only PostgreSQL has connections that can be lost. */
describe('a connection that is lost', () => {
  let url: string;
  let database: Database;
  beforeAll(async () => {
    url = await createTestPostgres();
    database = await openPostgres(url);
  }, 120_000);
  afterAll(async () => {
    await database.close();
  });

  test('between two statements of a transaction fails the transaction, not the process', async () => {
    const lost = database.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.db);
      // Long enough for the client to hear of it while nobody waits for an answer.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await appNow(trx);
    });
    await expect(lost).rejects.toThrow(/terminat|not queryable/);
    expect(await appNow(database.db)).toBeGreaterThan(0);
  });

  test('without a word is given up, and the next one is a new one', async () => {
    const target = new URL(url);
    const port = Number(target.port);
    const sockets: Socket[] = [];
    let silent = false;
    const proxy: Server = createServer((client) => {
      const upstream = connect(port, target.hostname);
      sockets.push(client, upstream);
      const mute = silent;
      for (const one of [client, upstream]) one.on('error', () => {});
      client.on('data', (data) => (silent && !mute ? undefined : upstream.write(data)));
      upstream.on('data', (data) => client.write(data));
      client.on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    target.port = String((proxy.address() as AddressInfo).port);
    const through = await openPostgres(target.href, 1, 1_000);
    try {
      await appNow(through.db);
      silent = true;
      await expect(appNow(through.db)).rejects.toThrow(/timeout/i);
      // The one that is being closed may still be given out once.
      await vi.waitFor(() => appNow(through.db), { timeout: 10_000 });
    } finally {
      for (const socket of sockets) socket.destroy();
      await through.close();
      proxy.close();
    }
  });
});
