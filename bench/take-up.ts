import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/platform/clock.ts';
import { openPostgres } from '../src/store/database.ts';
import type { Db } from '../src/store/schema.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { endSooner, insertLiveGrants, patiently } from './live-grants.ts';
import { nowMs } from './recording-provider.ts';
import { distribution, type Bench } from './types.ts';

const NODE = fileURLToPath(new URL('./take-up-node.ts', import.meta.url));
/** Ends that the killed node holds, each time: they all belong to its last claim. */
const HELD = 8;
/** The node dies at some moment between its claim and this: the sooner, the longer its claim still runs. */
const LATEST_KILL_MS = 4_000;

/** A node is killed while it holds claims, and another one is there: from the kill to the call of the other. */
export const bench: Bench = {
  name: 'take-up',
  title: 'Work of a node that was killed with -9 is taken up by another',
  async run({ quick }) {
    const server = await startPostgres();
    try {
      const connectionString = await server.createDatabase();
      // Migrates.
      await (await openPostgres(connectionString, 1)).close();
      const db = patiently(connectionString);
      try {
        await insertLiveGrants(db, 10_000);
        const first: number[] = [];
        const all: number[] = [];
        const kills = quick ? 2 : 10;
        for (let n = 0; n < kills; n += 1) {
          const times = await killOnce(db, connectionString, (n * LATEST_KILL_MS) / Math.max(1, kills - 1));
          first.push(Math.min(...times));
          all.push(...times);
        }
        return {
          rows: [
            { name: `kill to the first call of the other, ${kills} kills`, unit: 'ms', ...distribution(first) },
            { name: 'kill to each call', unit: 'ms', budget: 'max <= 10,000 ms', ...distribution(all) },
          ],
        };
      } finally {
        await db.destroy();
      }
    } finally {
      await server.stop();
    }
  },
};

/** Milliseconds from the kill to the other node's call, for each grant that the killed one held. */
async function killOnce(db: Db, connectionString: string, afterMs: number): Promise<readonly number[]> {
  const victim = start(connectionString, 'hangs');
  const other = start(connectionString, 'answers');
  try {
    await Promise.all([victim.ready, other.ready]);
    // Stands still while the first one claims; then it is there, and idle.
    other.child.kill('SIGSTOP');
    const [due] = await endSooner(db, [{ inMs: 0, everyMs: 0, count: HELD }]);
    const ids = [...(due?.keys() ?? [])];
    await until(() => ids.every((id) => victim.calls.has(id)), 'the first node claimed nothing');
    other.child.kill('SIGCONT');
    await systemClock.sleep(afterMs);
    const killedAt = nowMs();
    await kill(victim.child);
    await until(() => ids.every((id) => other.calls.has(id)), 'nobody took it up');
    return ids.map((id) => (other.calls.get(id) ?? Number.NaN) - killedAt);
  } finally {
    await kill(victim.child);
    await kill(other.child);
  }
}

/** A node in a process of its own, and when it called the cloud first for each grant. */
interface Node {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly calls: ReadonlyMap<string, number>;
}

function start(connectionString: string, cloud: 'hangs' | 'answers'): Node {
  const child = spawn(process.execPath, [NODE, connectionString, cloud], { stdio: ['ignore', 'pipe', 'pipe'] });
  const calls = new Map<string, number>();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ready = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`a node stopped: ${said}`)));
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [grant, at] = line.split(' ');
        if (line === 'ready') resolve();
        else if (grant !== undefined && !calls.has(grant)) calls.set(grant, Number(at));
      }
    });
  });
  ready.catch(() => {});
  return { child, ready, calls };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

async function until(done: () => boolean, otherwise: string): Promise<void> {
  for (const end = performance.now() + 60_000; !done(); await systemClock.sleep(20)) {
    if (performance.now() > end) throw new Error(otherwise);
  }
}
