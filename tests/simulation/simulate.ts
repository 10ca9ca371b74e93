import type { PersonId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { createSigner, type LogSigner } from '../../src/ledger/note.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { RulesInForce } from '../../src/operations/world.ts';
import { createEndSigner, type EndSigner } from '../../src/providers/signed-end.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { compileVariants, EVERYBODY, NATIVE, ROLES, VARIANTS } from './broker/company.ts';
import {
  DatabaseServer,
  emptyDatabase,
  readFixedRows,
  replaceClock,
  type FixedRows,
} from './broker/database-server.ts';
import { startNode, type BrokerNode, type Surroundings } from './broker/node.ts';
import { checkLiveness, CONVERGES_WITHIN_MS } from './checkers/liveness.ts';
import { Observer } from './checkers/observer.ts';
import type { Law, Violation } from './checkers/violations.ts';
import { SimAnywhere } from './cloud/sim-anywhere.ts';
import { SimCenter } from './cloud/sim-center.ts';
import { SimCloud } from './cloud/sim-cloud.ts';
import { SimIdentities } from './cloud/sim-identities.ts';
import { ABANDONED_CALL_MS } from './cloud/sim-provider.ts';
import { SimRoles } from './cloud/sim-roles.ts';
import { sweepForEver } from './cloud/sweeper.ts';
import type { Cell } from './kernel/coverage.ts';
import { LEAST } from './kernel/least.ts';
import type { Mark } from './kernel/marks.ts';
import { Storm } from './kernel/storm.ts';
import type { Weather } from './kernel/weather.ts';
import { Crowd } from './people/crowd.ts';
import { assignByHand, tamper, tamperAtCenter, tamperWithCatalogue, tamperWithRoles } from './people/tamper.ts';
import { tryItOut } from './people/try-it-out.ts';
import { verifiedIdentity } from '../verified-identity.ts';

/** What is made once for a process and used by all its runs: the database above all, which takes seconds to start. */
export interface Laboratory {
  readonly base: Database;
  readonly fixed: FixedRows;
  readonly variants: readonly RulesInForce[];
  readonly signer: LogSigner;
  readonly endSigner: EndSigner;
}

/** A key for the simulated log and for the ends of its grants; it signs nothing else. */
const LOG_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

export async function openLaboratory(): Promise<Laboratory> {
  const base = await openEmbedded();
  await replaceClock(base);
  return {
    base,
    fixed: await readFixedRows(base),
    variants: compileVariants(),
    signer: createSigner('simulation.curfew.local/log', LOG_KEY),
    endSigner: createEndSigner(LOG_KEY),
  };
}

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly marks: Readonly<Partial<Record<Mark, number>>>;
  /** Hash of everything that happened. */
  readonly digest: string;
  readonly events: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly grants: number;
  /** Pairs of live grants of one person on one role or slot. */
  readonly overlaps: number;
  readonly faults: number;
  /** How often a fault struck a grant in a state. */
  readonly struck: Readonly<Partial<Record<Cell, number>>>;
  /** How often each law was judged. */
  readonly judged: Readonly<Partial<Record<Law, number>>>;
  /** Processor time of this process while the seed ran, milliseconds. */
  readonly cpuMs: number;
  readonly lastEvents: readonly string[];
}

/** Lets one seed happen: a storm of faults, then calm, in which everything must converge and work again. */
export async function simulate(
  laboratory: Laboratory,
  seed: number,
  print: ((line: string) => void) | null = null,
  change?: (drawn: Weather) => Weather,
): Promise<Outcome> {
  const before = process.cpuUsage();
  await emptyDatabase(laboratory.base, laboratory.fixed);
  const run = new Run(laboratory, new Storm(seed, print, change));
  await run.play();
  const { user, system } = process.cpuUsage(before);
  return { ...run.outcome(), cpuMs: (user + system) / 1_000 };
}

/** A storm in which too little has happened goes on in stretches of this length, at most so many times. */
const STRETCH_MS = 20_000;
const MOST_STRETCHES = 60;

/** A start at most two minutes ahead, and at most six minutes from then on. */
const LONGEST_GRANT_MS = 8 * 60_000;

