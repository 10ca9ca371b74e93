import { beforeEach, expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import type { Change } from '../../src/operations/changes.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal, refuseProposal } from '../../src/operations/proposals.ts';
import {
  askForRecovery,
  challengeRecovery,
  confirmRecovery,
  withdrawRecovery,
} from '../../src/operations/recover-passkeys.ts';
import { hearOthers } from '../../src/operations/hear-others.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { copyOf, restore } from './copies.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll, write } from './ledger-under-test.ts';
import { withPasskey } from './passkey-people.ts';

const ASK = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };

/** One process answers browsers, the other one does the work: what the streams of the first would tell. */
eachDatabase('what other processes did', (current) => {
  let here: AcmeOperations;
  let there: AcmeOperations;
  let heard: Change[];
  let look: () => Promise<void>;
  beforeEach(async () => {
    here = await acmeOperations(current());
    there = await acmeOperations(current());
    heard = [];
    here.world.changes.subscribe((change) => void heard.push(change));
    await write(current(), 3);
    await sequenceAll(current());
    look = hearOthers(here.world);
    await look();
  });

  /** What was told since the last time, as `kind id`, each once. */
  const told = async (): Promise<readonly string[]> => {
    await sequenceAll(current());
    await look();
    return [...new Set(heard.splice(0).map(({ kind, id }) => `${kind} ${id}`))].sort();
  };
  const granted = async () => {
    const { id } = got(await requestAccess(there.world, await there.as('ana'), ASK));
    const { grants } = got(await approveRequest(there.world, await there.as('bo'), id, {}));
    const grant = grants[0]?.id;
    if (grant === undefined) throw new Error('there is no grant');
    return { id, grant };
  };

  test('is told here: the asking, the decision, the activation and the end', async () => {
    expect(await told()).toEqual([]);
    const { id, grant } = await granted();
    expect(await told()).toEqual([`grant ${grant}`, `request ${id}`]);
    await there.engine.pass('starts');
    expect(await told()).toEqual([`grant ${grant}`]);
    got(await returnGrant(there.world, await there.as('ana'), grant));
    expect(await told()).toContain(`grant ${grant}`);
    expect(await told()).toEqual([]);
  });

  test('what was done here is not told again', async () => {
    got(await requestAccess(here.world, await here.as('ana'), ASK));
    expect(heard.filter(({ kind }) => kind === 'request')).toHaveLength(1);
    await sequenceAll(current());
    await look();
    expect(heard.filter(({ kind }) => kind === 'request')).toHaveLength(1);
  });

  test('proposals and recoveries are told too: made, decided, withdrawn and confirmed, here once and there', async () => {
    await giveRole(there, 'eli', 'admin');
    await told();
    const [eli, jan] = [await there.as('eli'), await there.as('jan')];
    const admin = { ...eli, roles: ['admin' as const] };
    const appoint = { action: 'appoint', person: 'jan', role: 'auditor', reason: 'The audit of November' } as const;
    const first = got(await propose(there.world, admin, appoint));
    expect(await told()).toEqual([`proposal ${first.id}`]);
    got(await refuseProposal(there.world, admin, first.id));
    expect(await told()).toEqual([`proposal ${first.id}`]);
    const second = got(await propose(here.world, admin, appoint));
    got(await confirmProposal(here.world, jan, second.id));
    await sequenceAll(current());
    await look();
    expect(heard.filter(({ kind }) => kind === 'proposal')).toHaveLength(2);
    expect(await told()).toEqual([`proposal ${second.id}`]);

    const lost = await withPasskey(there, 'ana');
    const [bo, hal] = [await withPasskey(there, 'bo'), await withPasskey(there, 'hal')];
    await told();
    const asked = got(await askForRecovery(there.world, lost.actor));
    expect(await told()).toEqual([`recovery ${asked.id}`]);
    got(await withdrawRecovery(there.world, lost.actor));
    expect(await told()).toEqual([`recovery ${asked.id}`]);
    const again = got(await askForRecovery(here.world, lost.actor));
    for (const { actor, device } of [bo, hal]) {
      heard.splice(0);
      const { document, options } = got(await challengeRecovery(here.world, actor, again.id));
      got(await confirmRecovery(here.world, actor, again.id, { document, response: device.assert(options) }));
      expect(heard.filter(({ kind }) => kind === 'recovery')).toHaveLength(1);
      expect(await told()).toContain(`recovery ${again.id}`);
    }
    await withPasskey(here, 'ana');
    expect(heard.filter(({ kind }) => kind === 'recovery')).toHaveLength(1);
  });

  test('is heard on after the log was put back to an earlier state', async () => {
    const copy = await copyOf(current());
    await granted();
    await told();
    await restore(current(), copy);
    expect(await told()).toEqual([]);
    const { grant } = await granted();
    expect(await told()).toContain(`grant ${grant}`);
  });
});
