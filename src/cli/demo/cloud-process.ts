import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireFreePorts } from '../../platform/ports.ts';
import { endProcess, processExists, startDetached } from '../../platform/processes.ts';

/** The simulated AWS of the demo: a process of its own, because a cloud does not die with a broker. */
export interface DemoCloud {
  readonly url: string;
  readonly pid: number;
  /** True when it was still running from a broker that was killed. */
  readonly adopted: boolean;
  /** Resolves when it is gone and its port is free. */
  stop(): Promise<void>;
}

/** It gives up by itself when nobody has talked to it for this long: a killed demo leaves nothing behind for ever. */
const EXIT_WHEN_IDLE_MS = 2 * 3_600_000;
/** It stops within a tenth of a second where the machine has one to spare. */
const LONGEST_STOP_MS = 10_000;

/** Starts the simulated cloud, or adopts the one that a killed broker left running. */
export async function startDemoCloud(folder: string, worldFile: string, port: number): Promise<DemoCloud> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const running = readRunning(folder);
  if (running !== null && (await answers(running.url))) return cloud(folder, running, true);
  await requireFreePorts([port], `npm start -- --port ${port + 99}`);
  const errors = openSync(join(folder, 'errors.log'), 'a', 0o600);
  try {
    const program = fileURLToPath(new URL('../../../simulators/aws/main.ts', import.meta.url));
    const args = [
      program,
      ...['--port', String(port), '--state', join(folder, 'state.json'), '--world', worldFile],
      ...['--iam-delay-ms', '500', '--exit-when-idle-after', String(EXIT_WHEN_IDLE_MS)],
    ];
    const started = await startDetached(args, { errors, timeoutMs: 15_000 });
    const { url } = JSON.parse(started.firstLine) as { url: string };
    writeFileSync(join(folder, 'running.json'), JSON.stringify({ url, pid: started.pid }), { mode: 0o600 });
    return cloud(folder, { url, pid: started.pid }, false);
  } finally {
    closeSync(errors);
  }
}

/** Stops what a killed demo left running; used by `--fresh`. */
export async function stopLeftover(folder: string): Promise<void> {
  const running = readRunning(folder);
  if (running !== null && (await answers(running.url))) await endProcess(running.pid, LONGEST_STOP_MS);
}

function cloud(folder: string, running: { url: string; pid: number }, adopted: boolean): DemoCloud {
  return {
    ...running,
    adopted,
    async stop() {
      await endProcess(running.pid, LONGEST_STOP_MS);
      rmSync(join(folder, 'running.json'), { force: true });
    },
  };
}

function readRunning(folder: string): { url: string; pid: number } | null {
  try {
    const found = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as { url: string; pid: number };
    return processExists(found.pid) ? found : null;
  } catch {
    return null;
  }
}

/** Whether our simulator answers there; a process id alone proves nothing, ids are used again. */
async function answers(url: string): Promise<boolean> {
  const { getJson } = await import('../../platform/http.ts');
  try {
    const state = await getJson(`${url}/_sim/state`, 1_000);
    return typeof state === 'object' && state !== null;
  } catch {
    return false;
  }
}
