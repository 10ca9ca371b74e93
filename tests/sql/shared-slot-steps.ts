import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after, type Instant } from '../../src/core/time.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { bench, type Bench } from './engine-bench.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { scheduledGrant, toldToEnd, wantedExtension } from './rows.ts';
import { SharedCloud, virtualTime, type VirtualTime } from './shared-cloud.ts';

const PLACE = ['444455556666', 'ana'];
export const SLOT = slotKey('aws', 'assume-role', PLACE);
export const MINUTE = 60_000;

/** One place in a cloud that grants share, an engine over it, and what a test does there. Each test begins with nothing. */
export class SharedSlot {
  readonly database: Database;
  readonly time: VirtualTime;
  cloud: SharedCloud;
  on: Bench;
  grants: GrantId[] = [];
  /** The log takes nothing. */
  mute = false;
  /** The process stands still for so long whenever it looks at its clock; the database's goes on as it is told. */
  standsStillMs = 0;
  #stoodMs = 0;

  constructor(database: Database, time: VirtualTime) {
    this.database = database;
    this.time = time;
    this.cloud = new SharedCloud(time.now);
    this.on = this.#bench();
  }

  #bench(): Bench {
    const now = () => after(this.time.now(), (this.#stoodMs += this.standsStillMs));
    const clock = { ...this.time.clock, now };
    return bench(this.database, this.cloud.provider(), { clock, appendFails: () => this.mute });
  }

  async begin(): Promise<void> {
    const { db } = this.database;
    await emptyAll(this.database);
    await sql`insert into virtual_time values (to_timestamp(${this.time.now() / 1000}::float8))`.execute(db);
    this.cloud = new SharedCloud(this.time.now);
    this.on = this.#bench();
    this.grants = [];
    this.mute = false;
    this.standsStillMs = 0;
    this.#stoodMs = 0;
  }

  async ask(durationMs: number, role = 'invoice-reader'): Promise<void> {
    this.grants.push(await scheduledGrant(this.database, { durationMs, place: PLACE, role }));
    await this.work();
  }

  /** Everything that is due now, and what that makes due. */
  async work(): Promise<void> {
    this.cloud.land();
    for (let round = 0; round < 3; round += 1) {
      await this.on.engine.pass('starts');
      await this.on.engine.pass('ends');
    }
  }

  /** Another node has the turn for five seconds. */
  async somebodyElseWorksThere(): Promise<void> {
    const key = `slot/${SLOT}`;
    await sql`insert into cloud_lock (key, owner, until) values (${key}, 'node-2/1', app_now() + interval '5 seconds')`.execute(
      this.database.db,
    );
  }

  async pass(ms: number): Promise<void> {
    await this.time.advance(ms);
    await this.work();
  }

  async end(id: GrantId, kind: 'return' | 'revoke'): Promise<void> {
    await toldToEnd(this.database, id, kind);
    await this.work();
  }

  /** Extends a grant, the first one unless told, and says its new end; `null`, and nothing happens, where it cannot be extended now. */
  async extend(byMs: number, id = this.grants[0]): Promise<Instant | null> {
    const state = id === undefined ? undefined : (await findGrant(this.database.db, id))?.state;
    if (id === undefined || state?.kind !== 'active' || state.extension !== null) return null;
    const until = after(state.endsAt, byMs);
    await wantedExtension(this.database, id, until);
    await this.work();
    return until;
  }

  async all(): Promise<readonly GrantRecord[]> {
    return this.#read(this.grants);
  }

  /** Also the second attempts of what was not usable in time, for which nobody asked. */
  async everybody(): Promise<readonly GrantRecord[]> {
    const { rows } = await sql<{ id: GrantId }>`select id from "grant" where slot = ${SLOT}`.execute(this.database.db);
    return this.#read(rows.map(({ id }) => id));
  }

  async states(): Promise<readonly string[]> {
    return (await this.all()).map((one) => one.state.kind);
  }

  async #read(ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
    return (await Promise.all(ids.map((id) => findGrant(this.database.db, id)))).flatMap((one) => one ?? []);
  }
}

/** Registers what opens and closes the database around the tests of a file. Read what it returns inside of tests only. */
export function sharedSlot(): () => SharedSlot {
  let here: SharedSlot | null = null;
  beforeAll(async () => {
    const database = await testEmbedded();
    here = new SharedSlot(database, await virtualTime(database));
  });
  beforeEach(() => here?.begin());
  afterAll(() => here?.database.close());
  return () => {
    if (here === null) throw new Error('the database is not open yet');
    return here;
  };
}