/** What stood still when the storm ended goes on within this time. */
const LONGEST_STALL_MS = 2 * 60_000;

/** In this time whoever sweeps has looked twice, and whatever was given up before has landed. */
const UNTOUCHED_MS = 150_000;

/** Steps after which a run counts as one that never ends. */
const MOST_STEPS = 100_000;

class Run {
  readonly #laboratory: Laboratory;
  readonly #storm: Storm;
  readonly #observer: Observer;
  readonly #around: Surroundings;
  readonly #people = new Map<string, PersonId>();
  readonly #nodes: (BrokerNode | null)[] = [];
  readonly #runs: number[] = [];
  readonly #variant: number[] = [];
  readonly #crowd: Crowd;
  #steps = 0;

  constructor(laboratory: Laboratory, storm: Storm) {
    const { base, variants, signer, endSigner } = laboratory;
    this.#laboratory = laboratory;
    this.#storm = storm;
    const { standing } = storm.drawn.cloud;
    const center = new SimCenter(storm, EVERYBODY, Object.values(NATIVE), standing ? 'ana' : null);
    const anywhere = new SimAnywhere(storm, Object.values(NATIVE));
    const identities = new SimIdentities(storm, Object.values(NATIVE), EVERYBODY);
    const roles = new SimRoles(storm, Object.values(NATIVE), ROLES);
    const cloud = new SimCloud(() => storm.scheduler.now, { center, anywhere, identities, roles });
    if (standing) cloud.standAlready(slotKey('aws', 'assignment', ['111122223333', 'shared', 'ana']));
    const server = new DatabaseServer(base, storm.scheduler);
    this.#observer = new Observer(storm, base, cloud);
    server.onCommit = (written, by) => this.#observer.afterCommit(written, by);
    server.onClaim = (by) => this.#observer.afterClaim(by);
    cloud.onChange = () => this.#observer.cloud.check();
    this.#around = {
      storm,
      server,
      cloud,
      signer,
      endSigner,
      variants,
      lastCallers: new Map(),
      stateOf: (grant) => this.#observer.grants.get(grant)?.state,
      nextDue: (lane) => this.#observer.nextDue(lane),
      ordersOpen: () => this.#observer.ordersOpen,
      onRows: this.#observer.onRows,
      onDefect: (who, error) => this.#observer.violations.report('defects', `${who}: ${error}`),
    };
    this.#crowd = new Crowd({
      storm,
      cloud,
      observer: this.#observer,
      nodes: () => this.#alive(),
      people: this.#people,
    });
  }

  async play(): Promise<void> {
    const storm = this.#storm;
    const { drawn } = storm;
    for (let index = 0; index < drawn.nodes; index += 1) this.#start(index);
    await this.#until(10_000, { promise: this.#signEverybodyIn() });
    storm.trace.note('WORLD', `the storm begins: ${JSON.stringify(drawn)}`);
    storm.begin();
    for (const { at, variant } of drawn.rules) void this.#changeRules(at, variant);
    for (const jump of drawn.node.jumps) void this.#noteJump(jump.from, jump.node);
    void this.#crowd.live();
    void tamper(this.#around.cloud.identities, this.#observer, storm);
    void tamperAtCenter(this.#around.cloud.center, this.#observer, storm);
    void tamperWithRoles(this.#around.cloud.anywhere, this.#observer, storm);
    void tamperWithCatalogue(this.#around.cloud.roles, this.#observer, storm);
    void sweepForEver(storm, this.#around.cloud, this.#around.endSigner);
    if (drawn.node.blackout !== null) void this.#goDark(drawn.node.blackout.from);
    await this.#until(Math.max(drawn.stormMs, drawn.node.blackout?.until ?? 0));
    for (let stretch = 0; this.#sound() && this.#lacks() !== null; stretch += 1) {
      if (stretch >= MOST_STRETCHES)
        this.#observer.violations.report('liveness', `too little happens in this run: ${this.#lacks() ?? ''}`);
      storm.marks.hit('thickened');
      storm.thicken();
      await this.#until(storm.elapsedMs + STRETCH_MS);
    }
    storm.trace.note('WORLD', 'calm again');
    storm.end();
    for (let index = 0; index < drawn.nodes; index += 1) if (this.#nodes[index] === null) this.#start(index);
    await this.#until(storm.elapsedMs + LONGEST_STALL_MS);
    this.#settleRules();
    await this.#until(storm.elapsedMs + CONVERGES_WITHIN_MS, { promise: this.#crowd.orders.liftAll() });
    await this.#until(storm.elapsedMs + CONVERGES_WITHIN_MS, this.#allIsOver());
    this.#judgeLiveness();
    // The longest waits of all: for a decision that nobody takes, a start in the future, and the longest grant.
    const longestMs = drawn.people.patienceMs + LONGEST_GRANT_MS + CONVERGES_WITHIN_MS;
    await this.#until(storm.elapsedMs + longestMs, this.#allIsOver());
    this.#judgeLiveness();
    await this.#until(storm.elapsedMs + CONVERGES_WITHIN_MS, { promise: this.#assignByHand() });
    const trial = tryItOut(this.#crowd, this.#observer, storm);
    await this.#until(storm.elapsedMs + CONVERGES_WITHIN_MS, { promise: trial });
    // Whatever was given up at the very end has landed by then, and the last entries have their place.
    await this.#until(storm.elapsedMs + CONVERGES_WITHIN_MS, this.#allIsOver());
    await this.#until(storm.elapsedMs + drawn.afterwardsMs);
    storm.closing = true;
    await this.#until(storm.elapsedMs + ABANDONED_CALL_MS + 10_000);
    if (this.#sound()) this.#observer.cloud.checkLitter();
    if (this.#sound() && drawn.afterwardsMs > 0) this.#observer.cloud.checkEnds();
    if (this.#sound()) await this.#observer.atTheEnd(this.#laboratory.signer.vkey);
    for (const node of this.#nodes) node?.life.die();
  }

  outcome(): Omit<Outcome, 'cpuMs'> {
    const { trace, marks, seed, elapsedMs, coverage } = this.#storm;
    return {
      seed,
      violations: this.#observer.violations.list,
      marks: marks.counts(),
      digest: trace.digest(),
      events: trace.count,
      steps: this.#steps,
      virtualMs: elapsedMs,
      grants: this.#observer.grants.size,
      overlaps: this.#observer.overlaps,
      faults: coverage.faults,
      struck: coverage.counts(),
      judged: this.#observer.violations.judged(),
      lastEvents: trace.last(),
    };
  }

  /** What was swept for once is somebody else's when they give it again: nothing of ours may take it. */
  async #assignByHand(): Promise<void> {
    const { cloud, storm } = this.#around;
    if (await assignByHand(cloud.center, this.#observer, storm))
      await storm.scheduler.until(null, storm.scheduler.now + UNTOUCHED_MS);
  }

  /** Of what this run has less than each must have. */
  #lacks(): string | null {
    const has = {
      steps: this.#steps,
      grants: this.#observer.grants.size,
      overlaps: this.#observer.overlaps,
      faults: this.#storm.coverage.faults,
    };
    const lacking = (Object.keys(LEAST) as (keyof typeof LEAST)[]).find((what) => has[what] < LEAST[what]);
    return lacking === undefined ? null : `${has[lacking]} ${lacking}`;
  }

  async #noteJump(from: number, index: number): Promise<void> {
    const { scheduler, startsAt, marks } = this.#storm;
    await scheduler.until(null, startsAt + from);
    const node = this.#nodes[index];
    if (node?.life.alive !== true || this.#storm.calm) return;
    marks.hit('clock-jumped');
    this.#storm.strike('clock-jumped', node.life.name);
  }

  #sound(): boolean {
    return this.#observer.violations.list.length === 0;
  }

  #alive(): readonly BrokerNode[] {
    return this.#nodes.filter((node): node is BrokerNode => node !== null && node.life.alive);
  }

  /** Lets things happen until a moment, until there is reason to stop, or until a promise of the broker is broken. */
  async #until(elapsedMs: number, stop: { promise?: Promise<void>; when?: () => boolean } = {}): Promise<void> {
    const { scheduler, startsAt } = this.#storm;
    let done = false;
    stop.promise?.then(
      () => (done = true),
      (error: unknown) => this.#observer.violations.report('defects', `the simulation itself: ${String(error)}`),
    );
    while (!done && stop.when?.() !== true && this.#sound() && (await scheduler.step(startsAt + elapsedMs))) {
      this.#observer.cloud.check();
      this.#steps += 1;
      if (this.#steps > MOST_STEPS) this.#observer.violations.report('liveness', 'this run does not come to an end');
    }
    if (stop.promise !== undefined && !done && this.#sound()) {
      this.#observer.violations.report('liveness', 'what should have worked in calm weather did not happen in time');
    }
  }

  /** Nothing is left that could still change by itself. */
  #allIsOver(): { when: () => boolean } {
    return { when: () => this.#observer.allIsOver() };
  }

  #judgeLiveness(): void {
    if (this.#sound()) checkLiveness(this.#observer, this.#storm.scheduler.now);
  }

  async #goDark(from: number): Promise<void> {
    const { scheduler, startsAt, marks, trace } = this.#storm;
    await scheduler.until(null, startsAt + from);
    marks.hit('blackout');
    trace.note('WORLD', 'everybody dies');
    for (const node of this.#alive()) node.life.die();
  }

  #start(index: number): void {
    const run = (this.#runs[index] ?? 0) + 1;
    this.#runs[index] = run;
    const variant = this.#variant[index] ?? 0;
    const { patienceMs } = this.#storm.drawn.people;
    const node = startNode(this.#around, { index, run, variant, patienceMs });
    this.#nodes[index] = node;
    this.#observer.rules.change(`node ${index}`, variant);
    node.life.onDeath(() => {
      this.#storm.marks.hit('node-died');
      this.#nodes[index] = null;
      this.#observer.rules.change(`node ${index}`, null);
      void this.#restart(index);
    });
  }

  async #restart(index: number): Promise<void> {
    const { scheduler, startsAt, drawn } = this.#storm;
    const { blackout } = drawn.node;
    const dark = blackout !== null && this.#storm.within([blackout]) ? startsAt + blackout.until : 0;
    await scheduler.until(null, Math.max(scheduler.now + drawn.node.backAfterMs, dark));
    if (this.#nodes[index] === null) this.#start(index);
  }

  async #signEverybodyIn(): Promise<void> {
    const [node] = this.#alive();
    if (node === undefined) throw new Error('no node is alive');
    for (const key of EVERYBODY) {
      const admitted = await signIn(node.world, verifiedIdentity('https://sign-in.example', key));
      if (!admitted.ok) throw new Error(`${key} cannot sign in: ${admitted.refusal.detail}`);
      this.#people.set(key, admitted.value);
      this.#observer.knows(admitted.value, key);
    }
  }

  /** When everybody has read everything, the same rules are in force everywhere: the last ones. */
  #settleRules(): void {
    const last = [...this.#storm.drawn.rules].sort((a, b) => a.at - b.at).at(-1)?.variant ?? 0;
    for (let index = 0; index < this.#storm.drawn.nodes; index += 1) {
      if ((this.#variant[index] ?? 0) === last) continue;
      this.#variant[index] = last;
      this.#nodes[index]?.useRules(last);
      if (this.#nodes[index] !== null) this.#observer.rules.change(`node ${index}`, last);
    }
  }

  /** Each node reads the new documents at its own moment. */
  async #changeRules(at: number, variant: number): Promise<void> {
    const { scheduler, startsAt, prng, trace, marks } = this.#storm;
    const moments = prng.fork(`rules at ${at}`);
    const order = this.#nodes.map((_, index) => ({ index, at: startsAt + at + moments.int(0, 5_000) }));
    for (const { index, at: moment } of order.sort((a, b) => a.at - b.at)) {
      await scheduler.until(null, moment);
      this.#variant[index] = variant;
      const what = VARIANTS[variant];
      if (what !== undefined && what.left.length > 0) marks.hit('somebody-left');
      trace.note(`node ${index}`, `has other rules: ${what?.what ?? 'none'}`);
      const node = this.#nodes[index];
      if (node?.life.alive !== true) continue;
      node.useRules(variant);
      this.#observer.rules.change(`node ${index}`, variant);
    }
  }
}
