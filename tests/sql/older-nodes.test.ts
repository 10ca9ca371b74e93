import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId, RequestId } from '../../src/core/ids.ts';
import { toIso } from '../../src/core/time.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { Actor } from '../../src/operations/world.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { findGrant } from '../../src/store/grants.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const MINUTE = 60_000;
const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 15 * MINUTE,
  reason: 'Check the invoice export',
};
const MORE = { durationMs: 30 * MINUTE, reason: 'The export is slower than I thought' };

/** The statements of a node from before extensions, as it sent them, while newer ones migrated the schema beneath it. */
eachDatabase('a node that knows no extensions', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let id: GrantId;
  let extension: RequestId;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const asked = got(await requestAccess(acme.world, ana, ASK));
    const { grants } = got(await approveRequest(acme.world, bo, asked.id, {}));
    id = grants[0]?.id ?? id;
    await acme.engine.pass('starts');
    extension = got(await extendGrant(acme.world, ana, id, MORE)).id;
  });

  const approve = () => approveRequest(acme.world, bo, extension, {});
  const grant = async () => {
    const found = await findGrant(current().db, id);
    if (found === null) throw new Error('the grant is there');
    return found;
  };
  const olderNode = {
    saveExpired: () =>
      sql`
        update "grant" set "state" = ${'ending'}, "ending_since" = ${toIso(acme.world.clock.now())}, "end_cause" = ${'expired'},
          "due_at" = ${toIso(acme.world.clock.now())}, "attempts" = ${0}, "last_fault" = ${null}
        where "id" in (${id})`.execute(current().db),
    saveEnding: (cause: string) =>
      sql`
        update "grant" set "state" = ${'ending'}, "ending_since" = ${toIso(acme.world.clock.now())}, "end_cause" = ${cause},
          "due_at" = ${toIso(acme.world.clock.now())}, "attempts" = ${0}, "last_fault" = ${null}
        where "id" = ${id} returning *`.execute(current().db),
    saveEnded: (cause: string) =>
      sql`
        update "grant" set "state" = ${'ended'}, "ended_at" = ${toIso(acme.world.clock.now())}, "end_cause" = ${cause},
          "proof" = ${JSON.stringify({ kind: 'by-construction', at: acme.world.clock.now(), evidence: {} })},
          "lease_owner" = ${null}, "lease_until" = ${null}, "due_at" = ${null}, "attempts" = ${0}, "last_fault" = ${null}
        where "id" = ${id} returning *`.execute(current().db),
    insertGrant: () =>
      sql`
        with "written" as (insert into "binding" ("slot", "provider", "method") values (${'x'}, ${'aws'}, ${'assume-role'})
          on conflict on constraint "binding_pk" do nothing)
        insert into "grant" ("id", "request_id", "ordinal", "person_id", "slot", "role", "target", "provider", "method", "principal",
          "duration_ms", "definition", "starts_at", "due_at")
        select ${`grt_${'b'.repeat(20)}`}, ${extension}, 0, "person_id", "slot", "role", "target", "provider", "method", "principal",
          "duration_ms", "definition", "starts_at", "starts_at" from "grant" returning *`.execute(current().db),
  };
  /** The call that writes the later end has left, and nobody heard its answer. */
  const leaveWithoutAnswer = async () => {
    acme.provider.faults.push({ call: 'provision', fault: new ProviderFault('unknown-outcome', 'x'), landed: true });
    await approve();
    await acme.engine.pass('starts');
    const { boundUntil, endsAt } = await grant();
    expect(boundUntil).toBeGreaterThan(endsAt ?? Infinity);
  };

  test.each([
    ['what is over by time, many together', () => olderNode.saveExpired(), 'expired'],
    ['what is given back', () => olderNode.saveEnding('returned'), 'returned'],
    ['what is taken away', () => olderNode.saveEnding('revoked'), 'revoked'],
  ] as const)('ends a grant whose extension is decided: %s', async (_, end, cause) => {
    await approve();
    expect((await grant()).state).toMatchObject({ kind: 'active', extension: { request: extension } });
    await end();
    expect((await grant()).state).toMatchObject({ kind: 'ending', cause });
    const { rows } = await sql`select extension_request, extension_until from "grant"`.execute(current().db);
    expect(rows).toEqual([{ extension_request: null, extension_until: null }]);
  });

  test('proves the end of what nobody was about to extend', async () => {
    await olderNode.saveEnding('returned');
    await olderNode.saveEnded('returned');
    expect((await grant()).state.kind).toBe('ended');
  });

  test('is not kept from it by less than a millisecond, which is nothing to anybody who reads the times', async () => {
    await sql`update "grant" set bound_until = ends_at + interval '999 microseconds'`.execute(current().db);
    await olderNode.saveEnding('returned');
    await olderNode.saveEnded('returned');
    expect((await grant()).state.kind).toBe('ended');
  });

  test('leaves the proof to others where the cloud may hold a later end, and they bring it', async () => {
    await leaveWithoutAnswer();
    await olderNode.saveEnding('expired');
    await expect(olderNode.saveEnded('expired')).rejects.toMatchObject({
      code: '23514',
      constraint: 'grant_proof_names_a_later_bound',
    });
    for (let n = 0; n < 3; n += 1) {
      await sql`update "grant" set due_at = app_now() where due_at is not null`.execute(current().db);
      await acme.engine.pass('ends');
    }
    expect((await grant()).state).toMatchObject({ kind: 'ended', proof: { kind: 'observed' } });
    expect(acme.provider.calls).toContain('revoke');
  });

  test('makes no second grant of an extension that it approves', async () => {
    await expect(olderNode.insertGrant()).rejects.toMatchObject({
      code: '23514',
      constraint: 'grant_comes_from_no_extension',
    });
  });
});
