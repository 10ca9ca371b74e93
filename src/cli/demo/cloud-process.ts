import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../platform/clock.ts';
import { getJson } from '../../platform/http.ts';
import { requireFreePorts } from '../../platform/ports.ts';
import { endProcess, processExists, startDetached } from '../../platform/processes.ts';

/** A simulated cloud of the demo: a process of its own, because a cloud does not die with a broker. */
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

/** What is started, and where. */
export interface DemoCloudSettings {
  readonly simulator: 'aws' | 'azure';
  /** Keeps what the cloud remembers. */
  readonly folder: string;
  /** What the cloud begins with, as a file. */
  readonly worldFile: string;
  readonly port: number;
  /** Further arguments of the simulator's program. */
  readonly args?: readonly string[];
  /** What chooses another port, such as `npm start -- --port 7520`. */
  readonly choose: string;
}

/** Starts a simulated cloud, or adopts the one that a killed broker left running. */
export async function startDemoCloud(settings: DemoCloudSettings): Promise<DemoCloud> {
  const { simulator, folder, worldFile, port, args: more = [], choose } = settings;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const running = readRunning(folder);
  if (running !== null && (await answers(running.url))) return cloud(folder, running, true);
  await requireFreePorts([port], choose);
  const errors = openSync(join(folder, 'errors.log'), 'a', 0o600);
  try {
    const program = fileURLToPath(new URL(`../../../simulators/${simulator}/main.ts`, import.meta.url));
    const args = [
      program,
      ...['--port', String(port), '--state', join(folder, 'state.json'), '--world', worldFile],
      ...['--exit-when-idle-after', String(EXIT_WHEN_IDLE_MS), ...more],
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
  const stopping = new AbortController();
  void talkTo(running.url, stopping.signal);
  return {
    ...running,
    adopted,
    async stop() {
      stopping.abort();
      await endProcess(running.pid, LONGEST_STOP_MS);
      rmSync(join(folder, 'running.json'), { force: true });
    },
  };
}

/** A cloud in which nobody has access hears nothing from the broker for days. */
async function talkTo(url: string, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    await systemClock.sleep(EXIT_WHEN_IDLE_MS / 4, stopping);
    await answers(url);
  }
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
  try {
    const state = await getJson(`${url}/_sim/state`, 1_000);
    return typeof state === 'object' && state !== null;
  } catch {
    return false;
  }
}
