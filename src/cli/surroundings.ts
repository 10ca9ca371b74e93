import process from 'node:process';
import type { Readable } from 'node:stream';
import { systemClock, type Clock } from '../platform/clock.ts';
import { readEnvironment } from '../platform/processes.ts';
import { systemRandom, type Random } from '../platform/random.ts';

/** One of the two places that text goes to: standard output for data, standard error for messages. */
export interface Outlet {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in characters; 80 where nobody knows. */
  readonly columns: number;
}

export type CliSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT';

/** Everything that a command may see or touch of the process that it runs in; a test puts its own in its place. */
export interface Surroundings {
  /** Arguments after the script's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: string;
  readonly pid: number;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Outlet;
  readonly stderr: Outlet;
  readonly clock: Clock;
  readonly random: Random;
  /** Calls the listener at each such signal; returns what removes it again. */
  onSignal(signal: CliSignal, listener: () => void): () => void;
}

/** The real process. The only place in the CLI that reads it, besides {@link file://./main.ts}, which sets the exit code. */
export function processSurroundings(): Surroundings {
  const { argv, pid, platform, stdin, stdout, stderr } = process;
  return {
    argv: argv.slice(2),
    env: readEnvironment(),
    cwd: process.cwd(),
    platform,
    pid,
    stdin,
    stdout: outlet(stdout),
    stderr: outlet(stderr),
    clock: systemClock,
    random: systemRandom,
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => process.off(signal, listener);
    },
  };
}

function outlet(stream: NodeJS.WriteStream): Outlet {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
  };
}
