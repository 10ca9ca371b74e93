import { beforeEach, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const INVOICES = { role: 'invoice-reader', target: 'aws/prod' };
const BUILDS = { role: 'build-log-reader', target: 'aws/staging' };
const ASK = { items: [INVOICES], durationMs: 900_000, reason: 'Check the invoice export' };

eachDatabase('what somebody has already of what they are about to ask for', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const as = (key: string) => acme.as(key);
  const ask = async () => got(await requestAccess(acme.world, await as('ana'), ASK));
  const approve = async (id: Awaited<ReturnType<typeof ask>>['id']) =>
    got(await approveRequest(acme.world, await as('bo'), id, {}));
  const already = async (items = [INVOICES], inMs: number | null = null, who = 'ana') => {
    const start = inMs === null ? {} : { startsAt: after(acme.world.clock.now(), inMs) };
    return got(await previewRequest(acme.world, await as(who), { ...ASK, items, ...start })).already;
  };

  test('is asked for and says whose yes it takes; it is theirs alone, and nobody elses', async () => {
    expect(await already()).toEqual([]);
    const { id, createdAt } = await ask();
    const [one, ...more] = await already([BUILDS, INVOICES]);
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      ...INVOICES,
      status: 'asked',
      request: id,
      grant: null,
      since: createdAt,
      endsAt: null,
    });
    expect(one?.waitsFor).toMatchObject({ missing: 1 });
    expect(one?.waitsFor?.eligible.map(({ key }) => key)).toContain('bo');
    expect(await already([INVOICES], null, 'cem')).toEqual([]);
    got(await withdrawRequest(acme.world, await as('ana'), id));
    expect(await already()).toEqual([]);
    const denied = await ask();
    got(await denyRequest(acme.world, await as('bo'), denied.id, { comment: 'Not now' }));
    expect(await already()).toEqual([]);
  });

  test('is held until its end, said once and before what is asked for; ending and over it is none', async () => {
    await ask();
    const { id } = await ask();
    const { grants } = await approve(id);
    expect(await already()).toMatchObject([{ status: 'scheduled', request: id, grant: grants[0]?.id, endsAt: null }]);
    await acme.engine.pass('starts');
    const [held] = await already();
    expect(held).toMatchObject({ status: 'active', request: id, grant: grants[0]?.id, waitsFor: null });
    expect(Date.parse(held?.endsAt ?? '')).toBeGreaterThan(acme.world.clock.now());
    got(await returnGrant(acme.world, await as('ana'), grants[0]?.id ?? never()));
    // The other request still waits.
    expect(await already()).toMatchObject([{ status: 'asked' }]);
    await acme.engine.pass('ends');
    expect(await already()).toMatchObject([{ status: 'asked' }]);
  });

  test('is none of it where it has ended when the new access is to begin', async () => {
    await approve((await ask()).id);
    await acme.engine.pass('starts');
    expect(await already([INVOICES], ASK.durationMs - 60_000)).toHaveLength(1);
    expect(await already([INVOICES], ASK.durationMs + 60_000)).toEqual([]);
  });

  test('is not a later end that is asked for: it is of what is held, and of nothing when that is over', async () => {
    const { grants } = await approve((await ask()).id);
    await acme.engine.pass('starts');
    const grant = grants[0]?.id ?? never();
    got(await extendGrant(acme.world, await as('ana'), grant, { durationMs: 900_000, reason: 'It takes longer' }));
    expect(await already()).toMatchObject([{ status: 'active', grant }]);
    // Where what is held has ended by then, only the later end is left to be found.
    expect(await already([INVOICES], ASK.durationMs + 60_000)).toEqual([]);
  });

  test('is said of what the rules would refuse, too', async () => {
    const { id } = await ask();
    const refused = got(await previewRequest(acme.world, await as('ana'), { ...ASK, durationMs: 10 * 3_600_000 }));
    expect(refused.decision.effect).toBe('deny');
    expect(refused.already).toMatchObject([{ request: id }]);
  });
});

function never(): never {
  throw new Error('never');
}
