import { expect, test } from 'vitest';
import type { Change } from '../../src/operations/changes.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { propose } from '../../src/operations/propose.ts';
import { askForRecovery, listRecoveries, withdrawRecovery } from '../../src/operations/recover-passkeys.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { orderRevocation, showRevocation } from '../../src/operations/revoke-many.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { whoMaySee } from '../../src/operations/who-may-see.ts';
import { acmeOperations, got } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey } from './passkey-people.ts';
import { scheduledGrant } from './rows.ts';

eachDatabase('who is told of a change', (current) => {
  test('exactly who may see the thing: for every person of the company, as the thing itself says', async () => {
    const acme = await acmeOperations(current());
    const { world } = acme;
    const ana = await acme.as('ana');
    const asked = await requestAccess(world, ana, {
      items: [{ role: 'invoice-reader', target: 'aws/prod' }],
      reason: 'Check the invoice export',
      durationMs: 900_000,
    });
    if (!asked.ok) throw new Error(asked.refusal.detail);
    const fay = await acme.as('fay');
    const ordered = await orderRevocation(world, fay, { person: 'ana', reason: 'A stolen laptop, says the desk' });
    if (!ordered.ok) throw new Error(ordered.refusal.detail);
    const at = world.clock.now();
    const request = await whoMaySee(world, { kind: 'request', id: asked.value.id, at });
    const order = await whoMaySee(world, { kind: 'revocation', id: ordered.value.id, at });
    const seen = { request: 0, order: 0, people: 0 };
    for (const { key, active } of world.rules.current().directory.people.values()) {
      if (!active) continue;
      const actor = await acme.as(key);
      const shown = (await showRequest(world, actor, asked.value.id)).ok;
      // Whose access it stops does not see the order, and is told all the same.
      const shownOrder = key === 'ana' ? 'own' : (await showRevocation(world, actor, ordered.value.id)).ok;
      expect([key, (await request(actor)) !== false, await order(actor)]).toEqual([key, shown, shownOrder]);
      seen.people += 1;
      if (shown) seen.request += 1;
      if (shownOrder === true) seen.order += 1;
    }
    const auditor = { ...ana, person: (await acme.as('gus')).person, key: 'gus', roles: ['auditor' as const] };
    expect([await request(auditor), await order(auditor)]).toEqual([true, true]);
    // Some may and some may not, or the comparison above says nothing.
    for (const count of [seen.request, seen.order]) {
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(seen.people);
    }
    expect([await request(null), await order(null)]).toEqual([false, false]);
    // Whose it is, and who is asked, read it at once; whoever may see everything, when there is time.
    expect([await request(ana), await request(await acme.as('bo'))]).toEqual(['own', 'own']);
    const grant = await whoMaySee(world, { kind: 'grant', id: await scheduledGrant(current()), at });
    expect([await grant(ana), await grant(auditor), await grant(await acme.as('bo'))]).toEqual(['own', true, true]);
  });

  test('of a proposal and a recovery exactly who finds it in their list', async () => {
    const acme = await acmeOperations(current());
    const { world } = acme;
    await giveRole(acme, 'eli', 'admin');
    const eli = { ...(await acme.as('eli')), roles: ['admin' as const] };
    const proposed = got(
      await propose(world, eli, { action: 'appoint', person: 'jan', role: 'auditor', reason: 'The audit of November' }),
    );
    const lost = await withPasskey(acme, 'ana');
    const asked = got(await askForRecovery(world, lost.actor));
    const at = world.clock.now();
    const proposal = await whoMaySee(world, { kind: 'proposal', id: proposed.id, at });
    const recovery = await whoMaySee(world, { kind: 'recovery', id: asked.id, at });
    const seen = { proposal: 0, recovery: 0, people: 0 };
    for (const { key, active } of world.rules.current().directory.people.values()) {
      if (!active) continue;
      const actor = key === 'eli' ? eli : await acme.as(key);
      const shown = got(await listAdministration(world, actor)).proposals.length === 1;
      const waits = got(await listRecoveries(world, actor)).length === 1;
      expect([key, await proposal(actor), await recovery(actor)]).toEqual([key, shown, waits]);
      seen.people += 1;
      if (shown) seen.proposal += 1;
      if (waits) seen.recovery += 1;
    }
    for (const count of [seen.proposal, seen.recovery]) {
      expect(count).toBeGreaterThan(1);
      expect(count).toBeLessThan(seen.people);
    }
    expect([await proposal(null), await recovery(null)]).toEqual([false, false]);
    got(await withdrawRecovery(world, lost.actor));
    const bo = await acme.as('bo');
    // Who had it in their list is told that it is not there any more.
    expect(await (await whoMaySee(world, { kind: 'recovery', id: asked.id, at }))(bo)).toBe(true);
    for (const [kind, id] of [
      ['proposal', `prp_${'a'.repeat(20)}`],
      ['recovery', `rcv_${'a'.repeat(20)}`],
      ['recovery', 'nonsense'],
    ] as const)
      expect([id, await (await whoMaySee(world, { kind, id, at }))(eli)]).toEqual([id, false]);
  });

  test('nobody, of what does not exist and of sessions; everybody of access; who is signed in, of the rules', async () => {
    const acme = await acmeOperations(current());
    const ana = await acme.as('ana');
    const tell = async (kind: Change['kind'], id: string) => {
      const sees = await whoMaySee(acme.world, { kind, id, at: acme.world.clock.now() });
      return [await sees(ana), await sees(null)];
    };
    expect(await tell('request', `req_${'a'.repeat(20)}`)).toEqual([false, false]);
    expect(await tell('request', 'nonsense')).toEqual([false, false]);
    expect(await tell('revocation', `rev_${'a'.repeat(20)}`)).toEqual([false, false]);
    expect(await tell('session', `ses_${'a'.repeat(20)}`)).toEqual([false, false]);
    expect(await tell('grant', `grt_${'a'.repeat(20)}`)).toEqual([true, true]);
    expect(await tell('policy', 'v1')).toEqual([true, false]);
  });
});
