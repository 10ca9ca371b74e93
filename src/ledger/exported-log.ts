/** An entry as it is exported: the canonical body is text, because its bytes are what was hashed. */
export interface ExportedEntry {
  readonly seq: number;
  /** `null`: whoever exports it may not read it, and gets its leaf hash alone, from which the tree is recomputed as well. */
  readonly body: string | null;
  /** The stored leaf hash, hexadecimal. Beside a body it is not believed; it only helps to name the entry that was changed. */
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
