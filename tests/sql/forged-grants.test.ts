import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { issueCredential } from '../../src/operations/issue-credential.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { tamper } from './ledger-under-test.ts';
import { sign, withPasskey, type Signer } from './passkey-people.ts';

const MINUTE = 60_000;
/** Tier 1; one person has to agree. */
const ASK = {
  items: [{ role: 'payments-db-operator', target: 'aws/prod' }],
  durationMs: 30 * MINUTE,
  reason: 'Restart the payments database',
  ticket: 'PAY-7',
};

eachDatabase('a grant that somebody wrote into the database', (current) => {
  let acme: AcmeOperations;
  let tom: Actor;
  let rami: Signer;
  let id: GrantId;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    tom = await acme.as('tom');
    rami = await withPasskey(acme, 'rami');
    const asked = got(await requestAccess(acme.world, tom, ASK));
    const grant = got(await sign(acme, rami, asked.id)).grants[0]?.id;
    if (grant === undefined) throw new Error('no grant');
    id = grant;
  });
  const provisioned = () => acme.provider.calls.filter((call) => call === 'provision').length;
  const states = async () =>
    (
      await sql<{ state: string; cause: string | null }>`select state, end_cause as cause from "grant"`.execute(
        current().db,
      )
    ).rows;
  const ACTIVATING = `update "grant" set state = 'activating', activated_at = app_now(), due_at = app_now(),
    ends_at = app_now() + interval '30 minutes', bound_until = app_now() + interval '30 minutes'`;
  const ACTIVE = `update "grant" set state = 'active', usable_at = app_now(), due_at = ends_at`;
  const UNAPPROVED = 'delete from approval';
  const later = (by: string, more = '') =>
    `update "grant" set ends_at = ends_at + interval '${by}', bound_until = ends_at + interval '${by}'${more}`;

  describe('as one whose start a node left', () => {
    test('is taken up while the approval stands', async () => {
      await tamper(current(), ACTIVATING);
      await acme.engine.pass('starts');
      expect([await states(), provisioned()]).toEqual([[{ state: 'active', cause: null }], 1]);
    });

    test.each([
      ['without an approval', UNAPPROVED],
      ['with an unsigned one', 'update approval set document = null, challenge = null, assertion = null'],
      ['for longer than was signed', later('1 hour')],
    ])('is never made %s, and ends with a proof', async (_, statement) => {
      await tamper(current(), ACTIVATING, statement);
      await acme.engine.pass('starts');
      await acme.engine.pass('ends');
      expect([await states(), provisioned()]).toEqual([[{ state: 'failed', cause: 'failed' }], 0]);
    });
  });

  describe('as one that is active', () => {
    const handedOut = async () => code(await issueCredential(acme.world, tom, id));

    test('hands out while the approval stands', async () => {
      await tamper(current(), ACTIVATING, ACTIVE);
      expect(await handedOut()).toBe('ok');
    });

    test.each([
      ['without an approval', UNAPPROVED],
      ['that ends later than was signed', later('1 hour')],
      ['that says it was extended', later('1 hour', ', extended = 1')],
      ['that says it is less sensitive', `update "grant" set definition = jsonb_set(definition, '{role,tier}', '3')`],
      [
        'that is somewhere else',
        `update "grant" set definition = jsonb_set(definition, '{target,native}', '"000000000000"')`,
      ],
    ])('hands out nothing %s', async (_, statement) => {
      await tamper(current(), ACTIVATING, ACTIVE, statement);
      expect(await handedOut()).toBe('request-refused');
      const { rows } = await sql`select from credential`.execute(current().db);
      expect(rows).toEqual([]);
    });

    test('hands out until the later end that somebody signed, and none that the row invents', async () => {
      await acme.engine.pass('starts');
      const more = { durationMs: 20 * MINUTE, reason: 'The restart takes longer', ticket: 'PAY-7' };
      const extension = got(await extendGrant(acme.world, tom, id, more));
      got(await sign(acme, rami, extension.id, { durationMs: 10 * MINUTE }));
      await acme.engine.pass('starts');
      expect(await handedOut()).toBe('ok');
      await tamper(current(), later('1 second'));
      expect(await handedOut()).toBe('request-refused');
    });
  });
});
