import { Duplex } from 'node:stream';

/** One statement as it came over the wire: a simple query, or everything up to a Sync. */
export interface Asked {
  readonly text: string;
  /** Whether its plan was asked for by a name. */
  readonly name: string;
}

type Answer = { readonly rows: readonly string[] } | { readonly code: string };

/**
 * The server's end of PostgreSQL's wire protocol, for tests that look at the bytes themselves. It says each answer when it is told to
 * (`answer`), in chunks of `chunkBytes`; whoever speaks to it cannot tell it from a network.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class WireServer extends Duplex {
  readonly asked: Asked[] = [];
  chunkBytes = Number.MAX_SAFE_INTEGER;
  #incoming = Buffer.alloc(0);
  #started = false;
  #name = '';
  #text = '';
  readonly #prepared = new Map<string, string>();
  readonly #waiting: Asked[] = [];
  #status = 'I';
  #automatic: ((asked: Asked) => Answer) | null = null;

  /** As a socket does; node-postgres goes on when it stands. */
  connect(): this {
    queueMicrotask(() => this.emit('connect'));
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

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#incoming = Buffer.concat([this.#incoming, chunk]);
    while (this.#takeMessage());
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  /** Answers the oldest statement that has no answer yet, as `says` decides; in a transaction that failed, as PostgreSQL does. */
  answer(says: (asked: Asked) => Answer = () => ({ rows: [] })): void {
    const asked = this.#waiting.shift();
    if (asked === undefined) throw new Error('nobody has asked');
    const ends = /^(rollback|commit)/.test(asked.text);
    const answer = this.#status === 'E' && !ends ? { code: '25P02' } : says(asked);
    if ('code' in answer) {
      if (this.#status === 'T') this.#status = 'E';
      this.#say(message('E', zeros(`SERROR`, `C${answer.code}`, `Mit failed`, '')), ready(this.#status));
      return;
    }
    this.#status = ends ? 'I' : asked.text === 'begin' ? 'T' : this.#status;
    const column = Buffer.concat([Buffer.from('value\0'), Buffer.alloc(6), int32(25), Buffer.alloc(8)]);
    const rows = answer.rows.map((value) =>
      message('D', int16(1), int32(Buffer.byteLength(value)), Buffer.from(value)),
    );
    const described = rows.length > 0 ? [message('T', int16(1), column)] : [message('n')];
    this.#say(message('1'), message('2'), ...described, ...rows, message('C', zeros('SELECT 1')), ready(this.#status));
  }

  /** From now on everything is answered as soon as it is asked. */
  answerAll(says: (asked: Asked) => Answer = () => ({ rows: [] })): void {
    this.#automatic = says;
    while (this.#waiting.length > 0) this.answer(says);
  }

  #say(...messages: readonly Buffer[]): void {
    const all = Buffer.concat(messages);
    for (let from = 0; from < all.length; from += this.chunkBytes)
      this.push(all.subarray(from, Math.min(all.length, from + this.chunkBytes)));
  }

  #takeMessage(): boolean {
    const from = this.#started ? 1 : 0;
    if (this.#incoming.length < from + 4) return false;
    const length = this.#incoming.readInt32BE(from);
    if (this.#incoming.length < from + length) return false;
    const type = this.#started ? String.fromCharCode(this.#incoming[0] ?? 0) : 'startup';
    const body = this.#incoming.subarray(from + 4, from + length);
    this.#incoming = this.#incoming.subarray(from + length);
    this.#hear(type, body);
    return true;
  }

  #hear(type: string, body: Buffer): void {
    const [first = '', second = ''] = body.toString('utf8').split('\0');
    switch (type) {
      case 'startup':
        this.#started = true;
        return this.#say(message('R', int32(0)), ready('I'));
      case 'Q':
        return this.#ask({ text: first, name: '' });
      case 'P':
        this.#prepared.set(first, second);
        return;
      case 'B':
        [this.#name, this.#text] = [second, this.#prepared.get(second) ?? ''];
        return;
      case 'S':
        return this.#ask({ text: this.#text, name: this.#name });
    }
  }

  #ask(asked: Asked): void {
    this.asked.push(asked);
    this.#waiting.push(asked);
    const says = this.#automatic;
    // Never while it is still being asked: no network answers within a write.
    if (says !== null) queueMicrotask(() => this.#waiting.includes(asked) && this.answer(says));
  }
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function ready(status: string): Buffer {
  return message('Z', Buffer.from(status));
}

function zeros(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
