import type { ExportedCheckpoint, ExportedEntry, LogFault, VerifySource } from './exported-log.ts';
import { LoggedApprovals, type ApprovalReport } from './logged-approvals.ts';
import { leafHash, MerkleAccumulator, same } from './merkle.ts';
import { openCheckpoint } from './note.ts';
import { Suspect } from './suspect.ts';

export type { ExportedCheckpoint, ExportedEntry, LogFault, VerifySource } from './exported-log.ts';

export interface VerifyReport {
  readonly ok: boolean;
  readonly entries: number;
  /** Of how many of them the body was there to be read and hashed; of the others the leaf hash was. */
  readonly readInFull: number;
  readonly checkpoints: number;
  /** The newest checkpoint whose signature and root hold: remember it, and later logs must extend it. */
  readonly verified: { readonly size: number; readonly root: string } | null;
  readonly fault: LogFault | null;
  readonly terminalEvents: { readonly duplicates: readonly string[] };
  /** The signed decisions in it, verified one by one with the keys that the log registered. */
  readonly approvals: ApprovalReport;
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
 * An edited body no longer fits the leaf hash that is stored for its place, which names the entry at once, and what comes
 * after it tells an edit from a removal, an insertion or an exchange. Whoever changes every stored hash as well still cannot
 * sign: the first checkpoint whose root differs brackets the change between itself and the one before.
 */
export async function verifyLog(source: VerifySource, options: VerifyOptions): Promise<VerifyReport> {
  const notes: ExportedCheckpoint[] = [];
  for await (const checkpoint of source.checkpoints()) notes.push(checkpoint);
  const walk = new Walk(notes, options);
  for await (const entry of source.entries()) {
    walk.take(entry);
    if (walk.isOver) break;
  }
  walk.finish();
  return walk.report();
}

class Walk {
  readonly #tree = new MerkleAccumulator();
  readonly #notes: readonly ExportedCheckpoint[];
  readonly #options: VerifyOptions;
  readonly #endings = new Map<string, number>();
  readonly #approvals = new LoggedApprovals();
  #fault: LogFault | null = null;
  #read = 0;
  #readInFull = 0;
  #next = 0;
  #verified: { size: number; root: string } | null = null;
  /** The first misfit after the last good checkpoint: the body is to blame, or the stored hash. */
  #suspect: Suspect | null = null;
  /** The suspect's body is to blame: a root differs. The rest is read only to learn what was done to it. */
  #isConvicted = false;
  /** The first misfit whose body turned out to be what was signed: its stored hash was changed. */
  #badHash: number | null = null;

  constructor(notes: readonly ExportedCheckpoint[], options: VerifyOptions) {
    this.#notes = notes;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#fault !== null;
  }

  take(entry: ExportedEntry): void {
    this.#read += 1;
    const leaf = entry.body === null ? Buffer.from(entry.leaf, 'hex') : leafHash(entry.body);
    const found = leaf.toString('hex');
    this.#suspect?.compare(entry, found);
    if (this.#isConvicted) return;
    const expected = this.#tree.size;
    if (entry.seq !== expected) {
      // The suspect comes before the gap, and the first of all is named.
      if (this.#suspect !== null) {
        this.#isConvicted = true;
        return;
      }
      const kind = entry.seq > expected ? 'removed' : 'reordered';
      return this.#fail(kind, expected, `entry ${expected} is missing: entry ${entry.seq} stands in its place`);
    }
    if (leaf.length !== 32)
      return this.#fail('edited', expected, `entry ${expected} has neither a body nor a leaf hash`);
    if (found !== entry.leaf) this.#suspect ??= new Suspect(entry, found);
    if (entry.body !== null) {
      this.#readInFull += 1;
      this.#noteEnding(entry.body);
      this.#approvals.learn(entry.seq, entry.body);
    } else {
      this.#approvals.withhold();
    }
    this.#tree.add(leaf);
    this.#compareAt(this.#tree.size);
  }

  finish(): void {
    if (this.#fault !== null) return;
    const size = this.#tree.size;
    const missing = this.#notes[this.#next];
    if (this.#suspect !== null && (this.#isConvicted || missing !== undefined)) {
      this.#fault = this.#suspect.fault(this.#read, this.#notes.at(-1)?.size ?? 0);
      return;
    }
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
    if (this.#badHash !== null) {
      return this.#fail(
        'edited',
        this.#badHash,
        `a stored hash of entry ${this.#badHash} was edited; its body is what was signed`,
      );
    }
    const remembered = this.#options.remembered;
    if (remembered !== undefined && remembered.size > size) {
      this.#fail('removed', size, `an earlier verification saw ${remembered.size} entries; now there are ${size}`);
    }
  }

  report(): VerifyReport {
    const duplicates = [...this.#endings].filter(([, count]) => count > 1).map(([grant]) => grant);
    const approvals = this.#approvals.report();
    return {
      ok: this.#fault === null && duplicates.length === 0 && approvals.faults.length === 0,
      entries: this.#tree.size,
      readInFull: this.#readInFull,
      checkpoints: this.#next,
      verified: this.#verified,
      fault: this.#fault,
      terminalEvents: { duplicates },
      approvals,
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
      if (this.#suspect !== null) this.#badHash ??= this.#suspect.seq;
      this.#suspect = null;
    }
  }

  /** Blames the suspect, or else the range between the last good checkpoint and the bad one. */
  #blame(kind: LogFault['kind'], size: number, message: string): void {
    if (this.#suspect !== null) {
      this.#isConvicted = true;
      return;
    }
    const first = this.#verified?.size ?? 0;
    const where = first === size - 1 ? `entry ${first}` : `one of the entries ${first} to ${size - 1}`;
    this.#fail(kind, first, `${where} was edited, removed, inserted or reordered: ${message}`, size - 1);
  }

  #fail(kind: LogFault['kind'], seq: number, message: string, until?: number): void {
    this.#fault ??= { kind, seq, message, ...(until === undefined || until === seq ? {} : { until }) };
  }

  /** A grant ends exactly once; a second ending in a log that verifies is a defect of the program, and is said. */
  #noteEnding(text: string): void {
    try {
      const body = JSON.parse(text) as { kind?: string; subjects?: { grant?: string } };
      const grant = body.subjects?.grant;
      if (grant === undefined || (body.kind !== 'grant.ended' && body.kind !== 'grant.failed')) return;
      this.#endings.set(grant, (this.#endings.get(grant) ?? 0) + 1);
    } catch {
      // A body that is not JSON was edited; the hashes say so.
    }
  }
}
