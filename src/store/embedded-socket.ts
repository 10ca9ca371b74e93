import { Duplex } from 'node:stream';
import type { PGlite } from '@electric-sql/pglite';

/**
 * The embedded database as node-postgres sees it: a stream over which the wire protocol is spoken, within this process. So one driver
 * serves both databases, with the same types, pipelining and prepared statements; PGlite's own `query` crosses into WebAssembly six
 * times for one statement, which takes five times as long. All sockets of one PGlite share its only session: one at a time.
 * Protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class EmbeddedSocket extends Duplex {
  readonly #lite: PGlite;

  constructor(lite: PGlite) {
    super();
    this.#lite = lite;
  }

  /** node-postgres asks for a TCP connection, and goes on when it stands. What an earlier socket left in the session is no concern of ours. */
  connect(): this {
    this.#lite.exec('rollback; deallocate all').then(
      () => this.emit('connect'),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const answer: Buffer[] = [];
    const onRawData = (data: Uint8Array): void => void answer.push(Buffer.from(data));
    this.#lite.execProtocolRawStream(chunk, { onRawData }).then(() => {
      // Not before PGlite is done: whoever reads this asks the next thing at once.
      if (answer.length > 0) this.push(answer.length === 1 ? answer[0] : Buffer.concat(answer));
      done();
    }, done);
  }

  /** What was written in one go is one crossing. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const all = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(all, 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null);
    done();
  }
}
