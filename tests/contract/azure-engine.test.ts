import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrantRecord } from '../../src/store/grants.ts';
import { toldToEnd } from '../sql/rows.ts';
import { engineOnAzure, type EngineOnAzure } from './azure-engine-world.ts';
import { at, OWNER, PIM_READER, rbacHarness, READER, write, type RbacHarness } from './azure-harness.ts';
import { GROUP, roleId } from './azure-world.ts';
import { pause } from './contract-steps.ts';

const THEIRS = '9d2f7b64-0000-4000-8000-000000000003';

let on: RbacHarness;
let engine: EngineOnAzure;

beforeAll(async () => {
  on = await rbacHarness(READER);
  engine = await engineOnAzure(on);
}, 60_000);
afterAll(async () => {
  await engine.database.close();
  await on.close();
});

const evidence = ({ state }: GrantRecord) => (state.kind === 'ended' ? state.proof.evidence : null);

describe('a grant on Azure', () => {
  test('is active, returned, and ended by what was seen, without a finding', async () => {
    const { id, principal } = await engine.scheduled();
    await engine.until(id, 'active', 'starts');
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toHaveLength(1);
    await toldToEnd(engine.database, id, 'return');
    const ended = await engine.until(id, 'ended', 'ends');
    expect(ended.state).toMatchObject({ proof: { kind: 'observed' } });
    expect(evidence(ended)).toMatchObject({ assignment: 'not found by name, and not listed' });
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
    expect(engine.findings).toEqual([]);
  }, 60_000);

  test('that somebody else gave in the moment of its start ends as theirs, which stays, and somebody is told', async () => {
    const { id, principal } = await engine.scheduled();
    const real = engine.provider;
    // Between the look and the write.
    engine.provider = {
      ...real,
      provision: async (...of) => {
        const put = write(roleId('Reader'), principal);
        await on.cloud.as(OWNER, 'PUT', at(GROUP, THEIRS), put);
        await pause(200);
        return real.provision(...of);
      },
    };
    await engine.until(id, 'active', 'starts');
    engine.provider = real;
    await toldToEnd(engine.database, id, 'return');
    expect(evidence(await engine.until(id, 'ended', 'ends'))).toMatchObject({
      standingAccessRemains: true,
      anotherAssignment: THEIRS,
    });
    expect((await on.cloud.assignments()).map(({ name }) => name)).toContain(THEIRS);
    expect(engine.findings.splice(0)).toMatchObject([{ finding: 'standing-access-remains' }]);
  }, 60_000);

  test('whose marker somebody edited ends all the same, and is told of once', async () => {
    const { id, principal } = await engine.scheduled();
    await engine.until(id, 'active', 'starts');
    const [own] = (await on.cloud.assignments()).filter((one) => one.principalId === principal);
    await on.cloud.as(OWNER, 'PUT', at(GROUP, own?.name ?? ''), write(roleId('Reader'), principal));
    await toldToEnd(engine.database, id, 'return');
    await engine.until(id, 'ended', 'ends');
    expect(engine.findings.splice(0)).toMatchObject([{ finding: 'end-was-edited' }]);
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
  }, 60_000);

  test('beside another one of the same place goes on with it, and the assignment goes with the last', async () => {
    const first = await engine.scheduled();
    await engine.until(first.id, 'active', 'starts');
    const second = await engine.scheduled(first.principal);
    await engine.until(second.id, 'active', 'starts');
    await toldToEnd(engine.database, first.id, 'return');
    expect(evidence(await engine.until(first.id, 'ended', 'ends'))).toHaveProperty('neededByOthersUntil');
    const left = async () => (await on.cloud.assignments()).filter((one) => one.principalId === first.principal).length;
    expect(await left()).toBe(1);
    await toldToEnd(engine.database, second.id, 'return');
    await engine.until(second.id, 'ended', 'ends');
    expect(await left()).toBe(0);
    expect(engine.findings.splice(0)).toEqual([]);
  }, 60_000);
});

describe('a grant by Privileged Identity Management', () => {
  let pim: RbacHarness;
  let engine: EngineOnAzure;
  beforeAll(async () => {
    pim = await rbacHarness(PIM_READER, { pimShortestMs: 3_000 });
    engine = await engineOnAzure(pim);
  }, 60_000);
  afterAll(async () => {
    await engine.database.close();
    await pim.close();
  });

  test('that is given back too soon is ending until PIM takes it away, which is no failure and no alarm', async () => {
    const { id, principal } = await engine.scheduled();
    await engine.until(id, 'active', 'starts');
    await toldToEnd(engine.database, id, 'return');
    const waiting = await engine.pass(id, 'ends');
    expect(waiting).toMatchObject({ state: { kind: 'ending' }, attempts: 0 });
    expect(waiting.lastFault).toContain('nothing away in the first five minutes');
    await pause(3_000);
    const ended = await engine.until(id, 'ended', 'ends');
    expect(ended.state).toMatchObject({ proof: { kind: 'observed' } });
    expect((await pim.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
    expect(engine.findings).toEqual([]);
  }, 60_000);

  test('that a lapsed licence made permanent ends at its end all the same, and is told', async () => {
    const { id, principal } = await engine.scheduled();
    await engine.until(id, 'active', 'starts');
    await pim.cloud.control('directory', { change: 'licence', name: 'Free' });
    await toldToEnd(engine.database, id, 'return');
    await engine.until(id, 'ended', 'ends');
    expect((await pim.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
    expect(engine.findings).toMatchObject([{ finding: 'end-was-edited' }]);
  }, 60_000);
});
