import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { claimAdministration, issueAdminCode } from '../../src/operations/claim-administration.ts';
import { beginTelling, planNotifications } from '../../src/operations/plan-notifications.ts';
import { planNewCode, renewAdminCode } from '../../src/operations/renew-admin-code.ts';
import { beginFirstEpoch, readWhereabouts } from '../../src/store/epoch.ts';
import { roleHolders } from '../../src/store/role-assignments.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const EPOCH = 'a'.repeat(32);

eachDatabase('a code for an admin where all who were one have left', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    const { db } = current();
    await db.deleteFrom('epoch').execute();
    await beginFirstEpoch(db, EPOCH, await readWhereabouts(db));
    await beginTelling(acme.world);
  });

  const claim = async (key: string, given: string) =>
    claimAdministration(acme.world, await acme.as(key), { code: given });
  /** As the first admin of a company is made. */
  const first = async (key: string) => got(await claim(key, (await issueAdminCode(acme.world))?.code ?? ''));
  const leaves = async (key: string) => {
    const out = new RegExp(`^( {2}${key}:\\n)`, 'm');
    acme.edit((file) => ({ ...file, text: file.text.replace(out, '$1    active: false\n') }));
    await acme.reload();
  };
  const returns = async (key: string) => {
    const out = new RegExp(`^( {2}${key}:\\n) {4}active: false\\n`, 'm');
    acme.edit((file) => ({ ...file, text: file.text.replace(out, '$1') }));
    await acme.reload();
  };
  const renew = async (epoch = EPOCH) => renewAdminCode(acme.world, await planNewCode(current().db), epoch);
  const holders = async () => (await roleHolders(current().db)).map(({ key, role }) => `${role} ${key}`);

  test('makes one admin, ends the roles of those who left, and is told to auditors', async () => {
    await first('eli');
    await giveRole(acme, 'gus', 'auditor');
    await leaves('eli');
    expect(await holders()).toContain('admin eli');
    expect(await issueAdminCode(acme.world)).toBeNull();
    expect(await planNewCode(current().db)).toEqual({ left: ['eli'], here: [] });
    const { code: given } = got(await renew());
    got(await claim('fay', given));
    expect((await holders()).sort()).toEqual(['admin fay', 'auditor gus']);
    expect(code(await claim('bo', given))).toBe('nothing-to-claim');
    await sequenceAll(current());
    await planNotifications(acme.world);
    const { rows } = await sql<{ kind: string; key: string }>`
      select kind, directory_key as key from notification join person on person.id = person_id`.execute(current().db);
    const { rows: entries } = await sql<{ body: string }>`
      select body from ledger_entry where kind like 'administration.%' order by seq`.execute(current().db);
    const said = entries.map(({ body }) => JSON.parse(body) as { kind: string; actor: object });
    expect(said.map(({ kind }) => kind.slice('administration.'.length))).toEqual([
      ...['code-issued', 'claimed', 'code-issued', 'claimed', 'ended'],
    ]);
    expect(said[2]?.actor).toEqual({ kind: 'system', id: 'operator' });
    const toGus = rows.filter(({ key }) => key === 'gus').map(({ kind }) => kind);
    expect(toGus).toEqual(expect.arrayContaining(['admin-code-issued', 'role-changed']));
    // Once more, when that one has left, too.
    await leaves('fay');
    got(await claim('bo', got(await renew()).code));
    expect((await holders()).sort()).toEqual(['admin bo', 'auditor gus']);
  });

  test('who types a wrong one, or a void one, is told how there is another: by the operator, and by no restart', async () => {
    const hint = async (given: string) => {
      const refused = await claim('bo', given);
      expect(code(refused)).toBe('claim-refused');
      return refused.ok ? '' : refused.refusal.hint;
    };
    const given = (await issueAdminCode(acme.world))?.code ?? '';
    expect(await hint('wrong')).toContain('console');
    for (let tries = 0; tries < 4; tries += 1) await hint('wrong');
    expect(await hint(given)).toMatch(/^Restart the broker/);

    await first('eli');
    await leaves('eli');
    const { code: renewed } = got(await renew());
    for (let tries = 0; tries < 5; tries += 1) {
      const said = await hint('wrong');
      expect(said).toContain('curfew admin new-code');
      expect(said).not.toMatch(/restart|console/i);
    }
    expect(await hint(renewed)).toContain('curfew admin new-code');
    expect(await issueAdminCode(acme.world)).toBeNull();
    got(await claim('bo', got(await renew()).code));
  });

  test('there is none while an admin can act, and a code is void once one can again', async () => {
    expect(await renew()).toMatchObject({ refusal: 'changed' });
    await first('eli');
    expect(await renew()).toMatchObject({ refusal: 'changed' });
    await leaves('eli');
    const stale = await planNewCode(current().db);
    expect(await renew('b'.repeat(32))).toMatchObject({ refusal: 'another-epoch' });
    const { code: given } = got(await renew());
    await returns('eli');
    expect(await renewAdminCode(acme.world, stale, EPOCH)).toMatchObject({ refusal: 'changed' });
    expect(code(await claim('bo', given))).toBe('nothing-to-claim');
    expect(await holders()).toEqual(['admin eli']);
  });
});
