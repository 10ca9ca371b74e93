import { connect, createServer, type Server, type Socket } from 'node:net';

/** Two sockets that belong together: who came, and whom they are passed on to. */
interface Pair {
  readonly near: Socket;
  far: Socket | null;
  /** Nothing passes any more, not even the news that an end has gone: what a firewall does that has forgotten a connection. */
  holed: boolean;
}

/**
 * A TCP proxy that a network can be acted with: it passes bytes on, late if told to, cuts connections, or lets them stand half open, where
 * both ends believe in a connection over which nothing comes.
 */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #targets: () => readonly number[];
  #delayMs = 0;
  #swallows = false;
  #port = 0;

  /** `targets` gives ports in the order in which they are tried for a new connection. */
  constructor(targets: () => readonly number[]) {
    this.#targets = targets;
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address !== 'object') throw new Error('the proxy has no port');
    this.#port = address.port;
  }

  /** How many connections pass something on. */
  get connections(): number {
    return [...this.#pairs].filter(({ holed }) => !holed).length;
  }

  /** Cuts every connection: both ends hear of it. */
  cut(): void {
    for (const pair of this.#pairs) this.#drop(pair);
  }

  /** From now on nothing passes over the connections that there are, nor over new ones, and neither end hears of anything. */
  swallow(): void {
    this.#swallows = true;
    for (const pair of this.#pairs) pair.holed = true;
  }

  /**
   * New connections pass again, at once. Those that were swallowed are answered with a reset, as by a host that has come back; unless
   * they are `forgotten`: then nobody ever answers on them, as behind a firewall that has lost its memory.
   */
  heal(swallowed: 'reset' | 'forgotten'): void {
    this.#swallows = false;
    this.#delayMs = 0;
    if (swallowed === 'reset') for (const pair of this.#pairs) if (pair.holed) this.#drop(pair);
  }

  /** Every byte is this much later; 0: at once. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #accept(near: Socket): void {
    const pair: Pair = { near, far: null, holed: this.#swallows };
    this.#pairs.add(pair);
    near.on('error', () => this.#gone(pair));
    near.on('close', () => this.#gone(pair));
    near.setNoDelay(true);
    if (!pair.holed) this.#dial(pair, this.#targets());
  }

  #dial(pair: Pair, [port, ...others]: readonly number[]): void {
    if (port === undefined) return this.#drop(pair);
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    far.once('error', () => {
      if (pair.far === null && !pair.near.destroyed) this.#dial(pair, others);
    });
    far.once('connect', () => {
      if (pair.near.destroyed) return far.destroy();
      pair.far = far;
      far.on('error', () => this.#gone(pair));
      far.on('close', () => this.#gone(pair));
      this.#pass(pair, pair.near, far);
      this.#pass(pair, far, pair.near);
    });
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    let last = 0;
    const later = (act: () => void) => {
      // Never before what was sent earlier, even when the delay has just become shorter.
      last = Math.max(last, performance.now() + this.#delayMs);
      const wait = last - performance.now();
      const unlessHoled = () => void (pair.holed || to.destroyed || act());
      if (wait <= 0) unlessHoled();
      else setTimeout(unlessHoled, wait);
    };
    from.on('data', (bytes: Buffer) => later(() => to.write(bytes)));
    from.on('end', () => later(() => to.end()));
  }

  #gone(pair: Pair): void {
    // The other end does not hear of it.
    if (pair.holed && !(pair.near.destroyed && (pair.far?.destroyed ?? true))) return;
    this.#drop(pair);
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.resetAndDestroy();
    pair.far?.resetAndDestroy();
  }
}
