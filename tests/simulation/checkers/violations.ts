import type { Storm } from '../kernel/storm.ts';

/** Which promise a finding is about. */
export type CheckerName =
  'cloud' | 'grants' | 'claims' | 'requests' | 'ledger' | 'credentials' | 'slots' | 'liveness' | 'defects';

export interface Violation {
  readonly checker: CheckerName;
  readonly text: string;
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
}

/** Broken promises that were seen. A run stops at the first. */
export class Violations {
  readonly #storm: Storm;
  readonly #list: Violation[] = [];

  constructor(storm: Storm) {
    this.#storm = storm;
  }

  get list(): readonly Violation[] {
    return this.#list;
  }

  report(checker: CheckerName, text: string): void {
    this.#storm.trace.note('CHECKER', `${checker}: ${text}`);
    this.#list.push({ checker, text, atMs: this.#storm.elapsedMs });
  }
}
