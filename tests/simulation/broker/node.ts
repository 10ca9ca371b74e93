import type { ProviderName } from '../../../src/core/target.ts';
import { createEngine, type Engine } from '../../../src/engine/engine.ts';
import { PACE, type EnginePorts } from '../../../src/engine/ports.ts';
import { tidy } from '../../../src/engine/tidy.ts';
import { createPasskeyCeremony } from '../../../src/identity/passkeys/ceremony.ts';
import { createAppend } from '../../../src/ledger/append.ts';
import type { LogSigner } from '../../../src/ledger/note.ts';
import { sequence } from '../../../src/ledger/sequencer.ts';
import { carryOutOpen } from '../../../src/operations/carry-out-revocation.ts';
import { createChanges } from '../../../src/operations/changes.ts';
import { recheckGrant } from '../../../src/operations/recheck-grant.ts';
import { noteLoaded } from '../../../src/operations/reload-rules.ts';
import type { RulesInForce, World } from '../../../src/operations/world.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Log } from '../../../src/platform/log.ts';
import type { Provider } from '../../../src/providers/contract.ts';
import type { EndSigner } from '../../../src/providers/signed-end.ts';
import { appNow } from '../../../src/store/database.ts';
import { markReissue } from '../../../src/store/grants.ts';
import { Network } from '../cloud/network.ts';
import type { SimCloud } from '../cloud/sim-cloud.ts';
import { ABANDONED_CALL_MS, createSimProvider, type LastCallers } from '../cloud/sim-provider.ts';
import { Life } from '../kernel/life.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import type { DatabaseServer } from './database-server.ts';
import { connect, SIMULATED } from './faulty-connection.ts';
import { createMishaps } from './mishaps.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** What all nodes of one run have in common. */
export interface Surroundings {
  readonly storm: Storm;
  readonly server: DatabaseServer;
  readonly cloud: SimCloud;
  readonly signer: LogSigner;
  readonly endSigner: EndSigner;
  readonly variants: readonly RulesInForce[];
  readonly lastCallers: LastCallers;
  readonly stateOf: (grant: string) => string | undefined;
  /** When the next thing is due in a lane, as far as the rows say; the past for anything that is under way. */
  readonly nextDue: (lane: 'ends' | 'starts' | 'lapses') => number;
  /** Whether an order of the kill switch has to be carried out. */
  readonly ordersOpen: () => boolean;
  /** Told when that may be another moment than before. */
  readonly onRows: Set<() => void>;
  /** Told about every error that is none of the simulation's own making. */
  readonly onDefect: (who: string, error: string) => void;
}

/** One run of one broker process: the real operations, engine and ledger over simulated ports. */
export interface BrokerNode {
  readonly index: number;
  readonly life: Life;
  readonly world: World;
  /** Loads another variant of rules and people, as a reload from files does. */
  useRules(variant: number): void;
  readonly variant: number;
  /** How many ends it remembers that it could not write down. */
  unrecorded(): number;
}

/** In calm weather nothing is missed by looking this seldom. */
const CALM_POLL_MS = 60_000;
const SEQUENCE_MS = 60_000;
const TIDY_MS = 120_000;
/** In a run that is looked at until long after. */
const LONG_TIDY_MS = 600_000;
/** Less often than the broker does: asking is most of what it costs. */
const CARRY_OUT_MS = 3_000;

/** Starts a node; it works until it dies. */
export function startNode(
  around: Surroundings,
  options: { readonly index: number; readonly run: number; readonly variant: number; readonly patienceMs: number },
): BrokerNode {
  const { storm, server, cloud } = around;
  const life = new Life(`n${options.index}.${options.run}`);
  const prng = storm.prng.fork(`node ${life.name}`);
  const mishaps = createMishaps(storm, life, prng.fork('mishaps'));
  const clock = createVirtualClock(storm.scheduler, life, () => {
    if (storm.hasJumped(options.index)) storm.coverage.touch('clock-jumped', life.name);
    return storm.skewMs(options.index);
  });
  const db = connect(storm, server, life, mishaps, prng.fork('database'));
  const network = new Network(
    storm,
    life,
    mishaps,
    prng.fork('network'),
    ABANDONED_CALL_MS - storm.drawn.cloud.staleMs,
  );
  const provider = createSimProvider({
    storm,
    cloud,
    network,
    clock,
    prng: prng.fork('cloud'),
    node: { node: life.name, alive: () => life.alive },
    lastCallers: around.lastCallers,
    stateOf: around.stateOf,
    signer: around.endSigner,
    onCut: async (account, role, at) => void (await markReissue(db, account, role, at)),
  });
  const providers = new Map<ProviderName, Provider>([['aws', provider]]);
  const random = { bytes: (count: number) => prng.bytes(count) };
  const log = createSimLog(around, life);
  const append = createAppend(MASTER_KEY, random);
  const changes = createChanges();
  let variant = options.variant;
  const rules = { current: () => around.variants[variant] ?? missing() };
  let waking = new AbortController();
  const wake = () => {
    waking.abort();
    waking = new AbortController();
  };
  const world: World = {
    db,
    clock,
    random,
    rules,
    providers,
    changes,
    log,
    append,
    passkeys: createPasskeyCeremony({ origin: 'https://curfew.acme.example' }, { kind: 'none' }),
    wake,
    endUnrecorded: (grant, cause, by) => engine.endUnrecorded(grant, cause, by),
    lapsesAfterMs: options.patienceMs,
    maxPending: 5,
  };
  const ports: EnginePorts = {
    db,
    clock,
    random,
    node: life.name,
    providers,
    recheck: (grant) => recheckGrant(world, grant),
    append,
    publish: (change) => changes.publish(change),
    log,
  };
  const engine: Engine = createEngine(ports);
  storm.trace.note(life.name, 'starts');
  const { onRows } = around;
  const loops = { storm, life, clock, log, onRows, prng: prng.fork('lanes'), waking: () => waking.signal };
  const nextDue = (which: 'ends' | 'starts') => (engine.status().claiming ? around.nextDue(which) : Infinity);
  void lane(
    loops,
    () => passOf(storm, engine, 'ends'),
    () => nextDue('ends'),
    () => engine.unrecorded() > 0,
  );
  void lane(
    loops,
    () => passOf(storm, engine, 'starts'),
    () => nextDue('starts'),
  );
  void lane(
    loops,
    () => engine.lapse(),
    () => around.nextDue('lapses'),
  );
  void every(loops, SEQUENCE_MS, async () => void (await sequence(db, around.signer, await appNow(db))));
  void lane(
    loops,
    () => carryOutOpen(world).then(() => 0),
    () => (around.ordersOpen() ? storm.scheduler.now + CARRY_OUT_MS : Infinity),
  );
  const calmTidyMs = storm.drawn.afterwardsMs > 0 ? LONG_TIDY_MS : TIDY_MS;
  const tidyUp = async () => {
    if (!storm.closing) await tidy(ports, new AbortController().signal);
  };
  void every(loops, TIDY_MS, tidyUp, calmTidyMs);
  void once(loops, () => noteLoaded(world, rules.current()));
  return {
    index: options.index,
    life,
    world,
    useRules(next) {
      variant = next;
      void once(loops, () => noteLoaded(world, rules.current()));
    },
    get variant() {
      return variant;
    },
    unrecorded: () => engine.unrecorded(),
  };
}

