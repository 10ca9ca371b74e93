import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child, Nursery } from './nursery.ts';

/** How long a supervisor waits before it starts a broker again that has ended by itself. */
const RESTART_MS = 1_000;
/** The line that a broker prints once it has started. */
export const SERVING = 'serving';
const PROGRAM = fileURLToPath(new URL('./broker-main.ts', import.meta.url));

/** A broker that ended by itself after it had served. `at`: epoch milliseconds. */
export interface Crash {
  readonly at: number;
  readonly text: string;
}

/** One of the brokers, and the supervisor that keeps it running, as systemd or Kubernetes would. */
export class BrokerNode {
  readonly name: string;
  readonly port: number;
  readonly #nursery: Nursery;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #child: Child | null = null;
  #isWanted = false;
  #isFrozen = false;
  #gaveUp = 0;
  readonly #crashes: Crash[] = [];

  constructor(nursery: Nursery, name: string, port: number, env: Readonly<Record<string, string | undefined>>) {
    this.#nursery = nursery;
    this.name = name;
    this.port = port;
    this.#env = { ...env, CURFEW_PORT: String(port) };
  }

  /** How often it did not come so far as to serve: it may give up while there is no database to start with. */
  get gaveUp(): number {
    return this.#gaveUp;
  }

  /** How it ended by itself after it had served, which it never may. */
  get crashes(): readonly Crash[] {
    return this.#crashes;
  }

  /** Whether there is a process to kill: not while it is down, nor while its supervisor waits. */
  get isUp(): boolean {
    return this.#isWanted && this.#child?.isAlive() === true;
  }

  /** Whether there is one that does something. */
  get isAwake(): boolean {
    return this.isUp && !this.#isFrozen;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#child !== null) return;
    const startedAt = Date.now();
    let isServing = false;
    let lastError = '';
    const onLine = (line: string) => {
      if (line === SERVING) isServing = true;
      if (/^(\w*Error|error): /.test(line)) lastError = line;
      if (line.startsWith('Emitted ')) lastError += ` (${line})`;
    };
    const options = { env: this.#env, endBy: 'SIGKILL', onLine } as const;
    const child = this.#nursery.start(this.name, process.execPath, [PROGRAM], options);
    this.#child = child;
    void child.exited.then(async (how) => {
      this.#child = null;
      if (!this.#isWanted) return;
      if (!isServing) this.#gaveUp += 1;
      else
        this.#crashes.push({
          at: Date.now(),
          text: `${this.name} ended by itself with ${how}: ${lastError.slice(0, 200)}`,
        });
      await pause(Math.max(0, RESTART_MS - (Date.now() - startedAt)) + 200);
      if (this.#isWanted) this.start();
    });
  }

  /** kill -9, and a new start after `downMs`. Throws when there is nothing to kill. */
  async kill(downMs: number): Promise<void> {
    const child = this.#living();
    this.#isWanted = false;
    try {
      this.#signal(child, 'SIGKILL');
      await child.exited;
      await pause(downMs);
    } finally {
      this.start();
    }
  }

  /** Stands still in the middle of whatever it does, and goes on as if no time had passed. Throws when there is nothing to stop. */
  async freeze(forMs: number): Promise<void> {
    const child = this.#living();
    this.#signal(child, 'SIGSTOP');
    this.#isFrozen = true;
    await pause(forMs);
    this.#isFrozen = false;
    // It may have been killed meanwhile.
    child.signal('SIGCONT');
  }

  #living(): Child {
    if (this.#child === null || !this.isUp) throw new Error(`${this.name} does not run`);
    return this.#child;
  }

  #signal(child: Child, signal: NodeJS.Signals): void {
    if (!child.signal(signal)) throw new Error(`${this.name} did not get ${signal}`);
  }

  /** Whether it says itself that it can do its work. */
  async isReady(): Promise<boolean> {
    return (await this.readiness())?.startsWith('{"status":"ready"') === true;
  }

  /** What `/readyz` says; `null` when it does not answer. */
  async readiness(): Promise<string | null> {
    const asked = fetch(`http://localhost:${this.port}/readyz`, { signal: AbortSignal.timeout(4_000) });
    return asked.then(
      (answer) => answer.text(),
      () => null,
    );
  }

  forget(): void {
    this.#isWanted = false;
  }
}
