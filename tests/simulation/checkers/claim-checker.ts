import { short } from '../kernel/trace.ts';
import type { GrantRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** Judges who works on what: a claim that has not run out is nobody else's, and only its holder records a step of the engine. */
export class ClaimChecker {
  readonly #violations: Violations;
  readonly #now: () => number;
  #before: ReadonlyMap<string, GrantRow> = new Map();

  constructor(violations: Violations, now: () => number) {
    this.#violations = violations;
    this.#now = now;
  }

  /** `by` is the node that wrote. */
  check(rows: ReadonlyMap<string, GrantRow>, by: string): void {
    for (const row of rows.values()) {
      const before = this.#before.get(row.id);
      if (before === undefined) continue;
      const held = before.leaseOwner !== null && before.leaseUntil !== null && before.leaseUntil > this.#now();
      if (held) this.#violations.judge('claim-respected');
      if (row.state !== before.state && isEngineStep(before.state, row.state)) this.#violations.judge('claim-held');
      if (held && row.leaseOwner !== null && row.leaseOwner !== before.leaseOwner) {
        this.#report(
          row,
          `${row.leaseOwner} took it from ${before.leaseOwner ?? 'nobody'}, whose claim had not run out`,
        );
      }
      if (
        (row.state !== before.state || row.boundUntil !== before.boundUntil || row.endsAt !== before.endsAt) &&
        isEngineStep(before.state, row.state) &&
        !(held && before.leaseOwner?.startsWith(`${by}/`) === true)
      ) {
        this.#report(row, `${by} recorded that it is ${row.state} without holding it`);
      }
    }
    this.#before = rows;
  }

  #report(row: GrantRow, text: string): void {
    this.#violations.report('claims', `${short(row.id)}: ${text}`);
  }
}

/** Steps that only the engine takes. The others may also be taken by people, who claim nothing. */
function isEngineStep(from: string, to: string): boolean {
  return to === 'activating' || to === 'active' || (from === 'ending' && (to === 'ended' || to === 'failed'));
}
