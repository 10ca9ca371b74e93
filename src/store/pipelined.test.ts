import { Pool } from 'pg';
import { sql, type Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openPipelined } from './pipelined.ts';
import { PreparedNames, preparingClient } from './prepared-client.ts';
import { together } from './together.ts';
import { WireServer } from './wire-under-test.ts';

interface Tables {
  thing: { value: string };
}

describe('statements over the wire', () => {
  let servers: WireServer[];
  let db: Kysely<Tables>;
  beforeEach(() => {
    servers = [];
    const stream = () => {
      const server = new WireServer();
      servers.push(server);
      // As the pool of the product does it: nobody hears of a socket that fails while it is closed.
      server.on('error', () => {});
      return server as never;
    };
    const pool = new Pool({ Client: preparingClient(new PreparedNames()), stream, max: 1, pipeline: true });
    pool.on('error', () => {});
    pool.on('connect', (client) => void client.on('error', () => {}));
    db = openPipelined<Tables>(pool);
  });
  afterEach(async () => {
    for (const server of servers) if (!server.destroyed) server.answerAll();
    await db.destroy();
  });

  const server = (): WireServer => servers.at(-1) ?? never();
  const asked = () => server().asked.map(({ text }) => text);
  const heard = (count: number) => vi.waitFor(() => expect(servers.at(-1)?.asked.length ?? 0).toBe(count));
  const select = (value: string) => sql<{ value: string }>`select ${value}::text as value`;
  /** Answers with the name that stands in the text. */
  const echo = ({ text }: { text: string }) => ({ rows: text.includes('"a"') ? ['from the table'] : [text] });

  test('those of a transaction leave in the order of their calls, behind BEGIN and before any answer', async () => {
    const done = db
      .transaction()
      .execute((trx) =>
        together([
          sql`select 1 as value`.execute(trx),
          trx.selectFrom('thing').selectAll().execute(),
          sql`update thing set value = ${'x'}`.execute(trx),
          trx.deleteFrom('thing').where('value', '=', 'y').execute(),
        ]),
      );
    const order = [
      'begin',
      'select 1 as value',
      'select * from "thing"',
      'update thing set value = $1',
      'delete from "thing" where "value" = $1',
    ];
    await heard(order.length);
    expect(asked()).toEqual(order);
    for (const _ of order) server().answer(({ text }) => ({ rows: text.startsWith('select') ? [text] : [] }));
    await heard(order.length + 1);
    expect(asked().at(-1)).toBe('commit');
    server().answerAll();
    const [one, two] = await done;
    expect([one.rows, two]).toEqual([[{ value: 'select 1 as value' }], [{ value: 'select * from "thing"' }]]);
  });

  test('COMMIT does not leave before the last of them is answered', async () => {
    const done = db.transaction().execute((trx) => together([select('a').execute(trx), select('b').execute(trx)]));
    await heard(3);
    server().answer();
    server().answer();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked()).not.toContain('commit');
    server().answerAll();
    await done;
    expect(asked().at(-1)).toBe('commit');
  });

  test('one that fails fails those behind it; the first fault is told, and the connection is good for the next', async () => {
    const kinds: string[] = [];
    const note = <T>(work: Promise<T>): Promise<T> =>
      work.catch((error: unknown) => {
        kinds.push((error as { code: string }).code);
        throw error;
      });
    const done = db
      .transaction()
      .execute((trx) =>
        together([
          note(select('a').execute(trx)),
          note(sql`select 10 / ${0}::int4 as value`.execute(trx)),
          note(select('c').execute(trx)),
        ]),
      );
    done.catch(() => {});
    await heard(4);
    server().answerAll(({ text }) => (text.includes('10 /') ? { code: '22012' } : { rows: ['x'] }));
    await expect(done).rejects.toMatchObject({ code: '22012' });
    expect(kinds).toEqual(['22012', '25P02']);
    expect(asked().at(-1)).toBe('rollback');
    expect((await select('again').execute(db)).rows).toEqual([{ value: 'x' }]);
    expect(servers).toHaveLength(1);
  });

  test('each waits for its own ReadyForQuery, and gets its own answer', async () => {
    const answers: string[] = [];
    const done = db.transaction().execute((trx) =>
      together(
        ['one', 'two', 'three'].map(async (name) => {
          const { rows } = await sql<{ value: string }>`select ${sql.lit(name)} as value`.execute(trx);
          answers.push(rows[0]?.value ?? '');
        }),
      ),
    );
    await heard(4);
    server().answer();
    for (const name of ['one', 'two', 'three']) {
      const before = [...answers];
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(answers).toEqual(before);
      server().answer(() => ({ rows: [name] }));
      await vi.waitFor(() => expect(answers.at(-1)).toBe(name));
    }
    expect(answers).toEqual(['one', 'two', 'three']);
    server().answerAll();
    await done;
  });

  test.each([1, 7, 4_096])('answers that come in pieces of %i bytes are whole again', async (chunkBytes) => {
    const long = 'x'.repeat(chunkBytes === 1 ? 2_000 : 300_000);
    const done = db
      .transaction()
      .execute((trx) => together([select('a').execute(trx), select('b').execute(trx), select('c').execute(trx)]));
    await heard(4);
    server().chunkBytes = chunkBytes;
    let nth = 0;
    server().answerAll(({ text }) => ({ rows: text.startsWith('select') ? [`${(nth += 1)}${long}`] : [] }));
    const values = (await done).map(({ rows }) => rows[0]?.value.replace(long, ''));
    expect(values).toEqual(['1', '2', '3']);
  });

  test('a statement that comes again goes by its name, in one pipeline with those that do not', async () => {
    const all = () =>
      db.transaction().execute((trx) => together([select('a').execute(trx), sql`select 1 as value`.execute(trx)]));
    const first = all();
    await heard(3);
    server().answerAll(echo);
    await first;
    for (let nth = 0; nth < 3; nth += 1) await all();
    const named = server().asked.filter(({ name }) => name !== '');
    expect(named.map(({ text }) => text)).toEqual(['select $1::text as value', 'select $1::text as value']);
  });

  test('a connection that dies in the middle fails each of them once, and the next one is new', async () => {
    const fates: string[] = [];
    const done = db.transaction().execute((trx) =>
      together(
        ['a', 'b', 'c'].map((name) =>
          select(name)
            .execute(trx)
            .then(
              () => void fates.push(`${name} answered`),
              (error: unknown) => {
                fates.push(`${name} failed`);
                throw error;
              },
            ),
        ),
      ),
    );
    done.catch(() => {});
    await heard(4);
    server().answer();
    server().answer(() => ({ rows: ['x'] }));
    await vi.waitFor(() => expect(fates).toEqual(['a answered']));
    server().destroy();
    await expect(done).rejects.toThrow(/connection/i);
    expect(fates).toEqual(['a answered', 'b failed', 'c failed']);
    const next = select('again').execute(db);
    await vi.waitFor(() => expect(servers).toHaveLength(2));
    server().answerAll(() => ({ rows: ['new'] }));
    expect((await next).rows).toEqual([{ value: 'new' }]);
  });
});

function never(): never {
  throw new Error('nobody has connected');
}
