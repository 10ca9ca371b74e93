import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { createOidcAdapters } from '../../src/identity/oidc-adapter.ts';
import { createSeal } from '../../src/identity/seal.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { newAttempt, signIn, whoAmI } from './api-user-agent.ts';
import { startApiWorld, type ApiWorld } from './api-world.ts';

// What is left behind is told from what nobody needs any more, however lazily this process cleans up.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let world: ApiWorld;
let base: string;
let port: number;
beforeAll(async () => {
  world = await startApiWorld({
    parts: { limits: { perAddressPerMinute: 50_000, signInsPerAddressPerMinute: 20_000 } },
  });
  base = world.base.origin;
  port = Number(new URL(base).port);
});
afterAll(() => world.close());

const adapters = (model: string) =>
  createOidcAdapters({
    db: world.database.db,
    seal: createSeal(world.keys.sealing, systemRandom),
    clock: systemClock,
    endSignIn: async () => {},
  })(model);

const rows = async (): Promise<number> =>
  Number((await sql<{ n: number }>`select count(*) as n from oidc_payload`.execute(world.database.db)).rows[0]?.n);

describe('ten thousand sign-ins that nobody finishes', () => {
  test('at a browser cost no row and no memory', async () => {
    const begin = () => world.app.inject({ method: 'GET', url: '/sign-in/browser?return=/x' });
    for (let count = 0; count < 500; count += 1) await begin();
    collectGarbage();
    const [before, heap] = [await rows(), process.memoryUsage().heapUsed];
    const statuses = new Set<number>();
    for (let count = 0; count < 9_500; count += 1) statuses.add((await begin()).statusCode);
    expect([...statuses]).toEqual([303]);
    collectGarbage();
    expect(await rows()).toBe(before);
    // What ten thousand of anything that is kept would exceed.
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(10_000_000);
  });

  test('at the command line are kept up to a number, the youngest of them, and others still sign in', async () => {
    const { db } = world.database;
    await sql`insert into oidc_payload (model, id_hash, payload, expires_at)
      select model, encode(sha256((model || n)::bytea), 'hex'), '{}', app_now() + interval '10 minutes' + n * interval '1 millisecond'
      from generate_series(1, 10000) n, unnest(array['Interaction', 'Session', 'DeviceCode', 'CompanySignIn']) model`.execute(
      db,
    );
    const code = await fetch(`${base}/oauth/device/code`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'curfew-cli', scope: 'openid', resource: `${base}/v1` }),
    });
    expect(code.status).toBe(200);
    await adapters('Session').upsert('y'.repeat(43), { uid: 'u' }, 900);
    const { accessToken } = await signIn(base, 'ana');
    expect((await whoAmI(base, accessToken)).status).toBe(200);
    const kept = await db
      .selectFrom('oidc_payload')
      .select(['model', (row) => row.fn.countAll<number>().as('n')])
      .where('model', 'in', ['Interaction', 'Session', 'DeviceCode', 'CompanySignIn'])
      .groupBy('model')
      .execute();
    expect(kept).toHaveLength(4);
    for (const { model, n } of kept) expect(Number(n), model).toBeLessThanOrEqual(5_001);
  });

  test('that have a person behind them are never made room of', async () => {
    const before = await rows();
    await adapters('RefreshToken').upsert('x'.repeat(43), { grantId: 'g', accountId: 'per_x' }, 60);
    expect(await rows()).toBe(before + 1);
  });
});

test('one address that goes on is told to wait', async () => {
  const strict = await startApiWorld();
  try {
    const statuses = new Map<number, number>();
    for (let count = 0; count < 640; count += 1) {
      const url =
        count % 2 === 0 ? '/sign-in/browser' : newAttempt(strict.base.origin).url.slice(strict.base.origin.length);
      const { statusCode } = await strict.app.inject({ method: 'GET', url });
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 303: 600, 429: 40 });
  } finally {
    await strict.close();
  }
});

/** What a server says on a bare connection until it closes it. */
function talk(send: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => send(socket));
    socket.on('data', (chunk) => (heard += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => void socket.write(text), 500);
  socket.on('close', () => clearInterval(timer));
};

describe('a connection', () => {
  test('that says nothing, drips its headers or drips its body is closed, and others are served meanwhile (slowloris)', async () => {
    const slow = [];
    for (let count = 0; count < 60; count += 1) {
      slow.push(
        talk(() => undefined),
        talk((socket) => {
          socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost:${port}\r\n`);
          drip(socket, 'x-drip: 1\r\n');
        }),
        talk((socket) => {
          socket.write(
            `POST /oauth/token HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 60000\r\n\r\n`,
          );
          drip(socket, 'a');
        }),
      );
    }
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const heard = await Promise.all(slow);
    expect(heard).toHaveLength(180);
    for (const answer of heard) expect(answer).not.toMatch(/^HTTP\/1.1 200/);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test('with a megabyte of headers hears 431', async () => {
    const big = await talk((socket) =>
      socket.write(`GET /v1/me HTTP/1.1\r\nhost: localhost:${port}\r\nx-big: ${'x'.repeat(1_000_000)}\r\n\r\n`),
    );
    expect(big).toMatch(/^HTTP\/1.1 431 /);
    const cookies = await talk((socket) =>
      socket.write(`GET /v1/me HTTP/1.1\r\nhost: localhost:${port}\r\ncookie: ${'a=b; '.repeat(10_000)}\r\n\r\n`),
    );
    expect(cookies).toMatch(/^HTTP\/1.1 431 /);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test('with as many cookies as fit is answered like any other; with five hundred headers it is not', async () => {
    const cookie = `${'curfew=; '.repeat(800)}${Array.from({ length: 900 }, (_, n) => `c${n}=x`).join('; ')}`;
    expect((await fetch(`${base}/v1/me`, { headers: { cookie } })).status).toBe(401);
    const headers = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, 'y']));
    expect((await fetch(`${base}/healthz`, { headers })).status).toBe(431);
  });
});
