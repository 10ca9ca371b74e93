import type { SimCloud } from '../cloud/sim-cloud.ts';
import { short } from '../kernel/trace.ts';
import type { GrantRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** States in which access may exist: from the moment its end is written until its absence is proven. */
const LIVE = new Set(['activating', 'active', 'ending']);

/**
 * Looks at the cloud's own truth: nothing is usable without a live grant, and sessions never beyond their end; nobody who shares a place
 * loses it through another, and what somebody else put there stays.
 */
export class CloudChecker {
  readonly #cloud: SimCloud;
  readonly #violations: Violations;
  readonly #grants: () => ReadonlyMap<string, GrantRow>;
  readonly #now: () => number;
  readonly #endAsked: (grant: string) => boolean;

  constructor(
    cloud: SimCloud,
    violations: Violations,
    grants: () => ReadonlyMap<string, GrantRow>,
    now: () => number,
    /** Whether a grant may have been ended without a record, while the database took no writes. */
    endAsked: (grant: string) => boolean,
  ) {
    this.#cloud = cloud;
    this.#endAsked = endAsked;
    this.#violations = violations;
    this.#grants = grants;
    this.#now = now;
  }

  check(): void {
    const grants = this.#grants();
    this.#checkPlaces([...grants.values()]);
    this.#checkPasses([...grants.values()]);
    for (const [grant, what] of this.#cloud.usable()) {
      const row = grants.get(grant);
      const state = row?.state ?? 'unknown';
      if (!LIVE.has(state)) {
        this.#violations.report('cloud', `${short(grant)} is ${state}, and ${what} still works`);
      } else if (what !== 'a binding' && row?.boundUntil != null && this.#now() >= row.boundUntil) {
        // The latest end that was noted before it left: the same as the end, unless an extension was on its way.
        this.#violations.report('cloud', `${short(grant)} is past its end, and ${what} still works`);
      }
    }
  }

  /** What is promised stands in the cloud, and nothing stands there that nobody has noted. */
  #checkPasses(rows: readonly GrantRow[]): void {
    for (const row of rows) {
      if (row.method !== 'pass' || row.endsAt === null) continue;
      const end = this.#cloud.passEnd(row.slot);
      if (end !== null && end > (row.boundUntil ?? 0))
        this.#violations.report('cloud', `${short(row.id)} has a later end in the cloud than anybody has noted`);
      const over = row.state !== 'active' || this.#now() >= row.endsAt || this.#endAsked(row.id);
      if (!over && (end === null || end < row.endsAt))
        this.#violations.report('cloud', `${short(row.id)} is promised for longer than the cloud knows`);
    }
  }

  #checkPlaces(rows: readonly GrantRow[]): void {
    for (const slot of this.#cloud.standing()) {
      if (!this.#cloud.isAssigned(slot, 0)) this.#violations.report('slots', `${slot} was there before, and is gone`);
    }
    for (const slot of this.#cloud.assigned()) {
      if (!rows.some((row) => row.slot === slot && LIVE.has(row.state)))
        this.#violations.report('slots', `${slot} is still there, and nobody needs it`);
    }
    for (const row of rows) {
      if (row.method !== 'assignment' || row.state !== 'active') continue;
      const over = row.endsAt === null || this.#now() >= row.endsAt || this.#endAsked(row.id);
      if (!over && !this.#cloud.isAssigned(row.slot, 0))
        this.#violations.report('slots', `${short(row.id)} is active, and its place was taken away`);
    }
  }
}
