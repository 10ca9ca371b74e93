import type { Instant } from './time.ts';

/**
 * A stretch of time through which the database has forgotten nothing. One that was restored from a backup is older than what it has
 * promised since: it starts a new epoch, in which nobody relies on what the lost time may have changed.
 */
export interface Epoch {
  /** Random: two epochs that began in two copies of a database have different ones. */
  readonly id: string;
  /** Grows by one at least; larger than every number that whoever begins it has seen. */
  readonly number: number;
  readonly beganAt: Instant;
}

/**
 * Where a database lives, as it says itself. `null`: it does not say. A copy of it lives elsewhere, or in another timeline; only a copy of
 * the files in the same place lives where it did.
 */
export interface Whereabouts {
  /** PostgreSQL's system identifier: made with the cluster, kept by its replicas. */
  readonly cluster: string | null;
  /** Another one after each promotion of a replica and each recovery to a point in time. */
  readonly timeline: number | null;
  /** The number of the database in its cluster, and that of a table of ours: one that was dropped and restored has others. */
  readonly database: string | null;
  readonly table: string | null;
}

/** What somebody saw last of a database and keeps outside of it. */
export interface Witness {
  readonly epoch: string;
  readonly number: number;
  /** Size and root of the last signed checkpoint of the log; root in hexadecimal, empty where nothing was signed yet. */
  readonly size: number;
  readonly root: string;
  /** By the database's clock. */
  readonly seenAt: Instant;
}

/** What the database says now. */
export interface Found {
  readonly epoch: Epoch;
  /** Where it lived when that was last written into it. */
  readonly lived: Whereabouts;
  readonly lives: Whereabouts;
  /** The root that it has signed at the size of the witness, in hexadecimal; `null`: it has signed nothing there. */
  readonly rootAtWitness: string | null;
  readonly now: Instant;
}

/** Why an epoch began. */
export const EPOCH_CAUSES = ['log-went-back', 'copied', 'another-timeline', 'said-by-operator'] as const;
export type EpochCause = (typeof EPOCH_CAUSES)[number];

export type EpochVerdict =
  | { readonly kind: 'same' }
  /** It lives elsewhere, and has lost nothing that we know of: that is written into it. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'restored'; readonly cause: EpochCause };

/** How long ago somebody must have seen all of the log, to say that a database on another timeline is the one that they saw. */
const FRESH_MS = 600_000;

/**
 * Judges whether a database has forgotten something. `witness`: `null` where nobody has kept one.
 *
 * What was seen of the log decides: a log that is shorter, or another one, is that of an older copy. Where nothing is missing, a new
 * timeline alone is a replica that took over. A database that was copied to another place begins a new epoch in any case: that is rare, and
 * nobody can know what was promised after the copy was made.
 */
export function judgeEpoch(witness: Witness | null, found: Found): EpochVerdict {
  const { epoch, lived, lives, now } = found;
  const follows = witness !== null && witness.epoch !== epoch.id && epoch.number > witness.number;
  if (witness !== null && !follows) {
    const sameLog = witness.size === 0 || found.rootAtWitness === witness.root;
    if (witness.epoch !== epoch.id || !sameLog) return { kind: 'restored', cause: 'log-went-back' };
  }
  const others = (['cluster', 'database', 'table', 'timeline'] as const).filter(
    (what) => lived[what] !== null && lives[what] !== null && lived[what] !== lives[what],
  );
  if (others.some((what) => what !== 'timeline')) return { kind: 'restored', cause: 'copied' };
  if (others.length > 0) {
    const isKnown = witness !== null && !follows && now - witness.seenAt <= FRESH_MS;
    return isKnown ? { kind: 'moved' } : { kind: 'restored', cause: 'another-timeline' };
  }
  const isNews = (['cluster', 'database', 'table', 'timeline'] as const).some(
    (what) => lived[what] === null && lives[what] !== null,
  );
  return isNews ? { kind: 'moved' } : { kind: 'same' };
}
