import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantEvent } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { record } from '../../src/engine/record.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { issueCredential } from '../../src/operations/issue-credential.ts';
import type { Actor } from '../../src/operations/world.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { claimDue, type Lane } from '../../src/store/leases.ts';
import { slotKey } from '../../src/core/slot.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { Db } from '../../src/store/schema.ts';
import { acmeOperations, code, type AcmeOperations } from './acme-operations.ts';
import { scheduledGrant } from './rows.ts';
import { stepPorts } from './step-ports.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

const LEASE_MS = 10_000;
const DURATION_MS = 900_000;

/** Whoever changes the state of a grant waits for whoever was first, and then sees what became of it. */
onTwoConnections('the states of a grant', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let id: GrantId;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
    ana = await acme.as('ana');
    // What Acme's rules mean by it: nothing is handed out under anything else.
    const { policy } = acme.rules.current();
    const [role, target] = [policy.roles.get('invoice-reader'), policy.vocabulary.targets.get('aws/prod')];
    if (role === undefined || target === undefined) throw new Error('Acme has no such role or target');
    const slot = slotKey('aws', 'assume-role', [newId(systemRandom, 'grt')]);
    const over = { slot, method: 'assume-role', principal: 'ana', definition: { role, target } } as const;
    id = await scheduledGrant(current().database, { durationMs: DURATION_MS, over });
  });

  const theGrant = async (): Promise<GrantRecord> => {
    const grant = await findGrant(current().database.db, id);
    if (grant === null) throw new Error('the grant is there');
    return grant;
  };
  const claim = (lane: Lane) => claimDue(current().database.db, lane, 'one', LEASE_MS, 1);

  /** What the holder does, and what the engine does with its claim. Both say in a word whether it was done. */
  type Act = (db: Db) => Promise<string>;
  const give: Act = async (db) => code(await returnGrant({ ...acme.world, db }, ana, id));
  const revoke: Act = async (db) => code(await revokeGrant({ ...acme.world, db }, ana, id, { reason: 'a test' }));
  const engine =
    (event: GrantEvent): Act =>
    async (db) =>
      (await record(stepPorts(acme, db), await theGrant(), [{ event }])) === null ? 'too late' : 'ok';
  const start = engine({ kind: 'start', durationMs: DURATION_MS, latestEndAt: null });
  const usable = engine({ kind: 'usable' });
  const fail = engine({ kind: 'fail' });
  const expire = engine({ kind: 'expire' });
  const gone: Act = async (db) => {
    const proof = { kind: 'observed', at: (await theGrant()).startsAt, evidence: {} } as const;
    return engine({ kind: 'prove-gone', proof })(db);
  };

  /** Brings the grant to a state in which the engine holds a claim on it. */
  const reach = {
    scheduled: async () => {
      await claim('starts');
    },
    activating: async () => {
      await reach.scheduled();
      await start(current().database.db);
    },
    active: async () => {
      await reach.activating();
      await usable(current().database.db);
    },
    due: async () => {
      await reach.active();
      await current().skipAhead(DURATION_MS + 1_000);
      await claim('ends');
    },
    ending: async () => {
      await reach.due();
      await expire(current().database.db);
    },
  };

  /** The state that the grant has in the end, why it ends, and the entries since it was scheduled. */
  const written = async (since: number): Promise<string> => {
    const { state, end_cause: cause } = await current()
      .database.db.selectFrom('grant')
      .select(['state', 'end_cause'])
      .executeTakeFirstOrThrow();
    return [`${state}${cause === null ? '' : ` (${cause})`}`, ...(await entries()).slice(since)].join(', ');
  };
  const entries = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ kind: string }>`
      select body::jsonb ->> 'kind' as kind from ledger_outbox where grant_id = ${id} order by id`.execute(
      current().database.db,
    );
    return rows.map((row) => row.kind);
  };

  test.each([
    ['start x revoke', 'scheduled', start, revoke, 'ok', 'ending (revoked), grant.activating, grant.ending'],
    ['revoke x start', 'scheduled', revoke, start, 'too late', 'ended (revoked), grant.ended'],
    ['start x return', 'scheduled', start, give, 'ok', 'ending (returned), grant.activating, grant.ending'],
    ['return x start', 'scheduled', give, start, 'too late', 'ended (returned), grant.ended'],
    ['revoke x refusal at the start', 'scheduled', revoke, fail, 'too late', 'ended (revoked), grant.ended'],
    ['refusal at the start x revoke', 'scheduled', fail, revoke, 'grant-ended', 'failed (failed), grant.failed'],
    ['usable x return', 'activating', usable, give, 'ok', 'ending (returned), grant.active, grant.ending'],
    ['return x usable', 'activating', give, usable, 'too late', 'ending (returned), grant.ending'],
    ['usable x revoke', 'activating', usable, revoke, 'ok', 'ending (revoked), grant.active, grant.ending'],
    ['revoke x usable', 'activating', revoke, usable, 'too late', 'ending (revoked), grant.ending'],
    ['fail x return', 'activating', fail, give, 'grant-ended', 'ending (failed), grant.ending'],
    ['return x fail', 'activating', give, fail, 'too late', 'ending (returned), grant.ending'],
    ['return x revoke', 'active', give, revoke, 'grant-ended', 'ending (returned), grant.ending'],
    ['revoke x return', 'active', revoke, give, 'grant-ended', 'ending (revoked), grant.ending'],
    ['return x return', 'active', give, give, 'grant-ended', 'ending (returned), grant.ending'],
    ['return x expire', 'due', give, expire, 'too late', 'ending (returned), grant.ending'],
    ['expire x return', 'due', expire, give, 'grant-ended', 'ending (expired), grant.ending'],
    ['expire x revoke', 'due', expire, revoke, 'grant-ended', 'ending (expired), grant.ending'],
    ['proof x revoke', 'ending', gone, revoke, 'grant-ended', 'ended (expired), grant.ended'],
    ['proof x proof', 'ending', gone, gone, 'too late', 'ended (expired), grant.ended'],
  ] as const)('%s', async (_, state, first, second, answer, expected) => {
    await reach[state]();
    const before = (await entries()).length;
    const outcome = await current().interleave(first, second);
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([outcome.first, outcome.second]).toEqual(['ok', answer]);
    expect(await written(before)).toBe(expected);
  });

  test('return x an ending that could not be written down before: it ends once', async () => {
    await reach.active();
    await acme.engine.endUnrecorded(await theGrant(), 'revoked', { person: ana.person, reason: null });
    const before = (await entries()).length;
    const outcome = await current().interleave(give, () => acme.engine.pass('ends'));
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect(await written(before)).toMatch(/^(ending|ended) \(returned\), grant.ending(, grant.ended)?$/);
  });

  describe('and its credentials', () => {
    const issue: Act = async (db) => code(await issueCredential({ ...acme.world, db }, ana, id));
    const credentials = async () => (await current().database.db.selectFrom('credential').selectAll().execute()).length;

    test.each([
      ['return x credential', give],
      ['revoke x credential', revoke],
    ] as const)('%s: nothing is handed out any more', async (_, end) => {
      await reach.active();
      const outcome = await current().interleave(end, issue);
      expect(outcome.waitedIn).toMatch(LOCKING_READ);
      expect([outcome.first, outcome.second, await credentials()]).toEqual(['ok', 'grant-ended', 0]);
      expect(await entries()).not.toContain('credential.issued');
    });

    test('credential x return: what was handed out is known to whoever ends it', async () => {
      await reach.active();
      const before = (await entries()).length;
      const outcome = await current().interleave(issue, give);
      expect(outcome.waitedIn).toMatch(LOCKING_READ);
      expect([outcome.first, outcome.second, await credentials()]).toEqual(['ok', 'ok', 1]);
      expect(await written(before)).toBe('ending (returned), credential.issued, grant.ending');
    });
  });
});
