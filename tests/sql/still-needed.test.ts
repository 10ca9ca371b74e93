import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { WAITS_HELD_MS } from '../../src/core/notification.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { beginTelling, planNotifications } from '../../src/operations/plan-notifications.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { createNotificationTally, tellPeople, type Mailer } from '../../src/operations/tell-people.ts';
import type { RequestView } from '../../src/operations/views.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';
import { sign, withPasskey } from './passkey-people.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('what waits for somebody', (current) => {
  let acme: AcmeOperations;
  let sent: string[];
  let tally: ReturnType<typeof createNotificationTally>;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    sent = [];
    tally = createNotificationTally();
    await beginTelling(acme.world);
  });

  const mailer: Mailer = {
    async send(notice) {
      if ('request' in notice) sent.push(`${notice.kind} ${notice.to.address.split('.')[0] ?? ''}`);
      return { kind: 'sent' };
    },
    examine: async () => ({ target: 'mail', ok: true, message: 'well' }),
  };
  /** Gives the log its places and sends what is due; what is `held` for some seconds is let go unless told otherwise. */
  const told = async (held = false): Promise<readonly string[]> => {
    const before = sent.length;
    await sequenceAll(current());
    await planNotifications(acme.world);
    if (!held) for (const kind of ['waits', 'approved']) await later(kind);
    await tellPeople(acme.world, mailer, tally.count);
    return sent.slice(before).sort();
  };
  const later = (kind: string) =>
    sql`update notification set due_at = app_now() where kind = ${kind} and outcome is null`.execute(current().db);
  const edit = async (path: string, from: string, to: string) => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  const ask = async (): Promise<RequestView> => got(await requestAccess(acme.world, await acme.as('ana'), ASK));
  const approve = async ({ id }: RequestView) => got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
  const deciders = ({ steps }: RequestView) => steps.flatMap((step) => step.eligible.map(({ key }) => `waits ${key}`));

  test('what waits is held for some seconds, and is told to nobody when it is decided by then', async () => {
    const request = await ask();
    expect(await told(true)).toEqual([]);
    const { rows: due } = await sql<{ s: number }>`
      select min(extract(epoch from due_at - happened_at))::int as s from notification where kind = 'waits'`.execute(
      current().db,
    );
    expect(due[0]?.s).toBe(WAITS_HELD_MS / 1_000);
    await approve(request);
    expect(await told()).toEqual(['approved ana']);
    expect(tally.counts.waits).toMatchObject({ sent: 0, overtaken: deciders(request).length });
  });

  test('whether somebody can still decide is judged by the rules in force when the message goes out', async () => {
    const one = await ask();
    expect(deciders(one)).toContain('waits hal');
    await told(true);
    await edit('directory.yaml', 'members: [bo, finn, hal]', 'members: [bo, finn]');
    const lines = await told();
    expect(lines).toContain('waits finn');
    expect(lines).not.toContain('waits hal');
    // They refuse it as a whole: nobody can decide it.
    await ask();
    await told(true);
    await edit(
      'policies/data.yaml',
      'duration: { default: 15m, max: 1h, extensions: 1 }',
      'duration: { default: 5m, max: 10m }',
    );
    expect(await told()).toEqual([]);
    await later('escalated');
    expect(await told()).toEqual([]);
  });

  test('whose yes was set aside, because the role has changed, hears that they can decide again; not once they have', async () => {
    await edit('policies/data.yaml', 'count: 1\n    escalate: { after: 10m, to: [group:sre] }', 'count: 2');
    const weaken = async () => {
      const request = await ask();
      await approve(request);
      await told();
      await edit('roles/aws.yaml', 'name: invoice-reader\ntier: 2', 'name: invoice-reader\ntier: 1');
      got(await sign(acme, finn, request.id));
      await edit('roles/aws.yaml', 'name: invoice-reader\ntier: 1', 'name: invoice-reader\ntier: 2');
      return request;
    };
    const [bo, finn] = [await withPasskey(acme, 'bo'), await withPasskey(acme, 'finn')];
    await told();
    await weaken();
    expect(await told()).toEqual(['decide-again bo']);
    const other = await weaken();
    got(await sign(acme, bo, other.id));
    expect(await told()).not.toContain('decide-again bo');
  });
});
