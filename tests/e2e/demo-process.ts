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
  /** Starts a demo and waits until it answers, or until it has exited. */
  start(args?: readonly string[]): Promise<DemoProcess>;
  /** Where the simulated cloud answers. */
  cloudUrl(): string;
  remove(): Promise<void>;
}

export async function demoPlace(): Promise<DemoPlace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'curfew-demo-'));
  const port = await freePorts(4);
  const children: ChildProcess[] = [];
  const running = () =>
    JSON.parse(readFileSync(join(dataDir, 'aws', 'running.json'), 'utf8')) as { url: string; pid: number };
  return {
    port,
    dataDir,
    cloudUrl: () => running().url,
    async start(args = []) {
      const child = spawn(process.execPath, ['src/cli/demo/main.ts', '--port', String(port), ...args], {
        cwd: ROOT,
        env: { ...process.env, CURFEW_DATA_DIR: dataDir },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      let over = false;
      const exited = new Promise<number | null>((resolve) =>
        child.once('exit', (code) => ((over = true), resolve(code))),
      );
      const url = `http://localhost:${port}`;
      for (let tries = 0; tries < 600 && !over && !text.includes('Ctrl-C stops everything'); tries += 1)
        await pause(100);
      if (over && !text.includes('Ctrl-C stops everything')) console.error(`the demo did not start:\n${text}`);
      return { url, pid: child.pid ?? 0, output: () => text, exited };
    },
    async remove() {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
      try {
        process.kill(running().pid, 'SIGTERM');
      } catch {
        // It is gone already, as it should be.
      }
      await pause(200);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
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
