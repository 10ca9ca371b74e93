import { describe, expect, test } from 'vitest';
import { bindOperations } from '../../src/api/bind-operations.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { AUTHORISATION, reasonOf, ROLES, type Operation, type Row } from '../../src/operations/authorisation.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { PARTS_OF_ROUTES, ROUTE_OPERATIONS } from '../route-operations.ts';
import { code } from './acme-operations.ts';
import { cellsBehindApi, ROUTES, sample } from './described-routes.ts';

describe('the routes of the API, over a real database', () => {
  const { cells, api } = cellsBehindApi();

  test('each has its row in the table of authorisation, and each row its route', () => {
    expect(Object.keys(ROUTE_OPERATIONS).sort()).toEqual(ROUTES.map(({ name }) => name).sort());
    const used = new Set([...Object.values(ROUTE_OPERATIONS), ...PARTS_OF_ROUTES]);
    const routeless = Object.entries<Row>(AUTHORISATION).filter(([name]) => !used.has(name as Operation));
    // What is left to whoever runs Curfew has none, and no role in any relation may do it.
    expect(routeless.map(([name, { by }]) => [name, by])).toEqual([
      ['forgetAccounts', 'operator'],
      ['renewAdminCode', 'operator'],
    ]);
    for (const [, { cells: ofRoles }] of routeless)
      for (const role of ROLES) expect(ofRoles[role], role).toEqual(['hidden', 'hidden', 'hidden']);
  });

  const WITH_ID = ROUTES.filter(({ path }) => path.includes('{'));
  test.each(WITH_ID.map((route) => [route.name, route] as const))(
    '%s: the id of somebody else',
    async (name, { method, path, body }) => {
      const operation = ROUTE_OPERATIONS[name];
      if (operation === undefined || operation === null || operation === 'events')
        throw new Error(`${name} has no row`);
      const { about, cells: table } = AUTHORISATION[operation];
      const reason = reasonOf(table.member[2]);
      // Proofs say that there is an entry, and nothing of what is in it; what is for admins says so whatever the id.
      if (about === 'nothing' && reason === null) return;
      if (about === 'nothing') {
        const url = path.replace(/\{\w+\}/, newId(systemRandom, 'lnk'));
        const answer = await api().as('hana', {
          method,
          url,
          ...(body === null ? {} : { payload: sample(body) as object }),
        });
        return expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, reason?.code]);
      }
      const real = await cells().thing(about, about === 'proposal' ? 'ada:gia' : about === 'order' ? 'bo' : 'ana');
      const none = about === 'entry' ? '999999' : newId(systemRandom, real.slice(0, 3) as 'req');
      const send = async (id: string) => {
        const url = path.replace(/\{\w+\}/, id);
        const answer = await api().as('hana', {
          method,
          url,
          ...(body === null ? {} : { payload: sample(body) as object }),
        });
        const { requestId: _, ...rest } = answer.json<Record<string, unknown>>();
        return { status: answer.statusCode, rest };
      };
      const [theirs, nobodys] = [await send(real), await send(none)];
      expect(nobodys.status).toBe(404);
      if (reason?.code === 'not-found') expect(theirs).toEqual(nobodys);
      else if (reason === null) expect(theirs.status).toBe(200);
      else expect([theirs.status, theirs.rest['code']]).toEqual([403, reason.code]);
    },
  );

  const WITH_BODY = ROUTES.filter(({ body }) => body !== null);
  test.each(WITH_BODY.map((route) => [route.name, route] as const))(
    '%s: a body that is to change what all objects inherit',
    async (_, { method, path, body }) => {
      const good = JSON.stringify(sample(body ?? {}));
      const url = path.replace('{id}', `req_${'a'.repeat(20)}`);
      const poison = ['"__proto__":{"polluted":true}', '"constructor":{"prototype":{"polluted":true}}'];
      for (const bad of poison) {
        const outer = good === '{}' ? `{${bad}}` : `{${bad},${good.slice(1)}`;
        // The same inside of the first thing that is inside.
        const inner = /[:[]\{/.test(good) ? [good.replace(/([:[])\{/, `$1{${bad},`)] : [];
        for (const payload of [outer, ...inner]) {
          const headers = { 'content-type': 'application/json' };
          const answer = await api().as('hana', { method, url, payload, headers });
          expect([payload, answer.statusCode]).toEqual([
            payload,
            expect.toSatisfy((status) => status === 400 || status === 422) as number,
          ]);
          expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
        }
      }
    },
  );

  test('a reason that draws on terminals, breaks lines and is HTML is kept as text, and stands in no line of a log', async () => {
    const reason = '\u001b[31mred\u001b[0m\r\n{"level":"fatal"}\n<img src=x onerror=alert(1)>\u202e looks';
    const payload = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], duration: '15m', reason };
    const made = await api().as('dia', { method: 'POST', url: '/v1/requests', payload });
    expect(made.statusCode).toBe(201);
    expect(made.json<{ reason: string }>().reason).toBe(reason);
    // Escaped on its way: no raw control character, and nothing that a browser takes for a page.
    expect([...made.body].some((character) => character < ' ')).toBe(false);
    expect(made.headers['content-type']).toMatch(/^application\/json/);
    expect(made.headers['x-content-type-options']).toBe('nosniff');
    expect(JSON.stringify(api().lines)).not.toContain('onerror');
    const { id } = made.json<{ id: string }>();
    const bodies = await cells()
      .acme.world.db.selectFrom('ledger_outbox')
      .select('body')
      .where('request_id', '=', id)
      .execute();
    expect(bodies.length).toBeGreaterThan(0);
    for (const { body } of bodies)
      expect([body.includes('onerror'), /[\u0000-\u001f]/.test(body)]).toEqual([false, false]);
  });

  test('whoever was disabled approves nothing', async () => {
    const id = await cells().thing('request', 'ana');
    const bo = await cells().acme.as('bo');
    cells().acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2}bo:\n)/m, '$1    active: false\n') }));
    await cells().acme.reload();
    const before = await cells()
      .acme.world.db.selectFrom('request')
      .select('state')
      .where('id', '=', id as never)
      .executeTakeFirst();
    expect(code(await approveRequest(cells().acme.world, bo, id as never, {}))).toBe('not-an-approver');
    const later = await cells()
      .acme.world.db.selectFrom('request')
      .select('state')
      .where('id', '=', id as never)
      .executeTakeFirst();
    expect([before?.state, later?.state]).toEqual(['pending', 'pending']);
    expect(bindOperations(cells().acme.world).profile('bo')).toBeNull();
  });
});
