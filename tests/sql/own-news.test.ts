import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { NOTIFICATIONS } from '../../src/core/notification.ts';
import { forgetAccounts, planForgetting } from '../../src/operations/forget-accounts.ts';
import { linkAccount, listAccounts, unlinkAccount } from '../../src/operations/linked-accounts.ts';
import { saveNotifications } from '../../src/operations/notification-settings.ts';
import type { OwnNotice } from '../../src/operations/own-notice.ts';
import { listPasskeys, removeOwnPasskey } from '../../src/operations/passkeys.ts';
import { beginTelling } from '../../src/operations/plan-notifications.ts';
import { propose, type ProposalInput } from '../../src/operations/propose.ts';
import { challengeProposal, confirmProposal, refuseProposal } from '../../src/operations/proposals.ts';
import {
  askForRecovery,
  challengeRecovery,
  confirmRecovery,
  withdrawRecovery,
} from '../../src/operations/recover-passkeys.ts';
import { createNotificationTally, tellPeople, type Mailer } from '../../src/operations/tell-people.ts';
import { fromIso } from '../../src/core/time.ts';
import type { RevocationId } from '../../src/core/ids.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  showRevocation,
} from '../../src/operations/revoke-many.ts';
import { beginFirstEpoch, readWhereabouts } from '../../src/store/epoch.ts';
import { acmeOperations, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';
import { sequenceAll } from './ledger-under-test.ts';
import { withPasskey, type Signer } from './passkey-people.ts';

const BECAUSE = { reason: 'The team asked for it' };

eachDatabase('what people are told of their own keys, accounts and roles', (current) => {
  let acme: AcmeOperations;
  let sent: OwnNotice[];
  let tally: ReturnType<typeof createNotificationTally>;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    sent = [];
    tally = createNotificationTally();
    await beginTelling(acme.world);
  });

  const mailer: Mailer = {
    async send(notice) {
      if (!('request' in notice)) sent.push(notice);
      return { kind: 'sent' };
    },
    examine: async () => ({ target: 'mail', ok: true, message: 'well' }),
  };
  /** Gives the log its places and sends what is due: what was sent, as `kind to name`, sorted. */
  const told = async (): Promise<readonly string[]> => {
    const before = sent.length;
    await sequenceAll(current());
    await tellPeople(acme.world, mailer, tally.count);
    return sent
      .slice(before)
      .map(({ kind, to }) => `${kind} ${to.address.split('.')[0] ?? ''}`)
      .sort();
  };
  /** The same, some seconds later: what waits for somebody is held back until then. */
  const toldLater = async (): Promise<readonly string[]> => {
    const at = await told();
    await sql`update notification set due_at = app_now() where outcome is null`.execute(current().db);
    return [...at, ...(await told())].sort();
  };
  const proposes = async (key: string, change: ProposalInput) =>
    got(await propose(acme.world, await acme.as(key), change)).id;
  const confirms = async (key: string, id: Awaited<ReturnType<typeof proposes>>) =>
    got(await confirmProposal(acme.world, await acme.as(key), id));

  describe('keys', () => {
    const confirm = async ({ actor, device }: Signer, id: never) => {
      const { document, options } = got(await challengeRecovery(acme.world, actor, id));
      return got(await confirmRecovery(acme.world, actor, id, { document, response: device.assert(options) }));
    };

    test('a passkey that is registered or removed is told to its owner, whatever they turned off', async () => {
      const bo = await acme.as('bo');
      const off = Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, false]));
      got(await saveNotifications(acme.world, bo, off as never));
      await withPasskey(acme, 'bo');
      expect(await toldLater()).toEqual(['passkey-registered bo']);
      expect(sent[0]).toMatchObject({
        own: true,
        by: 'Bo Sandberg (bo)',
        thread: expect.stringMatching(/^entry-\d+$/),
      });
      expect(await toldLater()).toEqual([]);
      const [passkey] = got(await listPasskeys(acme.world, bo)).items;
      if (passkey === undefined) throw new Error('there is one');
      got(await removeOwnPasskey(acme.world, bo, passkey.id));
      expect(await toldLater()).toEqual(['passkey-removed bo']);
    });

    test('a recovery is told to whoever it is for at each step, and to those who can confirm it as long as they can', async () => {
      const lost = await withPasskey(acme, 'bo');
      const [fay, gus] = [await withPasskey(acme, 'fay'), await withPasskey(acme, 'gus')];
      await told();
      const { id, confirmers } = got(await askForRecovery(acme.world, lost.actor));
      expect(await told()).toEqual(['recovery-asked bo']);
      await confirm(fay, id as never);
      const others = confirmers.map(({ key }) => key).filter((key) => key !== 'fay');
      // Who has confirmed is not asked any more.
      expect(await toldLater()).toEqual(
        ['recovery-confirmed bo', ...others.map((key) => `recovery-waits ${key}`)].sort(),
      );
      expect(sent.find(({ kind }) => kind === 'recovery-waits')).toMatchObject({
        about: 'Bo Sandberg (bo)',
        own: false,
      });
      await confirm(gus, id as never);
      expect(await toldLater()).toEqual(['recovery-opened bo']);
    });

    test('whoever confirmed a recovery with a passkey that is gone is asked like everybody else', async () => {
      const lost = await withPasskey(acme, 'bo');
      const fay = await withPasskey(acme, 'fay');
      await told();
      const { id } = got(await askForRecovery(acme.world, lost.actor));
      await confirm(fay, id as never);
      const [passkey] = got(await listPasskeys(acme.world, fay.actor)).items;
      if (passkey === undefined) throw new Error('there is one');
      got(await removeOwnPasskey(acme.world, fay.actor, passkey.id));
      expect(await toldLater()).toContain('recovery-waits fay');
    });

    test('a recovery that is taken back at once asks nobody', async () => {
      const lost = await withPasskey(acme, 'bo');
      await told();
      got(await askForRecovery(acme.world, lost.actor));
      got(await withdrawRecovery(acme.world, lost.actor));
      expect(await toldLater()).toEqual(['recovery-asked bo']);
    });
  });

  describe('orders', () => {
    const order = async (key: string, what: { person?: string; all?: boolean }) =>
      got(await orderRevocation(acme.world, await acme.as(key), { ...what, reason: 'The laptop was stolen' }));
    /** By what each of them is shown, of everybody there is. */
    const whoMayConfirm = async ({ id }: { id: RevocationId }): Promise<readonly string[]> => {
      const may: string[] = [];
      for (const { key, active } of acme.rules.current().directory.people.values()) {
        const shown = active ? await showRevocation(acme.world, await acme.as(key), id) : null;
        if (shown?.ok === true && shown.value.mayConfirm) may.push(key);
      }
      return may.sort();
    };
    const hold = async () => {
      const { person } = await acme.as('ana');
      await heldGrants(acme, current(), { person, count: 2, state: 'active' });
    };

    test('one that waits for its second person is told to everybody who can be that one, and to nobody else', async () => {
      const everything = await order('fay', { all: true });
      const second = await whoMayConfirm(everything);
      expect(second).toContain('bo');
      expect(second).not.toContain('fay');
      expect(second).not.toContain('ana');
      expect(await told()).toEqual([]);
      expect(await toldLater()).toEqual(second.map((key) => `order-waits ${key}`));
      expect(sent[0]).toMatchObject({
        thread: everything.id,
        scope: 'all',
        by: 'Fay Okafor (fay)',
        reason: 'The laptop was stolen',
        until: fromIso(everything.asksUntil ?? ''),
      });
    });

    test('over a person it is told where something is left that whoever gave it could not end, and never to that person', async () => {
      await hold();
      const ofAna = await order('fay', { person: 'ana' });
      expect(ofAna.status).toBe('partly');
      expect(await toldLater()).toEqual((await whoMayConfirm(ofAna)).map((key) => `order-waits ${key}`));
      expect(sent[0]).toMatchObject({ scope: 'person', about: 'Ana Ribeiro (ana)' });
      const ofBo = await order('fay', { person: 'bo' });
      expect(ofBo.status).toBe('done');
      expect(await toldLater()).toEqual([]);
    });

    test('one that is confirmed, taken back or too old a moment later is told to nobody', async () => {
      const one = await order('fay', { all: true });
      got(await confirmRevocationOrder(acme.world, await acme.as('bo'), one.id));
      expect(await toldLater()).toEqual([]);
      const other = await order('bo', { all: true });
      got(await liftRevocationOrder(acme.world, await acme.as('bo'), other.id, { reason: 'Found again' }));
      expect(await toldLater()).toEqual([]);
      await order('bo', { all: true });
      await sql`alter table revocation disable trigger revocation_only_moves_on`.execute(current().db);
      await sql`update revocation set asks_until = app_now()`.execute(current().db);
      await sql`alter table revocation enable trigger revocation_only_moves_on`.execute(current().db);
      expect(await toldLater()).toEqual([]);
    });
  });

  describe('roles and persons', () => {
    beforeEach(async () => {
      for (const key of ['eli', 'fay']) await giveRole(acme, key, 'admin');
    });

    test('a role is told to whom it is about, and to the admins who can confirm it', async () => {
      const id = await proposes('eli', { action: 'appoint', person: 'bo', role: 'auditor', ...BECAUSE });
      expect(await told()).toEqual(['role-proposed bo']);
      expect(sent[0]).toMatchObject({ by: 'Eli Navarro (eli)', mayConfirm: false, ...BECAUSE, role: 'auditor' });
      expect(await toldLater()).toEqual(['proposal-waits fay']);
      await confirms('fay', id);
      expect(await toldLater()).toEqual(['role-appointed bo', 'role-changed eli', 'role-changed fay']);
      await confirms('fay', await proposes('eli', { action: 'dismiss', person: 'bo', role: 'auditor', ...BECAUSE }));
      // It was decided at once: neither waits for anybody any more.
      expect(await toldLater()).toEqual(['role-changed eli', 'role-changed fay', 'role-dismissed bo']);
    });

    test('whoever makes somebody admin who confirms it themselves is heard by those who watch, who read exactly that', async () => {
      await giveRole(acme, 'gus', 'auditor');
      await confirms('eli', await proposes('fay', { action: 'dismiss', person: 'eli', role: 'admin', ...BECAUSE }));
      await toldLater();
      sent.length = 0;
      const id = await proposes('fay', { action: 'appoint', person: 'bo', role: 'admin', ...BECAUSE });
      await confirms('bo', id);
      expect(await toldLater()).toEqual(['role-appointed bo', 'role-changed fay', 'role-changed gus']);
      const toGus = sent.find(({ to }) => to.address.startsWith('gus'));
      expect(toGus).toMatchObject({
        ...{ selfConfirmed: true, by: 'Bo Sandberg (bo)', about: 'Bo Sandberg (bo)', role: 'admin' },
        ...{ proposedBy: 'Fay Okafor (fay)', own: false },
      });
    });

    test('a role that somebody lost by leaving is told to the admins and auditors who are left', async () => {
      await giveRole(acme, 'bo', 'admin');
      await giveRole(acme, 'gus', 'auditor');
      await told();
      acme.edit((file) => ({ ...file, text: file.text.replace(/^( {2}fay:\n)/m, '$1    active: false\n') }));
      await acme.reload();
      expect(await told()).toEqual(['role-ended bo', 'role-ended eli', 'role-ended gus']);
      expect(sent[0]).toMatchObject({ by: null, own: false, role: 'admin', about: expect.stringContaining('(fay)') });
    });

    test('who leaves under one of two entries is a finding, of which those who watch hear; under both is none', async () => {
      await confirms(
        'fay',
        await proposes('eli', { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE }),
      );
      await giveRole(acme, 'finn', 'auditor');
      await toldLater();
      sent.length = 0;
      const found = async () => {
        const { rows } = await sql<{ facts: object }>`
          select body::jsonb -> 'facts' as facts from ledger_entry where kind = 'finding.raised'`.execute(current().db);
        return rows.map(({ facts }) => facts);
      };
      const leaves = async (...keys: readonly string[]) => {
        const out = new RegExp(`^( {2}(?:${keys.join('|')}):\n)`, 'gm');
        acme.edit((file) => ({ ...file, text: file.text.replace(out, '$1    active: false\n') }));
        await acme.reload();
      };
      await leaves('bo');
      expect(await told()).toEqual(['eli', 'fay', 'finn'].map((key) => `left-under-one-entry ${key}`));
      const { person } = await acme.as('finn');
      expect(await found()).toEqual([{ finding: 'left-under-one-entry', with: person }]);
      expect(sent[0]).toMatchObject({ about: 'Bo Sandberg (bo)', other: expect.stringContaining('(finn)') });
      await leaves('finn');
      await told();
      expect(await found()).toHaveLength(1);
    });

    test('where there is no other admin, whom it is about hears that it waits for them', async () => {
      const dismissal = await proposes('eli', { action: 'dismiss', person: 'fay', role: 'admin', ...BECAUSE });
      expect(await toldLater()).toEqual(['role-proposed fay']);
      expect(sent[0]).toMatchObject({ mayConfirm: true });
      got(await refuseProposal(acme.world, await acme.as('eli'), dismissal));
      expect(await toldLater()).toEqual([]);
    });

    test('two who were merged both hear of it, and before that nobody but who can confirm it; who watches, that it was not signed', async () => {
      await giveRole(acme, 'gus', 'auditor');
      const id = await proposes('eli', { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE });
      expect(await toldLater()).toEqual(['proposal-waits fay']);
      expect(sent[0]).toMatchObject({ about: 'Bo Sandberg (bo)', other: expect.stringContaining('(finn)') });
      await confirms('fay', id);
      const unsigned = ['change-unsigned eli', 'change-unsigned fay', 'change-unsigned gus'];
      expect(await toldLater()).toEqual([...unsigned, 'persons-merged bo', 'persons-merged finn']);
      expect(sent.find(({ to, kind }) => kind === 'change-unsigned' && to.address.startsWith('gus'))).toMatchObject({
        ...{ about: 'Bo Sandberg (bo)', other: expect.stringContaining('(finn)'), action: 'merge' },
        ...{ proposedBy: 'Eli Navarro (eli)', by: 'Fay Okafor (fay)', own: false, unsigned: true },
      });
      // With a passkey it is no more than a merge.
      const fay = await withPasskey(acme, 'fay');
      const other = await proposes('eli', { action: 'merge', person: 'cem', other: 'ada', grants: 'keep', ...BECAUSE });
      await toldLater();
      const { document, options } = got(await challengeProposal(acme.world, fay.actor, other));
      const assertion = { document, response: fay.device.assert(options) };
      got(await confirmProposal(acme.world, fay.actor, other, { assertion }));
      expect(await toldLater()).toEqual(['persons-merged ada', 'persons-merged cem']);
    });

    test('accounts that an operator has forgotten are told to whom they were, and all of it to every admin', async () => {
      await acme.as('ana');
      const { db } = current();
      await db.deleteFrom('epoch').execute();
      await beginFirstEpoch(db, 'a'.repeat(32), await readWhereabouts(db));
      await toldLater();
      const plan = await planForgetting(db, ISSUER);
      got(await forgetAccounts(acme.world, plan, 'a'.repeat(32)));
      const heard = await toldLater();
      expect(heard).toEqual(expect.arrayContaining(['account-unlinked ana', 'account-unlinked eli']));
      expect(heard.filter((one) => one.startsWith('accounts-forgotten'))).toEqual(
        plan.admins.map((key) => `accounts-forgotten ${key}`),
      );
      expect(sent.find(({ kind }) => kind === 'accounts-forgotten')).toMatchObject({
        issuer: ISSUER,
        accounts: plan.accounts,
        byOperator: true,
      });
    });

    test('an account that begins to sign in is told, also to another entry of the same human who had none before', async () => {
      const known = {
        issuer: 'https://chat.example',
        subject: 'u-1',
        signsIn: false,
        proof: 'sign-in',
        name: 'chat',
      } as const;
      got(await linkAccount(acme.world, await acme.as('bo'), known));
      await confirms(
        'fay',
        await proposes('eli', { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE }),
      );
      await toldLater();
      const finn = await acme.as('finn');
      expect(await toldLater()).toEqual([]);
      got(await linkAccount(acme.world, finn, { ...known, signsIn: true }));
      expect(await toldLater()).toEqual(['account-linked finn']);
      expect(sent.at(-1)).toMatchObject({ issuer: known.issuer, signsIn: true });
    });

    test('an account beside the first is told, and one that is taken off or released', async () => {
      const ana = await acme.as('ana');
      expect(await toldLater()).toEqual([]);
      const proven = {
        issuer: 'https://contractors.example',
        subject: 'a-17',
        signsIn: true,
        proof: 'sign-in',
        name: 'contractors',
      } as const;
      const linked = async () => {
        got(await linkAccount(acme.world, ana, proven));
        const account = got(await listAccounts(acme.world, ana)).find(({ subject }) => subject === 'a-17');
        if (account === undefined) throw new Error('it is linked');
        return account.id;
      };
      const first = await linked();
      expect(await toldLater()).toEqual(['account-linked ana']);
      expect(sent[0]).toMatchObject({ issuer: 'https://contractors.example' });
      expect(JSON.stringify(sent)).not.toContain('a-17');
      got(await unlinkAccount(acme.world, await acme.as('ana'), first));
      expect(await toldLater()).toEqual(['account-unlinked ana']);
      const again = await linked();
      await told();
      await confirms('fay', await proposes('eli', { action: 'release', account: again, ...BECAUSE }));
      const unsigned = ['change-unsigned eli', 'change-unsigned fay'];
      expect(await toldLater()).toEqual(['account-unlinked ana', ...unsigned]);
      expect(sent.filter(({ kind }) => kind === 'account-unlinked').at(-1)).toMatchObject({ own: false });
      const said = sent.find(({ kind }) => kind === 'change-unsigned');
      expect(said).toMatchObject({ action: 'release', about: 'Ana Ribeiro (ana)', proposedBy: 'Eli Navarro (eli)' });
    });
  });
});
