import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import type { CliSignal, Surroundings } from '../../src/cli/surroundings.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { instant } from '../../src/core/time.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  /** A terminal on all three streams, on which these lines are typed. */
  readonly typed?: readonly string[];
  readonly tty?: boolean;
  /** What comes on standard input where it is no terminal. */
  readonly piped?: string;
  /** Width of the terminal; 120 unless told. */
  readonly columns?: number;
  /** Moves the clock of the command, in milliseconds. */
  readonly laterMs?: number;
  /** Called once the command runs; what it returns is waited for. */
  readonly meanwhile?: (running: Running) => Promise<void>;
}

export interface Running {
  /** Sends a signal as the terminal would. */
  signal(name: CliSignal): void;
  stderr(): string;
}

/** A user's home folder and the command line in it, run in this process. */
export interface Home {
  readonly path: string;
  readonly env: Record<string, string>;
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

export function makeHome(server: string): Home {
  const path = mkdtempSync(join(tmpdir(), 'curfew-cli-'));
  const env = {
    HOME: path,
    PATH: process.env['PATH'] ?? '',
    XDG_CONFIG_HOME: join(path, 'config'),
    XDG_CACHE_HOME: join(path, 'cache'),
    XDG_STATE_HOME: join(path, 'state'),
    CURFEW_SERVER: server,
    CURFEW_CALLED_AS: '/opt/curfew/bin/curfew',
    TZ: 'UTC',
  };
  return {
    path,
    env,
    remove: () => rmSync(path, { recursive: true, force: true }),
    async run(args, options = {}) {
      let [stdout, stderr] = ['', ''];
      const listeners = new Map<CliSignal, Set<() => void>>();
      const isTTY = options.tty === true || options.typed !== undefined;
      const stdin = Object.assign(new PassThrough(), { isTTY });
      const outlet = (write: (text: string) => void) => ({ write, isTTY, columns: options.columns ?? 120 });
      const place: Surroundings = {
        argv: args,
        env: { ...env, ...options.env },
        cwd: path,
        platform: 'linux',
        pid: process.pid,
        stdin,
        stdout: outlet((text) => (stdout += text)),
        stderr: outlet((text) => {
          stderr += text;
        }),
        clock: shifted(options.laterMs ?? 0),
        random: systemRandom,
        onSignal(name, listener) {
          const set = listeners.get(name) ?? new Set();
          listeners.set(name, set.add(listener));
          return () => set.delete(listener);
        },
      };
      if (options.piped !== undefined) stdin.end(options.piped);
      for (const line of options.typed ?? []) stdin.write(`${line}\n`);
      const running = main(place);
      const also = options.meanwhile?.({
        stderr: () => stderr,
        signal: (name) => {
          for (const listener of listeners.get(name) ?? []) listener();
        },
      });
      const [code] = await Promise.all([running, also]);
      return { code, stdout, stderr };
    },
  };
}

function shifted(byMs: number): Clock {
  return { ...systemClock, now: () => instant(Date.now() + byMs) };
}

/** Waits until something is true, for the tests of commands that wait themselves. */
export async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error('it did not happen within four seconds');
}
