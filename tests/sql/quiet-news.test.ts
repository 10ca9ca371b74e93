import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PersonId } from '../../src/core/ids.ts';
import { APPROVED_HELD_MS, NOTIFICATIONS, ON_CALL_ALONE_MS, WAITS_HELD_MS } from '../../src/core/notification.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { saveNotifications, showNotifications } from '../../src/operations/notification-settings.ts';
import { beginTelling } from '../../src/operations/plan-notifications.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { createNotificationTally, tellPeople, type Mailer } from '../../src/operations/tell-people.ts';
import type { RequestView } from '../../src/operations/views.ts';
import { personKeys } from '../../src/store/people.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 1_800_000,
  reason: 'Check the invoice export',
};
const MINUTE = 60_000;

eachDatabase('quiet by default', (current) => {
  let acme: AcmeOperations;
  let sent: string[];
  beforeEach(async () => {
    acme = await acmeOperations(current());
    sent = [];
    await edit('directory.yaml', 'people: [finn, cem, bo, dia]', 'people: [bo]');
    await beginTelling(acme.world);
  });

  const mailer: Mailer = {
    async send(notice) {
      if ('request' in notice) sent.push(`${notice.kind} ${notice.to.address.split('.')[0] ?? ''}`);
      return { kind: 'sent' };
    },
    examine: async () => ({ target: 'mail', ok: true, message: 'well' }),
  };
  /** Reads the log and sends what is due, some time after now: everything that is kept comes nearer by it. */
  const told = async (laterMs = 0): Promise<readonly string[]> => {
    const before = sent.length;
    await sequenceAll(current());
    await tellPeople(acme.world, mailer, () => {});
    await sql`
      update notification set due_at = due_at - ${laterMs} * interval '1 millisecond' where outcome is null`.execute(
      current().db,
    );
    await tellPeople(acme.world, mailer, createNotificationTally().count);
    return sent.slice(before).sort();
  };
  const edit = async (path: string, from: string, to: string) => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  const ask = async (wish = ASK): Promise<RequestView> =>
    got(await requestAccess(acme.world, await acme.as('ana'), wish));
  const approve = async ({ id }: RequestView) => got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
  /** After how many milliseconds each is asked: `[key, ms]`, by key. */
  const asked = async ({ id }: { readonly id: string }) => {
    await sequenceAll(current());
    await tellPeople(acme.world, mailer, () => {});
    const { rows } = await sql<{ person: PersonId; ms: number }>`
      select person_id as person, round(extract(epoch from first_due_at - happened_at) * 1000)::int as ms
      from notification where kind = 'waits' and request_id = ${id}`.execute(current().db);
    const keys = await personKeys(
      current().db,
      rows.map(({ person }) => person),
    );
    return rows.map(({ person, ms }) => [keys.get(person) ?? '', ms] as const).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  };
  const SOON = WAITS_HELD_MS;
  const FROM = '- from: [oncall:data, group:data-leads]\n    count: 1\n    escalate: { after: 10m, to: [group:sre] }';

  describe('of thirty who may decide', () => {
    beforeEach(async () => {
      const more = Array.from({ length: 27 }, (_, n) => `lead-${n}`);
      const people = more.map((key) => `  ${key}:\n    name: ${key}\n    email: ${key}.x@acme.example\n`).join('');
      await edit('directory.yaml', 'people:\n', `people:\n${people}`);
      await edit('directory.yaml', 'members: [bo, finn, hal]', `members: [bo, finn, hal, ${more.join(', ')}]`);
    });

    test('one message goes out for a decision that whoever is on call takes in time', async () => {
      const request = await ask();
      expect(request.steps[0]?.eligibleCount).toBe(30);
      expect(await told(SOON)).toEqual(['waits bo']);
      await approve(request);
      expect((await told(ON_CALL_ALONE_MS)).filter((line) => !line.endsWith(' ana'))).toEqual([]);
    });

    test('the other twenty-nine hear once those on call had their time, whichever process is left to say it', async () => {
      await ask();
      expect(await told(SOON)).toEqual(['waits bo']);
      expect(await told(ON_CALL_ALONE_MS - SOON - MINUTE)).toEqual([]);
      const others = await told(MINUTE);
      expect([others.length, new Set(others).size]).toEqual([29, 29]);
      expect(others.every((line) => line.startsWith('waits '))).toBe(true);
      // And to whom the step escalates when that time has come.
      const escalated = await told(10 * MINUTE);
      expect(escalated.length).toBeGreaterThan(0);
      expect(escalated.every((line) => line.startsWith('escalated '))).toBe(true);
    });

    test('where the rule names a group alone, or nobody is on call, all of them are asked at once', async () => {
      await edit('directory.yaml', 'people: [bo]', 'people: [ana]');
      expect((await asked(await ask())).filter(([, ms]) => ms === SOON)).toHaveLength(30);
      await edit('directory.yaml', 'people: [ana]', 'people: [bo]');
      await edit('policies/data.yaml', FROM, FROM.replace('oncall:data, ', ''));
      expect((await asked(await ask())).filter(([, ms]) => ms === SOON)).toHaveLength(30);
    });
  });

  test('whoever is on call is asked first only where they are enough for the step', async () => {
    expect(await asked(await ask())).toEqual([
      ['bo', SOON],
      ['finn', ON_CALL_ALONE_MS],
      ['hal', ON_CALL_ALONE_MS],
    ]);
    await edit('policies/data.yaml', FROM, FROM.replace('count: 1', 'count: 2'));
    expect((await asked(await ask())).map(([, ms]) => ms)).toEqual([SOON, SOON, SOON]);
  });

  test('others hear no later than the step escalates, and of a later end by half of the time that is left', async () => {
    await edit('policies/data.yaml', FROM, FROM.replace('10m', '2m'));
    const request = await ask({ ...ASK, durationMs: 8 * MINUTE });
    expect((await asked(request)).map(([, ms]) => ms)).toEqual([SOON, 2 * MINUTE, 2 * MINUTE]);
    const { grants } = await approve(request);
    await acme.engine.pass('starts');
    await edit('policies/data.yaml', 'after: 2m', 'after: 10m');
    const longer = { durationMs: 8 * MINUTE, reason: 'It takes longer' };
    const later = got(await extendGrant(acme.world, await acme.as('ana'), grants[0]?.id ?? never(), longer));
    const [, others = 0] = (await asked(later))[1] ?? [];
    expect(others).toBeGreaterThan(3 * MINUTE);
    expect(others).toBeLessThan(4 * MINUTE);
  });

  describe('that it was approved', () => {
    test('is left out where the access is usable by then: of an approved half hour there are three messages', async () => {
      await approve(await ask());
      await acme.engine.pass('starts');
      expect(await told()).toEqual(['active ana']);
      expect(await told(APPROVED_HELD_MS)).toEqual([]);
      expect(await told(25 * MINUTE)).toEqual(['ending-soon ana']);
    });

    test('is told after a minute where the access waits', async () => {
      await approve(await ask());
      expect(await told(APPROVED_HELD_MS - SOON)).toEqual([]);
      expect(await told(SOON)).toEqual(['approved ana']);
      await acme.engine.pass('starts');
      expect(await told()).toEqual(['active ana']);
    });

    test('is told to who does not want to hear that access is usable', async () => {
      const ana = await acme.as('ana');
      const { kinds } = got(await showNotifications(acme.world, ana));
      got(await saveNotifications(acme.world, ana, { ...kinds, active: false }));
      await approve(await ask());
      await acme.engine.pass('starts');
      expect(await told(APPROVED_HELD_MS)).toEqual(['approved ana']);
    });
  });

  test('every kind is on until somebody turns it off', async () => {
    const { kinds } = got(await showNotifications(acme.world, await acme.as('ana')));
    expect(kinds).toEqual(Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, true])));
  });
});

function never(): never {
  throw new Error('never');
}