/** Said when a simulated database took longer than anybody waits. */
const TOO_SLOW = 'the database did not say within';
const MASTER_KEY = Buffer.alloc(32, 7);

interface Loops {
  readonly storm: Storm;
  readonly life: Life;
  readonly clock: Clock;
  readonly log: Log;
  readonly onRows: Set<() => void>;
  readonly prng: Prng;
  readonly waking: () => AbortSignal;
}

async function passOf(storm: Storm, engine: Engine, which: 'ends' | 'starts'): Promise<number> {
  const claimed = await engine.begin(which);
  if (!engine.status().claiming) storm.marks.hit('clock-refused');
  return claimed;
}

/**
 * Works through what is due, then sleeps until something is. `Engine.run` asks the database when that will be; here the
 * observer knows it, because asking is most of what idle nodes do, and a run would take ten times as long.
 */
async function lane(
  loops: Loops,
  work: () => Promise<number>,
  nextDue: () => number,
  busy = () => false,
): Promise<void> {
  const { storm, life, log } = loops;
  await storm.scheduler.yield(life);
  for (;;) {
    try {
      if ((await work()) > 0 && nextDue() <= storm.scheduler.now) continue;
    } catch (error) {
      log.error({ error: String(error) }, 'a pass failed');
    }
    await sleepUntilDue(loops, nextDue, busy());
  }
}

/** Until something is due, as it is known when the sleep begins or is noticed meanwhile; what is not noticed is found at the next look. */
async function sleepUntilDue(loops: Loops, nextDue: () => number, busy: boolean): Promise<void> {
  const { storm, life, clock, onRows, prng, waking } = loops;
  const { scheduler, weather, calm } = storm;
  const { retryMs } = weather.node;
  const wakesAt = () => Math.max(scheduler.now + retryMs, nextDue());
  let at = Math.min(scheduler.now + (busy ? PACE.idleMs : calm ? CALM_POLL_MS : weather.node.pollMs), wakesAt());
  const noticed = new AbortController();
  const look = () => {
    if (!life.alive) return void onRows.delete(look);
    const due = scheduler.now + prng.int(0, retryMs);
    if (Math.max(due, nextDue()) >= at) return;
    at = Math.max(due, nextDue());
    scheduler.at(null, at, () => noticed.abort());
  };
  if (calm || prng.chance(0.7)) onRows.add(look);
  await clock.sleep(at - scheduler.now, AbortSignal.any([waking(), noticed.signal]));
  onRows.delete(look);
}

/** Does something again and again, whatever comes of it. */
async function every(
  loops: Loops,
  pauseMs: number,
  work: () => Promise<void>,
  calmPauseMs: number = pauseMs,
): Promise<void> {
  for (;;) {
    await once(loops, work);
    await loops.clock.sleep(loops.storm.calm ? calmPauseMs : pauseMs);
  }
}

async function once({ storm, life, log }: Loops, work: () => Promise<void>): Promise<void> {
  await storm.scheduler.yield(life);
  try {
    await work();
  } catch (error) {
    log.error({ error: String(error) }, 'background work failed');
  }
}

function createSimLog(around: Surroundings, life: Life): Log {
  const note = (fields: object, message: string) => {
    const error = 'error' in fields && typeof fields.error === 'string' ? fields.error : null;
    around.storm.trace.note(life.name, error === null ? message : `${message}: ${error}`);
    const made = error === null || error.includes(SIMULATED) || error.includes(TOO_SLOW);
    if (!made) around.onDefect(life.name, `${message}: ${error}`);
  };
  return { info: () => {}, warn: note, error: note };
}

function missing(): never {
  throw new RangeError('there is no such variant of the rules');
}
