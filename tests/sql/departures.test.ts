import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { endDeparted } from '../../src/operations/departures.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { roleHolders } from '../../src/store/role-assignments.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('operations', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const edit = async (path: string, from: string | RegExp, to: string): Promise<void> => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
  };
  const leaves = (key: string) => edit('directory.yaml', new RegExp(`^( {2}${key}:\\n)`, 'm'), '$1    active: false\n');
  const returns = (key: string) =>
    edit('directory.yaml', new RegExp(`^( {2}${key}:\\n) {4}active: false\\n`, 'm'), '$1');
  const entries = async (prefix: string): Promise<readonly { kind: string; facts: object }[]> => {
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where body::jsonb ->> 'kind' like ${`${prefix}%`} order by id`.execute(
      current().db,
    );
    return rows.map(({ body }) => JSON.parse(body) as { kind: string; facts: object });
  };
  const active = async () => {
    const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
    await acme.engine.pass('starts');
    return id;
  };
  const statuses = async () => {
    const requests = await sql<{ state: string }>`select state from request order by created_at`.execute(current().db);
    const grants = await sql<{ state: string }>`select state from "grant" order by id`.execute(current().db);
    return [requests.rows.map((row) => row.state), grants.rows.map((row) => row.state)];
  };

  describe('somebody who leaves', () => {
    test('loses what they wait for and what they hold, each logged with the cause', async () => {
      await active();
      got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      await leaves('ana');
      await endDeparted(acme.world);
      expect(await statuses()).toEqual([['approved', 'withdrawn'], ['ending']]);
      expect(await entries('person.left')).toMatchObject([{ facts: { cause: 'inactive' } }]);
      expect(await entries('request.withdrawn')).toMatchObject([{ facts: { because: 'requester-left' } }]);
      expect(await entries('grant.ending')).toMatchObject([{ facts: { cause: 'revoked', because: 'holder-left' } }]);
      await acme.engine.pass('ends');
      expect((await statuses())[1]).toEqual(['ended']);
      await endDeparted(acme.world);
      expect(await entries('grant.ending')).toHaveLength(1);
    });

    test('loses what is scheduled, and what they asked to keep longer', async () => {
      const id = await active();
      const grant = got(await showRequest(acme.world, await acme.as('ana'), id)).grants[0];
      if (grant === undefined) throw new Error('there is a grant');
      got(
        await extendGrant(acme.world, await acme.as('ana'), grant.id, {
          durationMs: 600_000,
          reason: 'It takes longer',
        }),
      );
      const later = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      got(await approveRequest(acme.world, await acme.as('bo'), later.id, {}));
      await leaves('ana');
      await endDeparted(acme.world);
      const [requests, grants] = await statuses();
      expect(requests).toEqual(['approved', 'withdrawn', 'approved']);
      expect(grants?.toSorted()).toEqual(['ended', 'ending']);
    });

    test('keeps what is live until its end where the directory says so, and gets nothing new', async () => {
      await edit('directory.yaml', 'kind: directory\n', 'kind: directory\ndepartures: run-out\n');
      await active();
      got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      await leaves('ana');
      await endDeparted(acme.world);
      expect(await statuses()).toEqual([['approved', 'withdrawn'], ['active']]);
    });

    test('is found while a rule beside the people is broken', async () => {
      await active();
      await edit('policies/data.yaml', /$/, '\n---\nkind: policy\nname: [broken\n');
      await leaves('ana');
      await endDeparted(acme.world);
      expect((await statuses())[1]).toEqual(['ending']);
    });

    test('is found at the next start, when nobody was there to see it', async () => {
      await active();
      acme.edit((file) =>
        file.path === 'directory.yaml'
          ? { ...file, text: file.text.replace(/^( {2}ana:\n)/m, '$1    active: false\n') }
          : file,
      );
      const again = await acme.restart();
      await again.begin(acme.world);
      await endDeparted(acme.world);
      expect((await statuses())[1]).toEqual(['ending']);
      expect(await entries('person.left')).toHaveLength(1);
    });

    test('who comes back is known again, and what was ended stays ended', async () => {
      await active();
      await leaves('ana');
      await endDeparted(acme.world);
      await returns('ana');
      await endDeparted(acme.world);
      expect((await entries('person.')).map(({ kind }) => kind)).toEqual([
        'person.signed-in',
        'person.signed-in',
        'person.left',
        'person.returned',
      ]);
      expect((await statuses())[1]).toEqual(['ending']);
      got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    });

    test('somebody whom this node never knew, because another read of them first, has not left', async () => {
      await acme.as('ana');
      await sql`update person set directory_key = 'newcomer'`.execute(current().db);
      await leaves('bo');
      expect(await entries('person.left')).toEqual([]);
    });
  });

  describe('the roles of Curfew itself of somebody who leaves', () => {
    const held = async () =>
      (await roleHolders(current().db)).map(({ key, role }) => `${key} ${role}`).sort((a, b) => a.localeCompare(b));

    test('end, in the log, and are not back when somebody writes the key into the directory again', async () => {
      for (const role of ['admin', 'auditor'] as const) await giveRole(acme, 'finn', role);
      await giveRole(acme, 'eli', 'admin');
      await leaves('finn');
      expect(await held()).toEqual(['eli admin']);
      const because = { because: 'holder-left', directoryVersion: acme.world.rules.current().directory.version };
      expect((await entries('administration.')).map(({ kind, facts }) => ({ kind, facts }))).toEqual([
        { kind: 'administration.ended', facts: { role: 'admin', ...because } },
        { kind: 'administration.ended', facts: { role: 'auditor', ...because } },
      ]);
      await returns('finn');
      expect(await held()).toEqual(['eli admin']);
    });

    test('stay as long as no admin is there, and end once one is back', async () => {
      await giveRole(acme, 'finn', 'admin');
      await giveRole(acme, 'hal', 'auditor');
      await giveRole(acme, 'eli', 'admin');
      acme.edit((file) => ({
        ...file,
        text: file.text.replace(/^( {2}(finn|hal|eli):\n)/gm, '$1    active: false\n'),
      }));
      await acme.reload();
      expect(await held()).toEqual(['eli admin', 'finn admin', 'hal auditor']);
      await returns('eli');
      expect(await held()).toEqual(['eli admin']);
      await leaves('eli');
      expect(await held()).toEqual(['eli admin']);
    });

    test('end at the next start, also of those who left before roles ended by it', async () => {
      await giveRole(acme, 'finn', 'admin');
      await leaves('finn');
      expect(await held()).toEqual(['finn admin']);
      await giveRole(acme, 'eli', 'admin');
      const again = await acme.restart();
      await again.begin(acme.world);
      expect(await held()).toEqual(['eli admin']);
    });
  });

  describe('an approver who leaves', () => {
    test('counts no more for what is pending', async () => {
      await edit('policies/data.yaml', 'count: 1\n    escalate: { after: 10m, to: [group:sre] }', 'count: 2');
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      await leaves('finn');
      expect(got(await approveRequest(acme.world, await acme.as('hal'), id, {})).status).toBe('pending');
      expect(got(await approveRequest(acme.world, await acme.as('bo'), id, {})).status).toBe('approved');
    });

    test('counts no more for what has not started', async () => {
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      await leaves('finn');
      await acme.engine.pass('starts');
      expect(got(await showRequest(acme.world, await acme.as('ana'), id)).grants[0]?.status).toBe('failed');
      expect(acme.provider.calls).toEqual([]);
    });

    test('approves nothing with a session that outlived them', async () => {
      const finn = await acme.as('finn');
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      await leaves('finn');
      expect(code(await approveRequest(acme.world, finn, id, {}))).toBe('not-an-approver');
    });
  });
});
