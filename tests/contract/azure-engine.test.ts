import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import { slotKey } from '../../src/core/slot.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { AzureProvider } from '../../src/providers/azure/index.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { scheduledGrant, toldToEnd } from '../sql/rows.ts';
import { at, OWNER, rbacHarness, READER, write, type RbacHarness } from './azure-harness.ts';
import { GROUP, roleId } from './azure-world.ts';
import { pause } from './contract-steps.ts';

const THEIRS = '9d2f7b64-0000-4000-8000-000000000003';

let on: RbacHarness;
let database: Database;
let engine: Engine;
let provider: AzureProvider;
const found: { readonly finding?: unknown }[] = [];

beforeAll(async () => {
  on = await rbacHarness(READER);
  provider = on.with({});
  database = await openEmbedded();
  engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([
      ['azure', new Proxy({} as AzureProvider, { get: (_, name: keyof AzureProvider) => provider[name] })],
    ]),
    recheck: async () => ok(null),
    append: async (_trx, ...written) => {
      for (const { kind, facts } of written) if (kind === 'finding.raised') found.push(facts);
    },
    publish: () => {},
    log: silentLog,
  });
}, 60_000);
afterAll(async () => {
  await database.close();
  await on.close();
});

async function scheduled(principal?: string): Promise<{ readonly id: GrantId; readonly principal: string }> {
  const spec = on.over(principal === undefined ? {} : { principal });
  const { method, role, target } = spec;
  const slot = slotKey('azure', method, on.provider.sharedPlace(spec));
  const over = { slot, method, provider: 'azure', principal: spec.principal, definition: { role, target } } as const;
  return { id: await scheduledGrant(database, { over }), principal: spec.principal };
}

/** Passes of the engine until the grant is so. Time that only passes is taken out of the database. */
async function until(id: GrantId, kind: GrantRecord['state']['kind'], lane: 'starts' | 'ends'): Promise<GrantRecord> {
  for (let round = 0; ; round += 1) {
    const grant = await findGrant(database.db, id);
    if (grant?.state.kind === kind) return grant;
    if (round > 150) throw new Error(`it is ${grant?.state.kind ?? 'nothing'}: ${grant?.lastFault ?? ''}`);
    const aged = sql`update binding set absent_since = absent_since - interval '2 minutes', last_call_at = last_call_at - interval '2 minutes'
      where absent_since is not null`;
    await aged.execute(database.db);
    await sql`update "grant" set due_at = app_now() where id = ${id} and due_at is not null`.execute(database.db);
    await engine.pass(lane);
    await pause(50);
  }
}

const evidence = ({ state }: GrantRecord) => (state.kind === 'ended' ? state.proof.evidence : null);

describe('a grant on Azure', () => {
  test('is active, returned, and ended by what was seen, without a finding', async () => {
    const { id, principal } = await scheduled();
    await until(id, 'active', 'starts');
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toHaveLength(1);
    await toldToEnd(database, id, 'return');
    const ended = await until(id, 'ended', 'ends');
    expect(ended.state).toMatchObject({ proof: { kind: 'observed' } });
    expect(evidence(ended)).toMatchObject({ assignment: 'not found by name, and not listed' });
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
    expect(found).toEqual([]);
  }, 60_000);

  test('that somebody else gave in the moment of its start ends as theirs, which stays, and somebody is told', async () => {
    const { id, principal } = await scheduled();
    const real = provider;
    // Between the look and the write.
    provider = {
      ...real,
      provision: async (...of) => {
        const put = write(roleId('Reader'), principal);
        await on.cloud.as(OWNER, 'PUT', at(GROUP, THEIRS), put);
        await pause(200);
        return real.provision(...of);
      },
    };
    await until(id, 'active', 'starts');
    provider = real;
    await toldToEnd(database, id, 'return');
    expect(evidence(await until(id, 'ended', 'ends'))).toMatchObject({
      standingAccessRemains: true,
      anotherAssignment: THEIRS,
    });
    expect((await on.cloud.assignments()).map(({ name }) => name)).toContain(THEIRS);
    expect(found.splice(0)).toMatchObject([{ finding: 'standing-access-remains' }]);
  }, 60_000);

  test('whose marker somebody edited ends all the same, and is told of once', async () => {
    const { id, principal } = await scheduled();
    await until(id, 'active', 'starts');
    const [own] = (await on.cloud.assignments()).filter((one) => one.principalId === principal);
    await on.cloud.as(OWNER, 'PUT', at(GROUP, own?.name ?? ''), write(roleId('Reader'), principal));
    await toldToEnd(database, id, 'return');
    await until(id, 'ended', 'ends');
    expect(found.splice(0)).toMatchObject([{ finding: 'end-was-edited' }]);
    expect((await on.cloud.assignments()).filter((one) => one.principalId === principal)).toEqual([]);
  }, 60_000);

  test('beside another one of the same place goes on with it, and the assignment goes with the last', async () => {
    const first = await scheduled();
    await until(first.id, 'active', 'starts');
    const second = await scheduled(first.principal);
    await until(second.id, 'active', 'starts');
    await toldToEnd(database, first.id, 'return');
    expect(evidence(await until(first.id, 'ended', 'ends'))).toHaveProperty('neededByOthersUntil');
    const left = async () => (await on.cloud.assignments()).filter((one) => one.principalId === first.principal).length;
    expect(await left()).toBe(1);
    await toldToEnd(database, second.id, 'return');
    await until(second.id, 'ended', 'ends');
    expect(await left()).toBe(0);
    expect(found.splice(0)).toEqual([]);
  }, 60_000);
});
