import type { Result } from '../core/result.ts';
import type { OperationRefusal } from '../operations/refusal.ts';
import type { Actor } from '../operations/world.ts';

type Read<View> = Promise<Result<View, OperationRefusal>>;

/** A ledger entry as it is exported: the canonical body is text, because its bytes are what was hashed. `null`: not for this actor. */
export interface ExportedEntry {
  readonly seq: number;
  readonly body: string | null;
  /** SHA-256 leaf hash, hexadecimal. */
  readonly leaf: string;
}

export interface ExportedCheckpoint {
  readonly size: number;
  /** C2SP signed note. */
  readonly note: string;
}

export interface InclusionProof {
  readonly seq: number;
  readonly size: number;
  readonly leaf: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

/** A personal value of an entry, and the salt with which its commitment was made. */
export interface PersonalOpening {
  readonly field: string;
  /** Pseudonymous id of whom it is about. */
  readonly person: string;
  /** 32 bytes, hexadecimal. */
  readonly salt: string;
  readonly value: string;
}

/** One row whose state and end the ledger must explain. */
export interface ReconciledRow {
  readonly kind: 'request' | 'grant';
  readonly id: string;
  readonly state: string;
  /** RFC 3339; `null` for a request, and for a grant that never started. */
  readonly endsAt: string | null;
}

/** Reading the log, refused to whoever may not. Before it answers, each method has a `ledger.read` entry written for the actor, unless the same was said within the hour. */
export interface LedgerReads {
  /** Entries from `from` on, at most `limit`; shorter only at the end of the log. */
  entries(actor: Actor, from: number, limit: number): Read<readonly ExportedEntry[]>;
  /** Checkpoints with at least `from` entries, smallest first, at most `limit`. */
  checkpoints(actor: Actor, from: number, limit: number): Read<readonly ExportedCheckpoint[]>;
  /** The newest checkpoint; `null` while the log is empty. */
  latestCheckpoint(actor: Actor): Read<string | null>;
  /** `null` for an entry that no checkpoint covers yet. */
  proof(actor: Actor, seq: number): Read<InclusionProof | null>;
  /** Personal values of an entry that the actor may see; `null` where there are none. */
  personal(actor: Actor, seq: number): Read<readonly PersonalOpening[] | null>;
  /** Of `limit` rows those that the actor is shown, and after which id to go on; `null`: that was all. */
  reconciliation(
    actor: Actor,
    after: string | null,
    limit: number,
  ): Read<{ readonly rows: readonly ReconciledRow[]; readonly nextAfter: string | null }>;
}
