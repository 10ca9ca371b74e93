import { leafHash, MerkleAccumulator, same } from './merkle.ts';
import { openCheckpoint } from './note.ts';

/** An entry as it is exported: the canonical body is text, because its bytes are what was hashed. */
export interface ExportedEntry {
  readonly seq: number;
  readonly body: string;
  /** The stored leaf hash, hexadecimal. Not believed; it only helps to name the entry that was changed. */
  readonly leaf: string;
}

export interface ExportedCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** Where a log is read from: a database, the API's export, or a file. */
export interface VerifySource {
  entries(): AsyncIterable<ExportedEntry>;
  /** Smallest first. */
  checkpoints(): AsyncIterable<ExportedCheckpoint>;
}

/** What is wrong with a log, and where it begins. */
export interface LogFault {
  readonly kind:
    'edited' | 'removed' | 'reordered' | 'inserted' | 'bad-checkpoint' | 'history-changed' | 'unsigned-tail';
  /** The first entry that is not what was signed; with `until`, it is one of `seq` to `until`. */
  readonly seq: number;
  readonly until?: number;
  readonly message: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly checkpoints: number;
  /** The newest checkpoint whose signature and root hold: remember it, and later logs must extend it. */
  readonly verified: { readonly size: number; readonly root: string } | null;
  readonly fault: LogFault | null;
  readonly terminalEvents: { readonly duplicates: readonly string[] };
}

export interface VerifyOptions {
  /** C2SP verifier key of the log, obtained on another way than the log itself. */
  readonly vkey: string;
  /** What was verified earlier: the log must still contain exactly that. */
  readonly remembered?: { readonly size: number; readonly root: string };
}

/**
 * Recomputes a log from its entries alone and compares it with every signed checkpoint. Trusts nothing but the key.
 *
 * An edited body no longer fits its stored leaf hash, which names the entry at once. Whoever recomputes the leaf hash as
 * well still cannot sign: the first checkpoint whose root differs brackets the change between itself and the one before.
 */
export async function verifyLog(source: VerifySource, options: VerifyOptions): Promise<VerifyReport> {
  const notes: ExportedCheckpoint[] = [];
  for await (const checkpoint of source.checkpoints()) notes.push(checkpoint);
  const walk = new Walk(notes, options);
  for await (const entry of source.entries()) {
    walk.take(entry);
    if (walk.fault !== null) break;
  }
  walk.finish();
  return walk.report();
}

class Walk {
  fault: LogFault | null = null;
  readonly #tree = new MerkleAccumulator();
  readonly #notes: readonly ExportedCheckpoint[];
  readonly #options: VerifyOptions;
  readonly #endings = new Map<string, number>();
  #next = 0;
  #verified: { size: number; root: string } | null = null;
  #edited: number | null = null;

  constructor(notes: readonly ExportedCheckpoint[], options: VerifyOptions) {
    this.#notes = notes;
    this.#options = options;
  }

  take(entry: ExportedEntry): void {
    const expected = this.#tree.size;
    if (entry.seq !== expected) {
      const kind = entry.seq > expected ? 'removed' : 'reordered';
      this.#fail(kind, expected, `entry ${expected} is missing: entry ${entry.seq} stands in its place`);
      return;
    }
    const leaf = leafHash(entry.body);
    if (this.#edited === null && leaf.toString('hex') !== entry.leaf) this.#edited = entry.seq;
    this.#noteEnding(entry);
    this.#tree.add(leaf);
    this.#compareAt(this.#tree.size);
  }

  finish(): void {
    if (this.fault !== null) return;
    const size = this.#tree.size;
    const missing = this.#notes[this.#next];
    if (missing !== undefined) {
      return this.#fail(
        'removed',
        size,
        `the log holds ${size} entries, but ${missing.size} were signed: everything from entry ${size} on is gone`,
      );
    }
    const covered = this.#verified?.size ?? 0;
    if (covered < size) {
      return this.#fail(
        'unsigned-tail',
        covered,
        `entries ${covered} to ${size - 1} are covered by no signed checkpoint`,
        size - 1,
      );
    }
    if (this.#edited !== null) {
      return this.#fail(
        'edited',
        this.#edited,
        `the stored leaf hash of entry ${this.#edited} is not the one of its body`,
      );
    }
    const remembered = this.#options.remembered;
    if (remembered !== undefined && remembered.size > size) {
      this.#fail('removed', size, `an earlier verification saw ${remembered.size} entries; now there are ${size}`);
    }
  }

  report(): VerifyReport {
    const duplicates = [...this.#endings].filter(([, count]) => count > 1).map(([grant]) => grant);
    return {
      ok: this.fault === null && duplicates.length === 0,
      entries: this.#tree.size,
      checkpoints: this.#next,
      verified: this.#verified,
      fault: this.fault,
      terminalEvents: { duplicates },
    };
  }

  #compareAt(size: number): void {
    const root = Buffer.from(this.#tree.root()).toString('base64');
    const remembered = this.#options.remembered;
    if (remembered !== undefined && remembered.size === size && remembered.root !== root) {
      return this.#blame('history-changed', size, 'the log is not the one that was verified earlier');
    }
    for (let note = this.#notes[this.#next]; note !== undefined && note.size <= size; note = this.#notes[this.#next]) {
      const signed = openCheckpoint(note.note, this.#options.vkey);
      if (signed === null || signed.size !== note.size || note.size !== size) {
        return this.#fail(
          'bad-checkpoint',
          this.#verified?.size ?? 0,
          `the checkpoint of ${note.size} entries is not signed by the log's key`,
        );
      }
      if (!same(signed.root, this.#tree.root()))
        return this.#blame('edited', size, 'the entries do not have the root that was signed');
      this.#next += 1;
      this.#verified = { size, root };
    }
  }

  /** Names the entry whose body does not fit its leaf hash, or else the range between the last good checkpoint and the bad one. */
  #blame(kind: LogFault['kind'], size: number, message: string): void {
    const first = this.#verified?.size ?? 0;
    if (this.#edited !== null && this.#edited >= first) {
      return this.#fail(
        'edited',
        this.#edited,
        `entry ${this.#edited} was edited: its body does not have the leaf hash that was signed`,
      );
    }
    const where = first === size - 1 ? `entry ${first}` : `one of the entries ${first} to ${size - 1}`;
    this.#fail(kind, first, `${where} was edited, removed, inserted or reordered: ${message}`, size - 1);
  }

  #fail(kind: LogFault['kind'], seq: number, message: string, until?: number): void {
    this.fault ??= { kind, seq, message, ...(until === undefined || until === seq ? {} : { until }) };
  }

  /** A grant ends exactly once; a second ending in a log that verifies is a defect of the program, and is said. */
  #noteEnding(entry: ExportedEntry): void {
    try {
      const body = JSON.parse(entry.body) as { kind?: string; subjects?: { grant?: string } };
      const grant = body.subjects?.grant;
      if (grant === undefined || (body.kind !== 'grant.ended' && body.kind !== 'grant.failed')) return;
      this.#endings.set(grant, (this.#endings.get(grant) ?? 0) + 1);
    } catch {
      // A body that is not JSON was edited; the hashes say so.
    }
  }
}
