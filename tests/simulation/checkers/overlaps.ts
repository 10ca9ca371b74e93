import type { GrantRow } from './rows.ts';

/** States in which a grant may have access in the cloud. */
const LIVE = new Set(['activating', 'active', 'ending']);

/** Counts pairs of grants that are live at once, of one person on one role of a target or on one slot: where one end could take another's access. */
export class Overlaps {
  readonly #seen = new Set<string>();

  get count(): number {
    return this.#seen.size;
  }

  look(grants: ReadonlyMap<string, GrantRow>): void {
    const live = [...grants.values()].filter((row) => LIVE.has(row.state));
    live.forEach((one, index) => {
      for (const other of live.slice(index + 1)) {
        const sameRole = one.person === other.person && one.role === other.role && one.target === other.target;
        if (sameRole || one.slot === other.slot) this.#seen.add(`${one.id} ${other.id}`);
      }
    });
  }
}
