import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child, Nursery } from './nursery.ts';

/** How long a supervisor waits before it starts a broker again that has ended by itself. */
const RESTART_MS = 1_000;
const PROGRAM = fileURLToPath(new URL('./broker-main.ts', import.meta.url));

/** One of the brokers, and the supervisor that keeps it running, as systemd or Kubernetes would. */
export class BrokerNode {
  readonly name: string;
  readonly port: number;
  readonly #nursery: Nursery;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #child: Child | null = null;
  #isWanted = false;
  #died = 0;

  constructor(nursery: Nursery, name: string, port: number, env: Readonly<Record<string, string | undefined>>) {
    this.#nursery = nursery;
    this.name = name;
    this.port = port;
    this.#env = { ...env, CURFEW_PORT: String(port) };
  }

  /** How often it ended without being killed: it may at the start, while there is no database, and never later. */
  get died(): number {
    return this.#died;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#child !== null) return;
    const startedAt = Date.now();
    const child = this.#nursery.start(this.name, process.execPath, [PROGRAM], { env: this.#env, endBy: 'SIGKILL' });
    this.#child = child;
    void child.exited.then(async (how) => {
      this.#child = null;
      if (!this.#isWanted) return;
      if (how !== 'SIGKILL') this.#died += 1;
      await pause(Math.max(0, RESTART_MS - (Date.now() - startedAt)) + 200);
      if (this.#isWanted) this.start();
    });
  }

  /** kill -9, and a new start after `downMs`. */
  async kill(downMs: number): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    child?.signal('SIGKILL');
    await child?.exited;
    await pause(downMs);
    this.start();
  }

  /** Stands still in the middle of whatever it does, and goes on as if no time had passed. */
  async freeze(forMs: number): Promise<void> {
    const child = this.#child;
    child?.signal('SIGSTOP');
    await pause(forMs);
    child?.signal('SIGCONT');
  }

  /** Whether it serves: the port is its own and the program has come so far as to listen. */
  async isServing(): Promise<boolean> {
    const asked = fetch(`http://localhost:${this.port}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return asked.then(
      (answer) => answer.ok,
      () => false,
    );
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
