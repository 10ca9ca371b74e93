import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseId, type RequestId } from '../../src/core/ids.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import type { Notice } from '../../src/operations/notice.ts';
import { muteRequest, saveNotifications, showNotifications } from '../../src/operations/notification-settings.ts';
import { mailReadiness } from '../../src/operations/check-readiness.ts';
import { beginTelling, MOST_TOLD_AN_HOUR, planNotifications } from '../../src/operations/plan-notifications.ts';
import { OLD_NEWS_MS } from '../../src/operations/plan-own-news.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { RequestView } from '../../src/operations/views.ts';
import { createNotificationTally, tellPeople, type Delivery, type Mailer } from '../../src/operations/tell-people.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, write } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('notifications', (current) => {
  let acme: AcmeOperations;
  let sent: Notice[];
  let answer: () => Delivery;
  let tally: ReturnType<typeof createNotificationTally>;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    sent = [];
    answer = () => ({ kind: 'sent' });
    tally = createNotificationTally();
    await beginTelling(acme.world);
  });

  const mailer: Mailer = {
    send: async (notice) => {
      const delivery = answer();
      // What is told of one's own keys and roles is held against `own-news.test.ts`.
      if (delivery.kind === 'sent' && 'request' in notice) sent.push(notice);
      return delivery;
    },
    examine: async () => ({ target: 'mail', ok: true, message: 'well' }),
  };
  /** Gives the log its places and sends what is due, what is held for some seconds among it; what was sent, as `kind to name`, sorted. */
  const told = async (): Promise<readonly string[]> => {
    const before = sent.length;
    await sequenceAll(current());
    await planNotifications(acme.world);
    await sql`update notification set due_at = app_now() where kind in ('waits', 'approved') and attempts = 0 and outcome is null`.execute(
      current().db,
    );
    await tellPeople(acme.world, mailer, tally.count);
    return sent
      .slice(before)
      .map(({ kind, to }) => `${kind} ${to.address.split('.')[0] ?? ''}`)
      .sort();
  };
  const ask = async (): Promise<RequestView> => got(await requestAccess(acme.world, await acme.as('ana'), ASK));
  const approve = async ({ id }: RequestView) => got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
  const deciders = ({ steps }: RequestView) => steps.flatMap((step) => step.eligible.map(({ key }) => `waits ${key}`));
  /** Everything that is kept for a later time is due now; for a summons to somebody else that is what the time is about. */
  const later = (kind: string) =>
    sql`update notification set due_at = app_now() where kind = ${kind} and outcome is null`.execute(current().db);
  const rows = async () => {
    const found = await sql<{ kind: string; outcome: string | null; attempts: number; last_fault: string | null }>`
      select kind, outcome, attempts, last_fault from notification order by id`.execute(current().db);
    return found.rows;
  };

  test('the life of a request: who can decide hears once, whoever asked hears each state, and nobody anything else', async () => {
    const request = await ask();
    expect(await told()).toEqual(deciders(request).sort());
    expect(deciders(request)).toContain('waits bo');
    // Names can be alike, and whoever decides knows people by their keys.
    expect(sent.find(({ kind }) => kind === 'waits')?.requester).toBe('Ana Ribeiro (ana)');
    expect(await told()).toEqual([]);
    const { grants } = await approve(request);
    expect(await told()).toEqual(['approved ana']);
    await acme.engine.pass('starts');
    expect(await told()).toEqual(['active ana']);
    await later('ending-soon');
    expect(await told()).toEqual(['ending-soon ana']);
    got(await returnGrant(acme.world, await acme.as('ana'), grants[0]?.id ?? never()));
    await acme.engine.pass('ends');
    expect(await told()).toEqual(['ended ana']);
    await later('escalated');
    expect(await told()).toEqual([]);
    expect(sent.at(-1)?.grant).toMatchObject({ cause: 'returned', proof: { gone: true } });
    expect(sent.find(({ kind }) => kind === 'approved')?.decided).toEqual({ by: 'Bo Sandberg (bo)', comment: null });
    expect(tally.counts.escalated.overtaken).toBeGreaterThan(0);
    expect(tally.counts.waits.sent).toBe(deciders(request).length);
  });

  test('whoever asks and withdraws again and again does not flood those who can decide; others are heard meanwhile', async () => {
    const again = async () => {
      const request = await ask();
      const lines = await told();
      got(await withdrawRequest(acme.world, await acme.as('ana'), request.id));
      return lines.filter((line) => line.startsWith('waits')).length;
    };
    for (let n = 0; n < MOST_TOLD_AN_HOUR; n += 1) expect(await again()).toBeGreaterThan(0);
    expect(await again()).toBe(0);
    const kept = await ask();
    expect(await told()).toEqual([]);
    await later('escalated');
    expect((await told()).every((line) => line.startsWith('escalated '))).toBe(true);
    got(await withdrawRequest(acme.world, await acme.as('ana'), kept.id));
    const other = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
    expect(await told()).toEqual(deciders(other).sort());
    await sql`update request set created_at = created_at - interval '1 hour'`.execute(current().db);
    expect(await again()).toBeGreaterThan(0);
  });

  test('after its time it escalates to those whom the rules name then, and to nobody else', async () => {
    const request = await ask();
    await told();
    await later('escalated');
    const escalated = await told();
    expect(escalated.length).toBeGreaterThan(0);
    expect(escalated.every((line) => line.startsWith('escalated '))).toBe(true);
    expect(escalated).not.toContain('escalated bo');
    expect(request.steps[0]?.eligible.map(({ key }) => `escalated ${key}`)).not.toEqual(
      expect.arrayContaining([...escalated]),
    );
  });

  test('a decision stops every message to others that has not gone out', async () => {
    const request = await ask();
    await approve(request);
    expect(await told()).toEqual(['approved ana']);
    const denied = await ask();
    got(await denyRequest(acme.world, await acme.as('bo'), denied.id, { comment: 'Not on a Sunday' }));
    expect(await told()).toEqual(['denied ana']);
    expect(sent.at(-1)?.decided).toEqual({ by: 'Bo Sandberg (bo)', comment: 'Not on a Sunday' });
    const withdrawn = await ask();
    got(await withdrawRequest(acme.world, await acme.as('ana'), withdrawn.id));
    expect(await told()).toEqual([]);
  });

  test('nobody answers: whoever asked is told', async () => {
    const request = await ask();
    await told();
    await sql`update request set lapses_at = app_now() - interval '1 second', due_at = app_now() - interval '1 second' where id = ${request.id}`.execute(
      current().db,
    );
    await acme.engine.lapse();
    expect(await told()).toEqual(['lapsed ana']);
  });

  test('the warning is of the end as it is: an extension makes another one', async () => {
    const { grants } = await approve(await ask());
    await acme.engine.pass('starts');
    await told();
    const grant = grants[0]?.id ?? never();
    const asked = got(
      await extendGrant(acme.world, await acme.as('ana'), grant, { durationMs: 900_000, reason: 'It takes longer' }),
    );
    expect((await told()).every((line) => line.startsWith('waits '))).toBe(true);
    await approve(asked);
    await acme.engine.pass('starts');
    expect(await told()).toEqual(['extended ana']);
    await later('ending-soon');
    expect(await told()).toEqual(['ending-soon ana']);
    expect(tally.counts['ending-soon']).toMatchObject({ sent: 1, overtaken: 1 });
  });

  describe('a mail server that does not answer', () => {
    test('is tried again; nothing is lost, and nothing is repeated', async () => {
      await ask();
      answer = () => ({ kind: 'failed', fault: 'ECONNECTION' });
      expect(await told()).toEqual([]);
      expect((await rows())[0]).toMatchObject({ outcome: null, attempts: 1, last_fault: 'ECONNECTION' });
      expect(await mailReadiness(current().db, true)).toEqual({
        ok: true,
        detail: '1 messages could not be sent yet: ECONNECTION',
      });
      answer = () => ({ kind: 'sent' });
      // The others go out; the one that failed keeps its pause.
      const others = await told();
      await later('waits');
      expect([...others, ...(await told())]).toHaveLength(tally.counts.waits.sent);
      expect(new Set(sent.map(({ key }) => key)).size).toBe(sent.length);
    });

    test('pauses grow to an hour, and after a day it is noted that nobody was told', async () => {
      const request = await ask();
      answer = () => ({ kind: 'failed', fault: 'ETIMEDOUT' });
      await told();
      const pause = async (attempts: number) => {
        await sql`update notification set attempts = ${attempts - 1}, due_at = app_now() where id = (select min(id) from notification)`.execute(
          current().db,
        );
        await sql`update notification set due_at = app_now() + interval '1 day' where id > (select min(id) from notification) and outcome is null`.execute(
          current().db,
        );
        await told();
        const { rows: left } = await sql<{ s: number }>`
          select round(extract(epoch from due_at - app_now()))::int as s from notification order by id limit 1`.execute(
          current().db,
        );
        return left[0]?.s ?? -1;
      };
      const near = (seconds: number) => expect.closeTo(seconds, -1) as number;
      expect([await pause(1), await pause(2), await pause(5), await pause(40)]).toEqual([
        near(15),
        near(30),
        near(240),
        near(3_600),
      ]);
      await sql`update notification set first_due_at = app_now() - interval '25 hours', due_at = app_now()`.execute(
        current().db,
      );
      await told();
      expect(new Set((await rows()).filter(({ kind }) => kind === 'waits').map(({ outcome }) => outcome))).toEqual(
        new Set(['given-up']),
      );
      // Whoever decides waited for none of it.
      expect((await approve(request)).status).toBe('approved');
    });

    test('what will never be taken is not tried again', async () => {
      await ask();
      answer = () => ({ kind: 'refused', fault: 'EENVELOPE 550' });
      await told();
      const first = (await rows()).find(({ kind }) => kind === 'waits');
      expect(first).toMatchObject({ outcome: 'refused', attempts: 1, last_fault: 'EENVELOPE 550' });
    });
  });

  test('a crash between sending and noting sends the same message again, and it says that it is the same', async () => {
    await ask();
    answer = () => {
      throw new Error('killed');
    };
    await told();
    await sql`delete from notification where id > (select min(id) from notification)`.execute(current().db);
    const going = {
      ...mailer,
      send: async (notice: Notice): Promise<Delivery> => (sent.push(notice), new Promise(() => {})),
    };
    await later('waits');
    void tellPeople(acme.world, going, tally.count);
    for (let tries = 0; sent.length === 0 && tries < 500; tries += 1) await new Promise((done) => setTimeout(done, 10));
    // Claimed by one that is gone: not before its time is over, and then once more.
    answer = () => ({ kind: 'sent' });
    expect(await told()).toHaveLength(0);
    await later('waits');
    expect(await told()).toHaveLength(1);
    expect(sent[0]?.key).toBe(sent[1]?.key);
    expect(sent[0]?.key).toMatch(/^[0-9a-f]{24}$/);
  });

  test('what is read twice off the log is told once, and two who read at once do not both', async () => {
    await ask();
    await sequenceAll(current());
    await Promise.all([planNotifications(acme.world), planNotifications(acme.world)]);
    const planned = (await rows()).length;
    await sql`update notification_cursor set next_seq = 0`.execute(current().db);
    expect(await told()).toHaveLength(tally.counts.waits.sent);
    await sql`update notification_cursor set next_seq = 0`.execute(current().db);
    // Found once more after it was sent.
    expect(await told()).toEqual([]);
    expect((await rows()).length).toBe(planned);
  });

  test('a failure while it is planned loses nothing: place and messages are written together', async () => {
    await ask();
    await sequenceAll(current());
    const broken = { ...acme.world, random: { bytes: () => never() } };
    await expect(planNotifications(broken)).rejects.toThrow('never');
    expect(await rows()).toEqual([]);
    await planNotifications(acme.world);
    expect((await rows()).length).toBeGreaterThan(0);
  });

  test('who begins to tell is not told of what was before, nor of what was a day ago', async () => {
    const ana = await acme.as('ana');
    await sql`delete from notification_cursor`.execute(current().db);
    await ask();
    await sequenceAll(current());
    await beginTelling(acme.world);
    expect(await told()).toEqual([]);
    const yesterday = after(systemClock.now(), -OLD_NEWS_MS - 1_000);
    const { id: request } = got(await requestAccess(acme.world, ana, ASK));
    await told();
    await write(current(), 1, { at: yesterday, subjects: { request, person: ana.person } });
    expect(await told()).toEqual([]);
  });

  test('who has left, and who has no sound address, is sent nothing', async () => {
    acme.edit(({ path, text }) => ({
      path,
      text: text.replace('bo.sandberg@acme.example', '"bo,all@acme.example"'),
    }));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
    const request = await ask();
    expect(deciders(request)).toContain('waits bo');
    expect((await told()).filter((line) => line.includes('bo'))).toEqual([]);
    expect(tally.counts.waits['no-address']).toBe(1);
  });

  describe('what people want to hear', () => {
    test('a kind that is off, and a request that is muted, say nothing to that person; others hear', async () => {
      const bo = await acme.as('bo');
      const { kinds } = got(await showNotifications(acme.world, bo));
      got(await saveNotifications(acme.world, bo, { ...kinds, waits: false }));
      const request = await ask();
      expect(await told()).toEqual(
        deciders(request)
          .filter((line) => line !== 'waits bo')
          .sort(),
      );
      const ana = await acme.as('ana');
      got(await muteRequest(acme.world, ana, request.id, true));
      const { requester, items } = request;
      const muted = [
        { id: request.id, asked: { requester, items: items.map(({ role, target }) => ({ role, target })) } },
      ];
      expect(got(await showNotifications(acme.world, ana)).muted).toEqual(muted);
      await approve(request);
      expect(await told()).toEqual([]);
      got(await muteRequest(acme.world, ana, request.id, false));
      await acme.engine.pass('starts');
      expect(await told()).toEqual(['active ana']);
    });

    test('each change stands in the log once; nothing changed is no entry', async () => {
      const ana = await acme.as('ana');
      const request = await ask();
      const entries = async () => {
        const found = await sql<{ body: string }>`
          select body from ledger_outbox where body like '%notifications.%' order by id`.execute(current().db);
        return found.rows.map(({ body }) => {
          const { kind, facts } = JSON.parse(body) as { kind: string; facts: object };
          return [kind, facts];
        });
      };
      const { kinds } = got(await showNotifications(acme.world, ana));
      for (const active of [true, false, false]) got(await saveNotifications(acme.world, ana, { ...kinds, active }));
      for (const muted of [false, true, true]) got(await muteRequest(acme.world, ana, request.id, muted));
      expect(await entries()).toEqual([
        ['notifications.changed', { off: ['active'] }],
        ['notifications.muted', { request: request.id, muted: true }],
      ]);
    });

    test('what one may not see any more is still muted, without a word of it, and is unmuted by its number', async () => {
      const { id } = await ask();
      const hal = await acme.as('hal');
      got(await muteRequest(acme.world, hal, id, true));
      // As if somebody else had been named for it from the beginning.
      await sql`update request set decision = replace(decision::text, '"hal"', '"nobody"')::jsonb`.execute(
        current().db,
      );
      acme.edit((file) => ({ ...file, text: file.text.replace('members: [bo, finn, hal]', 'members: [bo, finn]') }));
      await acme.reload();
      expect(got(await showNotifications(acme.world, hal)).muted).toEqual([{ id, asked: null }]);
      expect(got(await muteRequest(acme.world, hal, id, false)).muted).toEqual([]);
    });

    test('what one may not see cannot be muted: it does not exist', async () => {
      const { id } = await ask();
      expect(code(await muteRequest(acme.world, await acme.as('gus'), id, true))).toBe('not-found');
      expect(code(await muteRequest(acme.world, await acme.as('ana'), nowhere(), true))).toBe('not-found');
    });
  });
});

function never(): never {
  throw new Error('never');
}

function nowhere(): RequestId {
  return parseId('req', `req_${'a'.repeat(20)}`) ?? never();
}
