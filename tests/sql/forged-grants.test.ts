import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { issueCredential } from '../../src/operations/issue-credential.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import type { Actor, World } from '../../src/operations/world.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { ACME_ORIGIN, acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, tamper } from './ledger-under-test.ts';
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
  // To the millisecond, as the broker writes times: PostgreSQL's clock is finer, and the start of a grant is never changed.
  // One reading for all columns: `app_now()` goes on within a statement, and a millisecond more is longer than was signed.
  const ACTIVATING = `with at as materialized (select date_trunc('milliseconds', app_now()) as now)
    update "grant" set state = 'activating', activated_at = at.now, due_at = at.now,
    ends_at = at.now + interval '30 minutes', bound_until = at.now + interval '30 minutes' from at`;
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

  describe('under what was signed', () => {
    const stored = async (grant = id) => {
      const found = await findGrant(current().db, grant);
      if (found === null) throw new Error('no grant');
      return found;
    };
    const checked = async (over: Partial<World>, change: Partial<GrantRecord> = {}) => {
      const verdict = await recheckGrant({ ...acme.world, ...over }, { ...(await stored()), ...change });
      return verdict.ok ? 'ok' : verdict.refusal.text.replace(/^.*not what was signed. /, '');
    };
    const afterHours = (hours: number) => {
      const { clock } = acme.world;
      return { clock: { ...clock, now: () => after(systemClock.now(), hours * 60 * MINUTE) } as Clock };
    };

    test('begins within a day after it could last be decided', async () => {
      expect(await checked(afterHours(24.9))).toBe('ok');
      expect(await checked(afterHours(25.1))).toBe('One signature does not hold: it was given too long ago.');
    });

    test('does not begin before the start that was signed', async () => {
      const startsAt = after(systemClock.now(), 120 * MINUTE);
      const planned = got(await requestAccess(acme.world, tom, { ...ASK, startsAt }));
      id = got(await sign(acme, rami, planned.id)).grants[0]?.id ?? id;
      expect(await checked({})).toBe('One signature does not hold: it is for a later start.');
      expect(await checked(afterHours(2))).toBe('ok');
    });

    test('is tried once more only where it failed for want of time', async () => {
      expect(await checked({}, { retryOf: id })).toBe('They were used for access that is over.');
      await tamper(
        current(),
        ACTIVATING,
        `update "grant" set state = 'failed', end_cause = 'failed', ended_at = app_now(), due_at = null,
           ending_since = app_now(), proof = '{"kind":"observed","at":1,"evidence":{}}'`,
      );
      const again = { retryOf: id, activatedAt: null, endsAt: null };
      expect(await checked({}, again)).toBe('They were used for access that is over.');
      await tamper(current(), `update "grant" set tries_again = true`);
      expect(await checked({}, again)).toBe('ok');
      expect(await checked({}, { ...again, ordinal: 1 })).not.toBe('ok');
    });

    test('is for one person, and a later end is of one grant', async () => {
      expect(await checked({}, { person: rami.actor.person })).toBe(
        'One signature does not hold: it was given for somebody else.',
      );
      await acme.engine.pass('starts');
      const more = { durationMs: 20 * MINUTE, reason: 'The restart takes longer', ticket: 'PAY-7' };
      got(await sign(acme, rami, got(await extendGrant(acme.world, tom, id, more)).id));
      expect(await checked({})).toBe('ok');
      expect(await checked({}, { id: 'grt_aaaaaaaaaaaaaaaaaaaa' as GrantId })).toBe(
        'One signature does not hold: it is about other access.',
      );
    });

    test('counts with a key of the same host, whatever its port', async () => {
      const { passkeys } = acme.world;
      expect(await checked({ passkeys: { ...passkeys, origin: `${ACME_ORIGIN}:8443` } })).toBe('ok');
      expect(await checked({ passkeys: { ...passkeys, rpId: 'evil.example' } })).toBe(
        'One signature does not hold: it was made for another server.',
      );
    });

    test('counts where the log says that it was given, and not with a key that the log says was removed before', async () => {
      await sequenceAll(current());
      const registered = `(select body from ledger_entry where kind = 'passkey.registered' limit 1)`;
      const removal = `replace(replace(${registered}, 'passkey.registered', 'passkey.removed'), '"at":"20', '"at":"19')`;
      await tamper(
        current(),
        `insert into ledger_outbox (entry_id, body) values ('ent_${'a'.repeat(20)}', ${removal})`,
      );
      expect(await checked({})).toBe('One signature does not hold: the key was not registered then.');
      await tamper(current(), 'delete from ledger_outbox');
      expect(await checked({})).toBe('ok');
      await tamper(current(), `delete from ledger_entry where kind = 'approval.given'`);
      expect(await checked({})).toBe('One signature does not hold: the log does not say that it was given.');
    });

    test('counts with a key that the log registered, and with no other', async () => {
      expect(await checked({})).toBe('ok');
      await sequenceAll(current());
      expect(await checked({})).toBe('ok');
      await tamper(current(), `delete from ledger_entry where body like '%"passkey.registered"%'`);
      expect(await checked({})).toBe('One signature does not hold: the key is not one that the approver registered.');
    });
  });
});
