import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../free-ports.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A demo in a process of its own, with a data folder of its own. */
export interface DemoProcess {
  readonly url: string;
  readonly pid: number;
  /** Everything that it printed so far. */
  output(): string;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** A place for demos that come one after the other; everything is stopped and removed by `remove`. */
export interface DemoPlace {
  readonly port: number;
  readonly dataDir: string;
  /** Starts a demo and waits until it answers. Rejects with all that it printed where it does not. */
  start(args?: readonly string[]): Promise<DemoProcess>;
  /** Starts a demo of which nothing is expected yet. */
  attempt(args?: readonly string[]): DemoProcess;
  /** Where a simulated cloud answers: the simulated AWS, unless said. */
  cloudUrl(cloud?: CloudName): string;
  remove(): Promise<void>;
}

type CloudName = (typeof CLOUDS)[number];
const CLOUDS = ['aws', 'azure'] as const;

/** Five seconds on a machine that does nothing else; one that does much else has taken more than a minute. */
const LONGEST_START_MS = 110_000;
const STARTS = 3;

export async function demoPlace(): Promise<DemoPlace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'curfew-demo-'));
  const port = await freePorts(5);
  const children: ChildProcess[] = [];
  const attempt = (args: readonly string[] = []): DemoProcess => {
    const child = spawn(process.execPath, ['src/cli/demo/main.ts', '--port', String(port), ...args], {
      cwd: ROOT,
      env: { ...process.env, CURFEW_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    // Not at its exit: what it printed last may not have arrived then.
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { url: `http://localhost:${port}`, pid: child.pid ?? 0, output: () => text, exited };
  };

  return {
    port,
    dataDir,
    cloudUrl: (cloud = 'aws') => running(dataDir, cloud).url,
    attempt,
    async start(args = []) {
      for (let starts = 1; ; starts += 1) {
        const demo = attempt(args);
        const end = await ending(demo);
        if (end === null) return demo;
        // What was killed a moment ago may be about to leave the port.
        if (starts === STARTS || !/^Port \d+ is in use/m.test(demo.output()))
          throw new Error(`the demo ${end}:\n${demo.output()}`);
        await pause(1_000);
      }
    },
    async remove() {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      stopLeftoverClouds(dataDir);
      await pause(200);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function running(dataDir: string, cloud: CloudName): { readonly url: string; readonly pid: number } {
  return JSON.parse(readFileSync(join(dataDir, cloud, 'running.json'), 'utf8')) as { url: string; pid: number };
}

/** Simulated clouds outlive a broker that is killed; a test must not leave them behind. */
export function stopLeftoverClouds(dataDir: string): void {
  for (const cloud of CLOUDS)
    try {
      process.kill(running(dataDir, cloud).pid, 'SIGTERM');
    } catch {
      // It is gone already, as it should be.
    }
}

/** Waits until a demo says that it runs: `null`. Otherwise how it ended. */
async function ending(demo: DemoProcess): Promise<string | null> {
  let code: number | null | undefined;
  void demo.exited.then((seen) => (code = seen));
  const tooLate = Date.now() + LONGEST_START_MS;
  while (!demo.output().includes('Ctrl-C stops everything')) {
    if (code !== undefined) return `exited with ${code ?? 'a signal'}`;
    if (Date.now() > tooLate) return `was not there after ${LONGEST_START_MS} ms`;
    await pause(50);
  }
  return null;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is true; fails with what was last seen. */
export async function until<Value>(
  look: () => Promise<Value>,
  good: (value: Value) => boolean,
  timeoutMs: number,
): Promise<Value> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (good(value)) return value;
    if (Date.now() > end) throw new Error(`still not there after ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await pause(100);
  }
}
