import { sql } from 'kysely';
import { instant, toIso } from '../../../src/core/time.ts';
import { lookAfterRestore } from '../../../src/engine/look-after-restore.ts';
import { returnGrant } from '../../../src/operations/end-grant.ts';
import { approveRequest } from '../../../src/operations/decide-request.ts';
import { noteLoaded } from '../../../src/operations/reload-rules.ts';
import { requestAccess } from '../../../src/operations/request-access.ts';
import { createEpochWatch, type EpochWatch } from '../../../src/operations/watch-epoch.ts';
import type { Actor } from '../../../src/operations/world.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Database } from '../../../src/store/database.ts';
import { saveOidcPayload } from '../../../src/store/oidc-payloads.ts';
import { acmeOperations, type AcmeOperations } from '../../sql/acme-operations.ts';
import { copyOf, restore, type Copy } from '../../sql/copies.ts';
import { fakeProvider, type FakeProvider } from '../../sql/fake-provider.ts';
import { sequenceAll, verifyStored } from '../../sql/ledger-under-test.ts';
import { stepPorts } from '../../sql/step-ports.ts';
import { Prng } from '../kernel/prng.ts';
import { createMint, type Mint } from './mint.ts';

/** What happened in one history, so that one in which nothing happens proves nothing. */
export interface HistoryCounts {
  steps: number;
  restores: number;
  grants: number;
  /** Requests that were pending in a copy, and lapsed. */
  lapsed: number;
  /** Tokens of an earlier epoch that were tried. */
  oldTokens: number;
  /** Scheduled grants that a restore brought back, and those of them that had started once. */
  broughtBack: number;
  startedBefore: number;
  /** Grants that a restore brought back to life, and that were found to be gone. */
  foundGone: number;
}

export interface History extends HistoryCounts {
  readonly violations: readonly string[];
  readonly events: readonly string[];
}

const STARTS_AT = Date.parse('2026-11-19T14:00:00Z');
const STEPS = 90;
const NODES = 3;
const LANDS_WITHIN_MS = 30_000;
const ACTIONS = {
  ask: 9,
  approve: 10,
  giveBack: 6,
  starts: 8,
  ends: 4,
  wait: 2,
  look: 2,
  signIn: 2,
  copy: 5,
  restart: 1,
  restore: 3,
};
const ASK = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };

/**
 * One random history in which the database is put back to older copies again and again, with the real operations, policy, engine, log and
 * watch over the embedded database, and a cloud that is not put back. What must be true is looked for from outside, after each step.
 */
export async function playHistory(base: Database, seed: number): Promise<History> {
  const run = new Run(base, new Prng(`restore ${seed}`));
  await run.play();
  return { ...run.counts, violations: run.violations, events: run.events };
}

class Run {
  readonly counts: HistoryCounts = {
    steps: 0,
    restores: 0,
    grants: 0,
    lapsed: 0,
    oldTokens: 0,
    broughtBack: 0,
    startedBefore: 0,
    foundGone: 0,
  };
  readonly violations: string[] = [];
  readonly events: string[] = [];
  readonly #base: Database;
  readonly #prng: Prng;
  readonly #cloud: FakeProvider;
  /** Every call of the cloud since the epoch began: `observe aws:…`. */
  #calls: string[] = [];
  #now = STARTS_AT;
  #acme!: AcmeOperations;
  #people: readonly Actor[] = [];
  #lead!: Actor;
  #mint!: Mint;
  readonly #files: (string | null)[] = Array.from({ length: NODES }, () => null);
  readonly #watches: EpochWatch[] = [];
  readonly #epochs = new Set<string>();
  readonly #tokens: { readonly token: string; readonly epoch: string }[] = [];
  #copies: { readonly rows: Copy; readonly size: number }[] = [];
  /** Slots of grants that a restore brought back as scheduled. */
  #scheduled: ReadonlyMap<string, string> = new Map();
  #signIns = 0;

