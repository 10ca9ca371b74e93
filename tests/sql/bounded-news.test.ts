import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { OwnNews } from '../../src/core/notification.ts';
import { beginTelling, planNotifications } from '../../src/operations/plan-notifications.ts';
import { MOST_TOLD_AN_HOUR } from '../../src/operations/plan-own-news.ts';
import {
  askForRecovery,
  challengeRecovery,
  confirmRecovery,
  withdrawRecovery,
} from '../../src/operations/recover-passkeys.ts';
import { liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import { tellPeople, type Mailer } from '../../src/operations/tell-people.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';
import { sequenceAll } from './ledger-under-test.ts';
import { withPasskey } from './passkey-people.ts';

eachDatabase('what one human has others told without end', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    await beginTelling(acme.world);
  });

  const plan = async (): Promise<void> => {
    await sequenceAll(current());
    await planNotifications(acme.world);
  };
  /** Of how many different things of a kind anybody is told. */
  const toldOf = async (kind: OwnNews): Promise<number> => {
    const { rows } = await sql<{ n: number }>`
      select count(distinct occasion)::int as n from notification where kind = ${kind}`.execute(current().db);
    return rows[0]?.n ?? 0;
  };
  /** Who is told something of a kind, sorted. */
  const receiversOf = async (kind: OwnNews): Promise<readonly string[]> => {
    const { rows } = await sql<{ person: string }>`
      select distinct person_id as person from notification where kind = ${kind} order by 1`.execute(current().db);
    return rows.map(({ person }) => person);
  };
  const gives = async (key: string, what: { person?: string; all?: boolean }) =>
    got(await orderRevocation(acme.world, await acme.as(key), { ...what, reason: 'x'.repeat(2_000) }));
  test('whoever orders and takes back does not flood those who can confirm; others are heard meanwhile', async () => {
    for (let n = 0; n < MOST_TOLD_AN_HOUR + 3; n += 1) {
      const { id } = await gives('bo', { all: true });
      got(await liftRevocationOrder(acme.world, await acme.as('bo'), id, { reason: 'Not yet' }));
      // Some of them in one reading of the log, some in the next.
      if (n % 4 === 0) await plan();
    }
    await plan();
    expect(await toldOf('order-waits')).toBe(MOST_TOLD_AN_HOUR);
    await gives('bo', { all: true });
    await plan();
    expect(await toldOf('order-waits')).toBe(MOST_TOLD_AN_HOUR);
    // That there are more is said once, to everybody who can confirm.
    expect(await toldOf('more-orders')).toBe(1);
    expect(await receiversOf('more-orders')).toEqual(await receiversOf('order-waits'));
    await gives('fay', { all: true });
    await plan();
    expect([await toldOf('order-waits'), await toldOf('more-orders')]).toEqual([MOST_TOLD_AN_HOUR + 1, 1]);
  });

  test('that there are more goes out, and not to whoever gave them', async () => {
    const { person } = await acme.as('cem');
    await heldGrants(acme, current(), { person, count: 2, state: 'active' });
    for (let n = 0; n < MOST_TOLD_AN_HOUR + 2; n += 1) {
      const { id } = await gives('bo', { all: true });
      got(await liftRevocationOrder(acme.world, await acme.as('bo'), id, { reason: 'Not yet' }));
    }
    await plan();
    const sent: string[] = [];
    const mailer: Mailer = {
      async send({ kind, to }) {
        if (kind === 'more-orders') sent.push(to.address);
        return { kind: 'sent' };
      },
      examine: async () => ({ target: 'mail', ok: true, message: 'well' }),
    };
    await tellPeople(acme.world, mailer, () => {});
    expect(sent.length).toBe((await receiversOf('more-orders')).length - 1);
    expect(sent).not.toContain('bo.sandberg@acme.example');
  });

  test('and what an order ends at once it still ends, told or not', async () => {
    const { person } = await acme.as('ana');
    for (let n = 0; n < MOST_TOLD_AN_HOUR + 1; n += 1) await gives('bo', { person: 'cem' });
    await plan();
    await heldGrants(acme, current(), { person, count: 2, state: 'active' });
    expect(await gives('bo', { person: 'ana' })).toMatchObject({ reach: 'own', counts: { live: 0 } });
    await plan();
    expect(await toldOf('order-waits')).toBe(MOST_TOLD_AN_HOUR);
  });

  test('whoever asks for a recovery and takes it back floods nobody, and its later steps are still told', async () => {
    const bo = await withPasskey(acme, 'bo');
    const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
    for (let n = 0; n < MOST_TOLD_AN_HOUR + 3; n += 1) {
      got(await askForRecovery(acme.world, bo.actor));
      got(await withdrawRecovery(acme.world, bo.actor));
      if (n % 4 === 0) await plan();
    }
    await plan();
    const most = [MOST_TOLD_AN_HOUR, MOST_TOLD_AN_HOUR];
    expect([await toldOf('recovery-asked'), await toldOf('recovery-waits')]).toEqual(most);
    expect(await toldOf('more-recoveries')).toBe(1);
    expect(await receiversOf('more-recoveries')).toEqual(
      [...new Set([...(await receiversOf('recovery-asked')), ...(await receiversOf('recovery-waits'))])].sort(),
    );
    const { id } = got(await askForRecovery(acme.world, bo.actor));
    for (const { actor, device } of [fay, gus]) {
      const { document, options } = got(await challengeRecovery(acme.world, actor, id));
      got(await confirmRecovery(acme.world, actor, id, { document, response: device.assert(options) }));
    }
    await plan();
    expect([await toldOf('recovery-asked'), await toldOf('recovery-waits')]).toEqual(most);
    expect([await toldOf('recovery-confirmed'), await toldOf('recovery-opened')]).toEqual([2, 1]);
    got(await askForRecovery(acme.world, fay.actor));
    await plan();
    expect(await toldOf('recovery-asked')).toBe(MOST_TOLD_AN_HOUR + 1);
  });
});
