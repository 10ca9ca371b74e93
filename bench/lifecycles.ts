import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GrantId, RequestId } from '../src/core/ids.ts';
import { approveRequest } from '../src/operations/decide-request.ts';
import { returnGrant } from '../src/operations/end-grant.ts';
import { requestAccess } from '../src/operations/request-access.ts';
import type { Actor, World } from '../src/operations/world.ts';
import { openEmbedded, openPostgres, type Database } from '../src/store/database.ts';
import { findGrant, grantsOfRequests } from '../src/store/grants.ts';
import { outboxSize } from '../src/store/ledger-outbox.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { acmeBroker } from './acme-broker.ts';
import { keepSequencing } from './engine-over.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

/** A role that a person must approve. */
const ASKED = { role: 'invoice-reader', target: 'aws/prod' };
const REQUESTERS = ['ana', 'cem', 'dia', 'elif'];
const APPROVER = 'bo';
/** Lifecycles under way at once: what several engines would have between them. */
const AT_ONCE = { embedded: 8, postgres: 32 };

/** Whole lives of grants: asked for, approved by a person, activated, given back, proven gone, in the log. The cloud answers at once. */
export const bench: Bench = {
  name: 'lifecycles',
  title: 'Full lifecycles: request, approve, activate, end, log',
  async run({ quick }) {
    const rows: BenchRow[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'curfew-bench-'));
    const embedded = await openEmbedded(join(folder, 'database'));
    try {
      rows.push(...(await measure(embedded, quick ? 20 : 500, '>= 100')));
    } finally {
      await embedded.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const server = await startPostgres();
    try {
      const postgres = await openPostgres(await server.createDatabase(), 20);
      try {
        rows.push(...(await measure(postgres, quick ? 100 : 2_000, '>= 500')));
      } finally {
        await postgres.close();
      }
    } finally {
      await server.stop();
    }
    return { rows };
  },
};

async function measure(database: Database, count: number, budget: string): Promise<readonly BenchRow[]> {
  const { world, engine, actor } = await acmeBroker(database);
  const approver = await actor(APPROVER);
  const requesters = await Promise.all(REQUESTERS.map(actor));
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  const sequencing = keepSequencing(database.db, stop.signal);
  const ids = new Followed(world);
  const onesMs: number[] = [];
  const doneAt: number[] = [];
  let begun = 0;
  const worker = async (requester: Actor): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const startedAt = performance.now();
      await live(world, ids, requester, approver);
      doneAt.push(performance.now());
      onesMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await Promise.all(
    Array.from({ length: AT_ONCE[database.kind] }, (_, n) => worker(requesters[n % requesters.length] ?? approver)),
  );
  // Not over before the last entry has its place in the log.
  while ((await outboxSize(database.db)) > 0) await world.clock.sleep(20);
  const tookS = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  stop.abort();
  ids.stop();
  await Promise.all([running, sequencing]);
  const where = database.kind === 'embedded' ? 'embedded, on disk' : 'PostgreSQL';
  return [
    {
      name: `${where}, ${AT_ONCE[database.kind]} at once`,
      unit: 'per second',
      budget,
      ...distribution(rates(doneAt, startedAt)),
      note:
        `${count} lifecycles, the log included: ${(count / tookS).toFixed(0)} per second over all; ` +
        `${((user + system) / 1_000 / count).toFixed(1)} ms on a processor for each in this process`,
    },
    { name: `${where}: one of them`, unit: 'ms', ...distribution(onesMs) },
  ];
}

/** How many were done in each whole second. */
function rates(doneAt: readonly number[], startedAt: number): readonly number[] {
  const seconds = new Map<number, number>();
  for (const at of doneAt) {
    const second = Math.floor((at - startedAt) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const whole = [...seconds].sort(([a], [b]) => a - b).map(([, n]) => n);
  return whole.length > 2 ? whole.slice(0, -1) : whole;
}

async function live(world: World, ids: Followed, requester: Actor, approver: Actor): Promise<void> {
  const asked = await requestAccess(world, requester, {
    items: [ASKED],
    durationMs: 900_000,
    reason: 'Which invoice is wrong?',
  });
  if (!asked.ok) throw new Error(`the request was refused: ${asked.refusal.detail}`);
  const request = asked.value.id as RequestId;
  const approved = await approveRequest(world, approver, request, {});
  if (!approved.ok) throw new Error(`the approval was refused: ${approved.refusal.detail}`);
  const [grant] = await grantsOfRequests(world.db, [request]);
  if (grant === undefined) throw new Error('there is no grant');
  await ids.until(grant.id, 'active');
  const given = await returnGrant(world, requester, grant.id);
  if (!given.ok) throw new Error(`the return was refused: ${given.refusal.detail}`);
  await ids.until(grant.id, 'ended');
}

/** Waits for states of grants: told of changes, it reads the state. */
class Followed {
  readonly #world: World;
  readonly #waiting = new Map<string, () => void>();
  readonly stop: () => void;

  constructor(world: World) {
    this.#world = world;
    this.stop = world.changes.subscribe(({ id }) => this.#waiting.get(id)?.());
  }

  /** Resolves when a grant is in a state. */
  async until(id: GrantId, state: 'active' | 'ended'): Promise<void> {
    for (;;) {
      const changed = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
      if ((await findGrant(this.#world.db, id))?.state.kind === state) break;
      await changed;
    }
    this.#waiting.delete(id);
  }
}
