import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startMailCatcher, type MailCatcher } from '../../simulators/mail/catcher.ts';
import { headerOf } from '../../simulators/mail/read-message.ts';
import { createSmtpMailer, type SmtpMailer } from '../../src/integrations/mail/smtp.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { beginTelling, planNotifications } from '../../src/operations/plan-notifications.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { createNotificationTally, tellPeople } from '../../src/operations/tell-people.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('notifications over SMTP', (current) => {
  let acme: AcmeOperations;
  let catcher: MailCatcher;
  let mailer: SmtpMailer;
  let tally: ReturnType<typeof createNotificationTally>;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    acme = await acmeOperations(current());
    catcher = await startMailCatcher({ port: 0 });
    tally = createNotificationTally();
    mailer = createSmtpMailer({
      config: {
        host: '127.0.0.1',
        port: catcher.port,
        encryption: 'none',
        login: null,
        from: { name: 'Curfew', address: 'curfew@acme.example' },
      },
      password: null,
      origin: 'http://localhost:7420',
    });
    await beginTelling(acme.world);
  });
  afterEach(async () => {
    mailer.close();
    await catcher.close();
  });
  const tell = async () => {
    const note = (fields: object, message: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);
    await sequenceAll(current());
    const world = { ...acme.world, log: { info: note, warn: note, error: note } };
    // What waits is held for some seconds.
    await planNotifications(world);
    await sql`update notification set due_at = app_now() where kind = 'waits' and attempts = 0`.execute(current().db);
    await tellPeople(world, mailer, tally.count);
  };
  const allDueNow = () =>
    sql`update notification set due_at = app_now() where due_at is not null and attempts > 0`.execute(current().db);

  test('while the server is down everybody decides and acts on; when it is up again everything arrives once', async () => {
    const { port } = catcher;
    await catcher.close();
    const request = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    await tell();
    expect(tally.counts.waits.failed).toBe(1);
    got(await approveRequest(acme.world, await acme.as('bo'), request.id, {}));
    await acme.engine.pass('starts');
    // Each look tries one message and no more: what does not answer is not asked a hundred times.
    for (let looks = 0; looks < 3; looks += 1) await tell();
    catcher = await startMailCatcher({ port });
    expect(catcher.messages()).toEqual([]);
    for (let looks = 0; looks < 3; looks += 1) {
      await allDueNow();
      await tell();
    }
    // Nobody is asked to decide what is decided, however long the server was down, and what is usable by then says that it was approved.
    const [active, ...more] = catcher.messages();
    expect(more).toEqual([]);
    expect(active?.text).toMatch(/^You have access until /);
    expect(active === undefined ? '' : headerOf(active.headers, 'references')).toBe(`<${request.id}@localhost>`);
    // What operators read names no person's address.
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toMatch(/@|Ribeiro|Sandberg/);
  });

  test('the log and the kept messages name nobody but by pseudonym, and hold no address', async () => {
    got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    await tell();
    const { rows } = await sql<{ text: string }>`
      select notification::text as text from notification
      union all select body from ledger_entry`.execute(current().db);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.map(({ text }) => text).join('\n')).not.toMatch(/@acme\.example|Ribeiro|Check the invoice/);
    expect(catcher.messages().length).toBe(tally.counts.waits.sent);
  });
});
