import { beforeEach, describe, expect, test } from 'vitest';
import type { ProposalId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal, refuseProposal } from '../../src/operations/proposals.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { confirmRevocationOrder, liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import type { Actor } from '../../src/operations/world.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { BECAUSE, personnel } from './personnel.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('persons', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });
  const { edit, bodies, link, admins } = personnel(current, () => acme);
  const two = () => edit('policies/data.yaml', 'count: 1\n    escalate: { after: 10m, to: [group:sre] }', 'count: 2');

  describe('two persons who turn out to be one', () => {
    const proposeMerge = async (by: string, grants: 'end' | 'keep' = 'end') =>
      propose(acme.world, await acme.as(by), { action: 'merge', person: 'bo', other: 'finn', grants, ...BECAUSE });
    const confirm = async (by: string, id: ProposalId) => confirmProposal(acme.world, await acme.as(by), id);
    /** Merges them, as two admins who are neither. */
    const merge = async (grants: 'end' | 'keep' = 'end') => {
      await admins('gia', 'ivo');
      const { id } = got(await proposeMerge('gia', grants));
      const merged = got(await confirm('ivo', id));
      if (merged.action !== 'merge') throw new Error('it merges');
      return merged;
    };
    const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

    test('of whom one has left and the other is here are a finding, once; two who are here, or have left, are none', async () => {
      const found = async () =>
        (await bodies('finding.raised')).map(({ text, facts }) => ({
          person: (JSON.parse(text) as { subjects: { person: string } }).subjects.person,
          ...facts,
        }));
      const leaves = (key: string) =>
        edit('directory.yaml', new RegExp(`^( {2}${key}:\\n)`, 'm'), '$1    active: false\n');
      const [bo, finn, cem] = [await acme.as('bo'), await acme.as('finn'), await acme.as('cem')];
      await leaves('finn');
      await leaves('cem');
      expect(await found()).toEqual([]);
      await merge('keep');
      const finding = 'left-under-one-entry';
      expect(await found()).toEqual([{ person: finn.person, finding, with: bo.person }]);
      const others = async (person: string, other: string) => {
        const change = { action: 'merge', person, other, grants: 'keep', ...BECAUSE } as const;
        got(await confirm('ivo', got(await propose(acme.world, await acme.as('gia'), change)).id));
      };
      // Whoever has left is named, whichever of the two they are; what was found before is not found anew.
      await others('cem', 'bo');
      expect((await found()).slice(1)).toEqual([{ person: cem.person, finding, with: bo.person }]);
      await others('ana', 'bo');
      await others('hal', 'kai');
      for (const key of ['mia', 'lea']) {
        await acme.as(key);
        await leaves(key);
      }
      await others('mia', 'lea');
      expect(await found()).toHaveLength(2);
    });

    test('takes two admins who are neither of them, and is done once', async () => {
      await admins('mia', 'lea', 'bo');
      expect(code(await proposeMerge('ana'))).toBe('not-an-admin');
      expect(code(await proposeMerge('bo'))).toBe('needs-another-admin');
      const { id } = got(await proposeMerge('mia'));
      expect(code(await proposeMerge('lea'))).toBe('already-proposed');
      expect(code(await confirm('mia', id))).toBe('self-approval');
      expect(code(await confirm('bo', id))).toBe('needs-another-admin');
      // One whom it is about, without a role: may look, and decides nothing.
      expect(code(await confirm('finn', id))).toBe('needs-another-admin');
      expect(code(await refuseProposal(acme.world, await acme.as('finn'), id))).toBe('needs-another-admin');
      expect(code(await confirm('ana', id))).toBe('not-found');
      expect(await bodies('person.merged')).toEqual([]);
      got(await confirm('lea', id));
      expect(await bodies('person.merged')).toMatchObject([{ facts: { proposal: id } }]);
      expect(code(await confirm('lea', id))).toBe('already-decided');
      expect(code(await proposeMerge('mia'))).toBe('same-person');
    });

    test('where nobody could confirm it, says that another admin has to be appointed first', async () => {
      await admins('mia', 'bo');
      const refusal = await proposeMerge('mia');
      expect(refusal).toMatchObject({
        refusal: { code: 'needs-another-admin', hint: expect.stringContaining('admin appoint') },
      });
      await admins('lea');
      got(await proposeMerge('mia'));
    });

    test('nobody confirms as the other self of who proposed it, with an old sign-in, or for who became one of them', async () => {
      await admins('mia', 'lea', 'ada');
      const { id } = got(await proposeMerge('mia'));
      const lea = await acme.as('lea');
      const authenticatedAt = after(acme.world.clock.now(), -11 * 60_000);
      const old: Actor = { ...lea, signIn: { id: lea.signIn?.id ?? ('ses' as never), authenticatedAt } };
      expect(code(await confirmProposal(acme.world, old, id))).toBe('sign-in-too-old');
      const same = { action: 'merge', person: 'mia', other: 'ada', grants: 'end', ...BECAUSE } as const;
      await admins('gia', 'ivo');
      got(await confirm('ivo', got(await propose(acme.world, await acme.as('gia'), same)).id));
      expect(code(await confirm('ada', id))).toBe('self-approval');
      const worse = { action: 'merge', person: 'mia', other: 'bo', grants: 'end', ...BECAUSE } as const;
      got(await confirm('ivo', got(await propose(acme.world, await acme.as('gia'), worse)).id));
      expect(code(await confirm('lea', id))).toBe('proposal-lapsed');
      const seen = got(await listAdministration(acme.world, { ...lea, roles: ['admin'] })).proposals;
      expect(seen).toMatchObject([{ id, mayConfirm: false, mayRefuse: true }]);
    });

    test('is shown with everything that it would change, and what it changed is what there was by then', async () => {
      await admins('mia', 'lea');
      await two();
      const waits = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), waits.id, {}));
      const proposal = got(await proposeMerge('mia'));
      expect(proposal).toMatchObject({
        ...{ person: { key: 'bo' }, other: { key: 'finn' }, grants: 'end', ...BECAUSE },
        losesRequests: [{ id: waits.id, person: { key: 'bo' }, items: [{ role: 'invoice-reader' }] }],
        losesGrants: [],
      });
      // Nothing has changed yet.
      expect(got(await showRequest(acme.world, await acme.as('bo'), waits.id)).steps[0]?.missing).toBe(1);
      got(await approveRequest(acme.world, await acme.as('hal'), waits.id, {}));
      await acme.engine.pass('starts');
      const [listed] = got(
        await listAdministration(acme.world, { ...(await acme.as('lea')), roles: ['admin'] }),
      ).proposals;
      const { grants } = got(await showRequest(acme.world, await acme.as('bo'), waits.id));
      const now = {
        losesRequests: [],
        losesGrants: [{ id: grants[0]?.id, person: { key: 'bo' }, target: 'aws/prod' }],
      };
      expect(listed).toMatchObject(now);
      expect(got(await confirm('lea', proposal.id))).toMatchObject({ ...now, mayConfirm: false });
      expect(got(await showRequest(acme.world, await acme.as('bo'), waits.id)).grants[0]?.status).toBe('ending');
    });

    test('refused or withdrawn, nothing changes', async () => {
      await admins('mia', 'lea');
      got(await refuseProposal(acme.world, await acme.as('lea'), got(await proposeMerge('mia')).id));
      got(await refuseProposal(acme.world, await acme.as('mia'), got(await proposeMerge('mia')).id));
      expect((await bodies('administration.refused'))[0]?.facts).toMatchObject({ action: 'merge', grants: 'end' });
      expect(await bodies('administration.withdrawn')).toHaveLength(1);
      expect(await bodies('person.merged')).toEqual([]);
    });

    test('what one approved for the other does not count any more, and the other cannot approve it', async () => {
      await two();
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      expect(idsOf((await merge()).losesRequests)).toEqual([id]);
      const view = got(await approveRequest(acme.world, await acme.as('hal'), id, {}));
      expect(view.status).toBe('pending');
      expect(view.steps[0]?.missing).toBe(1);
      const again = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      expect(code(await approveRequest(acme.world, await acme.as('finn'), again.id, {}))).toBe('self-approval');
    });

    test('both together are one approval of what somebody else asks', async () => {
      await two();
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
      await merge();
      expect(code(await approveRequest(acme.world, await acme.as('finn'), id, {}))).toBe('already-decided-by-you');
      expect(got(await approveRequest(acme.world, await acme.as('hal'), id, {})).status).toBe('approved');
    });

    test('what was approved and has not started does not start', async () => {
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      await merge('keep');
      await acme.engine.pass('starts');
      const view = got(await showRequest(acme.world, await acme.as('bo'), id));
      expect(view.grants[0]?.status).toBe('failed');
      expect(acme.provider.calls).toEqual([]);
    });

    test.each([
      ['end', 'ending'],
      ['keep', 'active'],
    ] as const)(
      'live access that one approved for the other gets a finding, and is told to %s',
      async (grants, status) => {
        const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
        got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
        await acme.engine.pass('starts');
        const other = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
        got(await approveRequest(acme.world, await acme.as('finn'), other.id, {}));
        await acme.engine.pass('starts');
        const merged = await merge(grants);
        const view = got(await showRequest(acme.world, await acme.as('bo'), id));
        expect(idsOf(merged.losesGrants)).toEqual([view.grants[0]?.id]);
        expect(view.grants[0]?.status).toBe(status);
        expect(got(await showRequest(acme.world, await acme.as('ana'), other.id)).grants[0]?.status).toBe('active');
        expect(await bodies('finding.raised')).toMatchObject([{ facts: { finding: 'approved-by-requester' } }]);
        expect(await bodies('person.merged')).toMatchObject([
          { facts: { grants, affected: idsOf(merged.losesGrants) } },
        ]);
      },
    );

    test('a yes to what was shown ends nothing that began since; looked at again it is taken', async () => {
      const hold = async () => {
        const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
        got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
        await acme.engine.pass('starts');
        return id;
      };
      const first = await hold();
      await admins('gia', 'ivo');
      const { id, changesVersion } = got(await proposeMerge('gia'));
      const look = async () => {
        const ivo = { ...(await acme.as('ivo')), roles: ['admin' as const] };
        const { proposals } = got(await listAdministration(acme.world, ivo));
        return proposals.find((one) => one.id === id)?.changesVersion ?? '';
      };
      expect(await look()).toBe(changesVersion);
      // Of others, and so no difference.
      got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      expect(await look()).toBe(changesVersion);
      const second = await hold();
      const confirm = async (seen: string) => confirmProposal(acme.world, await acme.as('ivo'), id, { seen });
      expect(code(await confirm(changesVersion))).toBe('proposal-changed');
      for (const request of [first, second])
        expect(got(await showRequest(acme.world, await acme.as('bo'), request)).grants[0]?.status).toBe('active');
      expect(await bodies('person.merged')).toEqual([]);
      expect(await bodies('administration.confirmed')).toEqual([]);
      const seen = await look();
      expect(seen).not.toBe(changesVersion);
      const done = got(await confirm(seen));
      expect(done.changesVersion).toBe(seen);
      for (const request of [first, second])
        expect(got(await showRequest(acme.world, await acme.as('bo'), request)).grants[0]?.status).toBe('ending');
    });

    test('neither confirms an order of the other, nor lifts one that covers the other', async () => {
      await edit('directory.yaml', 'members: [bo, finn, hal]', 'members: [bo, finn, hal, mia]');
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('hal'), id, {}));
      await acme.engine.pass('starts');
      await merge();
      const order = got(await orderRevocation(acme.world, await acme.as('bo'), { all: true, reason: 'An incident' }));
      expect(code(await confirmRevocationOrder(acme.world, await acme.as('finn'), order.id))).toBe('self-approval');
      const input = { target: 'aws/prod', reason: 'An incident' };
      const second = got(await orderRevocation(acme.world, await acme.as('mia'), input));
      got(await confirmRevocationOrder(acme.world, await acme.as('hal'), second.id));
      expect(code(await liftRevocationOrder(acme.world, await acme.as('finn'), second.id, BECAUSE))).toBe(
        'revocation-covers-you',
      );
    });

    test('an account of the one is no conflict for the other any more', async () => {
      got(await link('bo', 'shared'));
      expect(code(await link('finn', 'shared'))).toBe('account-conflict');
      await merge();
      got(await link('finn', 'shared'));
      expect(await openConflicts(current().db)).toEqual([]);
    });
  });
});
