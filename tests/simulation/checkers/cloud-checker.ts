import type { SimCloud } from '../cloud/sim-cloud.ts';
import { short } from '../kernel/trace.ts';
import type { GrantRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** States in which access may exist: from the moment its end is written until its absence is proven. */
const LIVE = new Set(['activating', 'active', 'ending']);

/** Looks at the cloud's own truth: nothing is usable without a live grant, and sessions never beyond their end. */
export class CloudChecker {
  readonly #cloud: SimCloud;
  readonly #violations: Violations;
  readonly #grants: () => ReadonlyMap<string, GrantRow>;
  readonly #now: () => number;

  constructor(cloud: SimCloud, violations: Violations, grants: () => ReadonlyMap<string, GrantRow>, now: () => number) {
    this.#cloud = cloud;
    this.#violations = violations;
    this.#grants = grants;
    this.#now = now;
  }

  check(): void {
    const grants = this.#grants();
    for (const [grant, what] of this.#cloud.usable()) {
      const row = grants.get(grant);
      const state = row?.state ?? 'unknown';
      if (!LIVE.has(state)) {
        this.#violations.report('cloud', `${short(grant)} is ${state}, and ${what} still works`);
      } else if (what !== 'a binding' && row?.endsAt != null && this.#now() >= row.endsAt) {
        this.#violations.report('cloud', `${short(grant)} is past its end, and ${what} still works`);
      }
    }
  }
}