  constructor(base: Database, prng: Prng) {
    this.#base = base;
    this.#prng = prng;
    const cloud = fakeProvider({ byConstruction: false, abandonedCallMs: LANDS_WITHIN_MS });
    this.#cloud = {
      ...cloud,
      observe: (binding, ...rest) => {
        this.#calls.push(`observe ${binding.slot}`);
        return cloud.observe(binding, ...rest);
      },
      provision: (binding, call) => {
        this.#calls.push(`provision ${binding.slot}`);
        return cloud.provision(binding, call);
      },
    };
  }

  async play(): Promise<void> {
    await this.#setTime();
    const clock: Clock = {
      now: () => instant(this.#now),
      sleep: () => Promise.resolve(),
      timeout: () => new AbortController().signal,
    };
    const random = { bytes: (count: number) => this.#prng.bytes(count) };
    this.#acme = await acmeOperations(this.#base, { provider: this.#cloud, clock, random });
    await noteLoaded(this.#acme.world, this.#acme.rules.current());
    for (let node = 0; node < NODES; node += 1) this.#startNode(node);
    this.#mint = await createMint(clock);
    for (const watch of this.#watches) this.#epochs.add((await watch.look()).id);
    await this.#signEverybodyIn();
    for (; this.counts.steps < STEPS && this.violations.length === 0; this.counts.steps += 1) {
      await this.#pass(this.#prng.int(1, 2_000));
      await this.#act();
      await this.#check();
    }
    if (this.violations.length === 0) await this.#converge();
  }

  async #act(): Promise<void> {
    const { world, engine } = this.#acme;
    const what = this.#prng.weighted(ACTIONS);
    this.events.push(`${((this.#now - STARTS_AT) / 1_000).toFixed(1)} s ${what}`);
    switch (what) {
      case 'ask':
        return void (await requestAccess(world, this.#prng.pick(this.#people), ASK));
      case 'approve': {
        const [id] = await this.#ids(sql`select id from request where state = 'pending' order by created_at limit 1`);
        if (id !== undefined) await approveRequest(world, this.#lead, id as never, {});
        return;
      }
      case 'giveBack': {
        const live = await this.#rows<{ id: string; person: string }>(
          sql`select id, person_id as person from "grant" where state in ('scheduled', 'active') order by id`,
        );
        if (live.length === 0) return;
        const grant = this.#prng.pick(live);
        const holder = this.#people.find(({ person }) => person === grant.person);
        if (holder !== undefined) await returnGrant(world, holder, grant.id as never);
        return void (await engine.pass('ends'));
      }
      case 'starts':
      case 'ends':
        return void (await engine.pass(what));
      case 'wait':
        return this.#pass(this.#prng.int(5_000, 120_000));
      case 'look':
        return void (await this.#lookAt(this.#prng.int(0, NODES - 1)));
      case 'signIn':
        return this.#signIn();
      case 'copy':
        await sequenceAll(this.#base);
        this.#copies = [...this.#copies.slice(-2), { rows: await copyOf(this.#base), size: await this.#logSize() }];
        return;
      case 'restart':
        return this.#startNode(this.#prng.int(0, NODES - 1));
      case 'restore':
        return this.#copies.length === 0 ? undefined : this.#restore(this.#prng.pick(this.#copies));
    }
  }

  /** A node that starts again has only its file. */
  #startNode(node: number): void {
    this.#watches[node] = createEpochWatch(
      this.#acme.world,
      { read: () => this.#files[node] ?? null, write: (text) => void (this.#files[node] = text) },
      'curfew.test/log',
    );
  }

  async #restore({ rows, size }: { readonly rows: Copy; readonly size: number }): Promise<void> {
    // Everybody has seen what is lost now, so that all could notice; they notice one after the other.
    await sequenceAll(this.#base);
    for (let node = 0; node < NODES; node += 1) await this.#lookAt(node);
    const before = await this.#logSize();
    if (before === size) return;
    const running = await this.#ids(sql`select id from "grant" where state <> 'scheduled'`);
    await restore(this.#base, rows);
    await this.#pass(1);
    this.counts.restores += 1;
    const pending = await this.#ids(sql`select id from request where state = 'pending'`);
    const back = await this.#rows<{ id: string; slot: string }>(
      sql`select id, slot from "grant" where state = 'scheduled'`,
    );
    this.#calls = [];
    const order = this.#prng.int(0, NODES - 1);
    for (let turn = 0; turn < NODES; turn += 1) await this.#lookAt((order + turn) % NODES);
    const ids = await this.#ids(sql`select id from epoch`);
    const begun = await this.#begunEpochs(size);
    if (begun !== 1) this.#broken(`${begun} epochs began after one restore`);
    if (ids.some((id) => this.#epochs.has(id))) this.#broken('a copy was restored, and the epoch is an old one');
    ids.forEach((id) => this.#epochs.add(id));
    const left = await this.#ids(sql`select id from request where state = 'pending'`);
    if (left.length > 0) this.#broken(`${left.length} requests of the lost time still wait for a decision`);
    this.counts.lapsed += pending.length;
    const codes = await this.#ids(sql`select id_hash as id from oidc_payload`);
    if (codes.length > 0) this.#broken(`${codes.length} sign-ins of the lost time are still good`);
    this.#scheduled = new Map(back.map(({ id, slot }) => [slot, id]));
    this.counts.broughtBack += back.length;
    this.counts.startedBefore += back.filter(({ id }) => running.includes(id)).length;
    await this.#holdAgainstTheCloud();
    await this.#signEverybodyIn();
  }

  /** What the restored rows call active is there, once it was looked at. */
  async #holdAgainstTheCloud(): Promise<void> {
    const active = () =>
      this.#rows<{ id: string; slot: string }>(
        sql`select id, slot from "grant" where state = 'active' and ends_at > app_now()`,
      );
    const before = await active();
    await lookAfterRestore(stepPorts(this.#acme, this.#base.db), new AbortController().signal);
    const after = await active();
    this.counts.foundGone += before.length - after.length;
    for (const { id, slot } of after)
      if (!this.#cloud.held.has(slot)) this.#broken(`${id} is said to be active, and the cloud does not have it`);
    const ids = new Set(after.map(({ id }) => id));
    for (const { id, slot } of before)
      if (!ids.has(id) && this.#cloud.held.has(slot)) this.#broken(`${id} was ended, and the cloud had it`);
  }

  /** How many epochs began in what was written behind the copy. */
  async #begunEpochs(size: number): Promise<number> {
    await sequenceAll(this.#base);
    const begun = await this.#ids(
      sql`select entry_id as id from ledger_entry where seq >= ${size} and body::jsonb ->> 'kind' = 'epoch.began'`,
    );
    return begun.length;
  }

  async #lookAt(node: number): Promise<void> {
    await this.#watches[node]?.look();
  }

  async #signIn(): Promise<void> {
    const watch = this.#prng.pick(this.#watches);
    const epoch = (await watch.look()).id;
    this.#tokens.push({ token: await this.#mint.issue(this.#prng.pick(this.#people), epoch), epoch });
    this.#signIns += 1;
    const idHash = this.#signIns.toString(16).padStart(64, '0');
    const row = { model: 'RefreshToken', idHash, sealed: 'x', grantId: null, uid: null, userCodeHash: null };
    const whose = { person: null, signIn: null, savedAt: instant(this.#now) };
    await saveOidcPayload(this.#base.db, { ...row, ...whose, expiresAt: null });
  }

  async #check(): Promise<void> {
    await sequenceAll(this.#base);
    const [current] = await this.#ids(sql`select id from epoch`);
    for (const { token, epoch } of this.#tokens.slice(-2)) {
      if (epoch !== current) this.counts.oldTokens += 1;
      const taken = await this.#mint.isTaken(token, this.#prng.pick(this.#watches));
      if (taken && epoch !== current) this.#broken('a token of the lost time is taken');
      if (!taken && epoch === current) this.#broken('a token of this epoch is refused');
    }
    for (const [slot, id] of this.#scheduled) {
      const [first] = this.#calls.filter((call) => call.endsWith(slot));
      if (first?.startsWith('provision') === true) this.#broken(`${id} was given without a look whether it is there`);
    }
    const decided = await this.#ids(
      sql`select r.id from request r, epoch e where r.created_at < e.began_at and r.decided_at > e.began_at and r.state <> 'lapsed'`,
    );
    if (decided.length > 0) this.#broken(`${decided[0]} was asked for in an earlier epoch, and decided in this one`);
  }

  /** Everything that the rows know ends, and the log holds. */
  async #converge(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      await this.#pass(1_800_000);
      await this.#acme.engine.lapse();
      for (const lane of ['starts', 'ends'] as const) await this.#acme.engine.pass(lane);
      await this.#check();
    }
    const open = await this.#ids(sql`select id from "grant" where state not in ('ended', 'failed')`);
    if (open.length > 0) this.#broken(`${open.length} grants have not ended`);
    const known = await this.#rows<{ id: string; slot: string }>(sql`select id, slot from "grant"`);
    this.counts.grants = known.length;
    for (const { id, slot } of known) if (this.#cloud.held.has(slot)) this.#broken(`${id} is over, and still there`);
    await sequenceAll(this.#base);
    const report = await verifyStored(this.#base);
    if (!report.ok) this.#broken('the log does not verify');
  }

  async #signEverybodyIn(): Promise<void> {
    this.#people = [await this.#acme.as('ana'), await this.#acme.as('fay')];
    this.#lead = await this.#acme.as('bo');
  }

  async #pass(ms: number): Promise<void> {
    this.#now += ms;
    await this.#setTime();
  }

  async #setTime(): Promise<void> {
    await sql.raw(`set curfew.now = '${toIso(instant(this.#now))}'`).execute(this.#base.db);
  }

  async #logSize(): Promise<number> {
    const [row] = await this.#rows<{ n: number }>(sql`select count(*)::int as n from ledger_entry`);
    return row?.n ?? 0;
  }

  async #rows<Row>(query: ReturnType<typeof sql>): Promise<readonly Row[]> {
    return (await query.execute(this.#base.db)).rows as readonly Row[];
  }

  async #ids(query: ReturnType<typeof sql>): Promise<readonly string[]> {
    return (await this.#rows<{ id: string }>(query)).map(({ id }) => id);
  }

  #broken(text: string): void {
    this.events.push(`BROKEN ${text}`);
    this.violations.push(text);
  }
}
