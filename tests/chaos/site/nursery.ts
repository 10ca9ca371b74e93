import { spawn, type ChildProcess } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  chmodSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How a process of the run is started. */
export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The signal that ends it at once and leaves nothing running: SIGKILL, but SIGQUIT for PostgreSQL. */
  readonly endBy: 'SIGKILL' | 'SIGQUIT';
  readonly uid?: number;
  readonly gid?: number;
  /** Default: not shown. Everything goes to the file of its name. */
  readonly onLine?: (line: string) => void;
}

/** A started process and how it ended. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<string>;
  isAlive(): boolean;
  /** True: it got the signal. */
  signal(signal: NodeJS.Signals): boolean;
}

/**
 * Everything that a run starts and writes: one temporary folder, and processes that are ended by their ids. Processes are in groups of
 * their own, so that Ctrl-C reaches the run alone, which then ends them in order.
 */
export class Nursery {
  readonly folder: string;
  readonly #alive = new Map<ChildProcess, 'SIGKILL' | 'SIGQUIT'>();
  readonly #watchdog: ChildProcess;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'curfew-chaos-'));
    // As root PostgreSQL runs as another user, who must be able to pass through.
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.folder, 'logs'));
    const program = fileURLToPath(new URL('./watchdog.ts', import.meta.url));
    this.#watchdog = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#watchdog.stdin?.on('error', () => {});
    this.#tell(`folder ${this.folder}`);
  }

  /** Starts a program. `name` names its log, which is appended to. */
  start(name: string, program: string, args: readonly string[], options: ChildOptions): Child {
    const { uid, gid, endBy } = options;
    const child = spawn(program, [...args], {
      cwd: this.folder,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const { pid } = child;
    const log = createWriteStream(join(this.folder, 'logs', `${name}.log`), { flags: 'a' });
    let rest = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        if (!log.writableEnded) log.write(chunk);
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach((line) => options.onLine?.(line));
      });
    }
    if (pid === undefined) throw new Error(`${program} could not be started`);
    this.#alive.set(child, endBy);
    this.#tell(`+${pid} ${endBy}`);
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        this.#alive.delete(child);
        this.#tell(`-${pid}`);
        resolve(signal ?? `code ${code}`);
      });
      child.once('close', () => log.end());
    });
    return { pid, exited, isAlive: () => this.#alive.has(child), signal: (signal) => child.kill(signal) };
  }

  /** The end of what a process has printed. */
  lastWords(name: string): string {
    const file = join(this.folder, 'logs', `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-2_000) : 'it has printed nothing';
  }

  /** Ends everything, removes the folder unless it is to be kept, and says what is still there nevertheless. */
  async clear(keepFolder: boolean): Promise<readonly string[]> {
    for (const [child, signal] of this.#alive) child.kill(signal);
    for (let tries = 0; tries < 100 && this.#leftovers().length > 0; tries += 1) await pause(100);
    const left = [...this.#leftovers()];
    if (!keepFolder) {
      rmSync(this.folder, { recursive: true, force: true });
      if (existsSync(this.folder)) left.push(`folder ${this.folder}`);
    }
    // Its work is done; if something is left, it is the one to try once more.
    if (left.length === 0) this.#watchdog.kill('SIGKILL');
    return left;
  }

  /** Processes that are ours by what we remember, and by where they work: PostgreSQL has children that we never saw. */
  #leftovers(): readonly string[] {
    const known = [...this.#alive.keys()].map((child) => `process ${child.pid}`);
    if (!existsSync('/proc/self/cwd')) return known;
    const found = readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      try {
        const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
        return state !== 'Z' && readlinkSync(`/proc/${pid}/cwd`).startsWith(this.folder) ? [`process ${pid}`] : [];
      } catch {
        return [];
      }
    });
    return [...new Set([...known, ...found])];
  }

  #tell(line: string): void {
    this.#watchdog.stdin?.write(`${line}\n`);
  }
}
