import { beforeEach, expect, test } from 'vitest';
import type { RequestId } from '../../src/core/ids.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { searchAudit } from '../../src/operations/search-audit.ts';
import { listRequests, showRequest } from '../../src/operations/show-requests.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const ONE_STEP = 'count: 1\n    escalate: { after: 10m, to: [group:sre] }';

/** Ana asks; Bo, Finn and Hal lead the data platform, and Gus is of finance. */
eachDatabase('the list of what waits for somebody', (current) => {
  let acme: AcmeOperations;
  let id: RequestId;
  let said: Set<string>;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    said = new Set();
  });

  const edit = async (path: string, from: string, to: string): Promise<void> => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  const ask = async () => void (id = got(await requestAccess(acme.world, await acme.as('ana'), ASK)).id);
  const approve = async (key: string) => {
    said.add(key);
    return got(await approveRequest(acme.world, await acme.as(key), id, {}));
  };
  /** Whether it is in somebody's list, and whether its page lets them decide; `null`: it is not for them to see. */
  const seenBy = async (key: string) => {
    const actor = await acme.as(key);
    const page = got(await listRequests(acme.world, actor, { scope: 'waiting', cursor: null, limit: 50 }));
    const shown = await showRequest(acme.world, actor, id);
    await sequenceAll(current());
    const log = got(await searchAudit(acme.world, actor, { kind: 'request.submitted', cursor: null, limit: 50 }));
    const waits = page.items.some((one) => one.id === id);
    // The log is searched in what waits for somebody, and in what they did or is about them.
    const own = key === 'ana' || said.has(key);
    expect([key, log.items.some(({ subjects }) => subjects.request === id)]).toEqual([key, waits || own]);
    return [waits, shown.ok ? shown.value.mayDecide : null];
  };
  const merge = async (one: string, other: string) => {
    const [keep, gone] = [await acme.as(one), await acme.as(other)];
    const [by, second] = [await acme.as('fay'), await acme.as('eli')];
    await current()
      .db.transaction()
      .execute(async (trx) =>
        mergeHumans(trx, {
          keep: keep.person,
          merge: gone.person,
          by: by.person,
          confirmedBy: second.person,
          now: await appNow(trx),
        }),
      );
  };

  test('has what somebody is needed for; not what they asked for, nor what others decide', async () => {
    await ask();
    expect(await seenBy('bo')).toEqual([true, true]);
    expect(await seenBy('ana')).toEqual([false, false]);
    expect(await seenBy('gus')).toEqual([false, null]);
    await approve('bo');
    expect(await seenBy('hal')).toEqual([false, false]);
  });

  test('loses what one has said yes to, and what others have satisfied, who can still say no', async () => {
    await edit('policies/data.yaml', ONE_STEP, 'count: 1\n  - from: [group:finance]\n    count: 1');
    await ask();
    expect([await seenBy('bo'), await seenBy('hal'), await seenBy('gus')]).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
    await approve('bo');
    expect([await seenBy('bo'), await seenBy('hal'), await seenBy('gus')]).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
  });

  test('loses what the rules do not name one for any more, and has what they name one for since', async () => {
    await ask();
    await edit('directory.yaml', 'members: [bo, finn, hal]', 'members: [bo, finn, gus]');
    expect(await seenBy('hal')).toEqual([false, false]);
    expect(await seenBy('gus')).toEqual([true, true]);
    const shown = got(await showRequest(acme.world, await acme.as('hal'), id));
    expect(shown.next).toMatch(/^Waiting for 1 of /);
  });

  test('loses what the rules refuse now: whoever decides it closes it, and nobody is needed for that', async () => {
    await ask();
    await edit('policies/data.yaml', 'default: 15m, max: 1h, extensions: 1', 'default: 5m, max: 10m');
    expect(await seenBy('bo')).toEqual([false, true]);
  });

  test('counts humans: neither for whom one was merged with does one decide, nor twice', async () => {
    await edit('policies/data.yaml', ONE_STEP, 'count: 2');
    await ask();
    await approve('bo');
    expect(await seenBy('finn')).toEqual([true, true]);
    await merge('bo', 'finn');
    expect(await seenBy('finn')).toEqual([false, false]);
    expect(await seenBy('hal')).toEqual([true, true]);
    await merge('ana', 'hal');
    expect(await seenBy('hal')).toEqual([false, false]);
  });
});
