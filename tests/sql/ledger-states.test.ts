import { beforeEach, expect, test } from 'vitest';
import { LoggedStates } from '../../src/cli/logged-states.ts';
import { denyRequest, approveRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { readEntries } from '../../src/store/ledger-entries.ts';
import { readStates } from '../../src/store/states.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, tamper } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

/** What `audit verify` compares, on entries and rows that the broker really wrote. */
eachDatabase('the states that the log explains', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  /** One request of each fate, and one grant each that is scheduled, active, ended early and ended in time. */
  const live = async (): Promise<void> => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const ask = async () => got(await requestAccess(acme.world, ana, ASK)).id;
    const approved = async () => got(await approveRequest(acme.world, bo, await ask(), {})).grants[0];
    got(await withdrawRequest(acme.world, ana, await ask()));
    got(await denyRequest(acme.world, bo, await ask(), {}));
    const early = await approved();
    await acme.engine.pass('starts');
    if (early === undefined) throw new Error('there is a grant');
    got(await returnGrant(acme.world, ana, early.id));
    await acme.engine.pass('ends');
    await acme.engine.pass('ends');
    await approved();
    await acme.engine.pass('starts');
    await approved();
    await ask();
  };

  const problems = async (): Promise<readonly string[]> => {
    await sequenceAll(current());
    const states = new LoggedStates();
    for (const { body } of await readEntries(current().db, 0, 1_000)) states.learn(body);
    states.follow();
    const rows = await readStates(current().db, null, 1_000);
    const gone = states.withoutRow(rows).map((one) => `${one.kind} was ${one.state} and is gone`);
    return [...rows.flatMap((row) => states.contradiction(row) ?? []), ...gone];
  };

  test('are all there are, with their ends', async () => {
    await live();
    expect(await problems()).toEqual([]);
    const rows = await readStates(current().db, null, 100);
    expect(rows.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual([
      'grant active',
      'grant ended',
      'grant scheduled',
      'request approved',
      'request approved',
      'request approved',
      'request denied',
      'request pending',
      'request withdrawn',
    ]);
  });

  test.each([
    [
      'an ended grant that was made active again',
      `update "grant" set state = 'active', proof = null, ended_at = null, due_at = app_now() where state = 'ended'`,
      [/^is active, which the log does not say: its last word is ended$/],
    ],
    [
      'an end that was moved',
      `update "grant" set ends_at = ends_at + interval '1 year', bound_until = bound_until + interval '1 year' where state in ('active', 'ended')`,
      [/^ends at 20/, /^ends at 20/],
    ],
    [
      'a live grant whose row was deleted',
      `delete from "grant" where state = 'active'`,
      [/^grant was active and is gone$/],
    ],
    [
      'a request whose row was deleted',
      `delete from request where state = 'pending'`,
      [/^request was pending and is gone$/],
    ],
    [
      'a denied request that was approved',
      `update request set state = 'approved', denied_by = null where state = 'denied'`,
      [/^is approved, which the log does not say: its last word is denied$/],
    ],
  ])('are not %s', async (_, statement, expected) => {
    await live();
    await sequenceAll(current());
    await tamper(current(), statement);
    const found = await problems();
    expect(found.length).toBe(expected.length);
    for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern);
  });
});
