import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import { slotKey } from '../../src/core/slot.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { AzureProvider } from '../../src/providers/azure/index.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { scheduledGrant } from '../sql/rows.ts';
import type { RbacHarness } from './azure-harness.ts';
import { pause } from './contract-steps.ts';

/** The real engine, over a database and the simulated Azure. */
export interface EngineOnAzure {
  readonly database: Database;
  /** What was raised since somebody looked last; `splice` looks. */
  readonly findings: { readonly finding?: unknown }[];
  /** What the engine calls; a test may put something in front of it. */
  provider: AzureProvider;
  scheduled(principal?: string): Promise<{ readonly id: GrantId; readonly principal: string }>;
  /** Passes of the engine until the grant is so. Time that only passes is taken out of the database. */
  until(id: GrantId, kind: GrantRecord['state']['kind'], lane: 'starts' | 'ends'): Promise<GrantRecord>;
  /** One pass, with whatever waits due now. */
  pass(id: GrantId, lane: 'starts' | 'ends'): Promise<GrantRecord>;
}

export async function engineOnAzure(on: RbacHarness): Promise<EngineOnAzure> {
  const database = await openEmbedded();
  const findings: { readonly finding?: unknown }[] = [];
  const world = { provider: on.with({}) };
  const engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([
      ['azure', new Proxy({} as AzureProvider, { get: (_, name: keyof AzureProvider) => world.provider[name] })],
    ]),
    recheck: async () => ok(null),
    append: async (_trx, ...written) => {
      for (const { kind, facts } of written) if (kind === 'finding.raised') findings.push(facts);
    },
    publish: () => {},
    log: silentLog,
  });

  async function pass(id: GrantId, lane: 'starts' | 'ends'): Promise<GrantRecord> {
    const aged = sql`update binding set absent_since = absent_since - interval '2 minutes', last_call_at = last_call_at - interval '2 minutes'
      where absent_since is not null`;
    await aged.execute(database.db);
    await sql`update "grant" set due_at = app_now() where id = ${id} and due_at is not null`.execute(database.db);
    await engine.pass(lane);
    const grant = await findGrant(database.db, id);
    if (grant === null) throw new Error('the grant is gone');
    return grant;
  }

  return Object.assign(world, {
    database,
    findings,
    pass,
    async scheduled(principal?: string) {
      const spec = on.over(principal === undefined ? {} : { principal });
      const { method, role, target } = spec;
      const slot = slotKey('azure', method, on.provider.sharedPlace(spec));
      const over = {
        slot,
        method,
        provider: 'azure',
        principal: spec.principal,
        definition: { role, target },
      } as const;
      return { id: await scheduledGrant(database, { over }), principal: spec.principal };
    },
    async until(id: GrantId, kind: GrantRecord['state']['kind'], lane: 'starts' | 'ends') {
      for (let round = 0; ; round += 1) {
        const grant = await findGrant(database.db, id);
        if (grant?.state.kind === kind) return grant;
        if (round > 150) throw new Error(`it is ${grant?.state.kind ?? 'nothing'}: ${grant?.lastFault ?? ''}`);
        await pass(id, lane);
        await pause(50);
      }
    },
  });
}
