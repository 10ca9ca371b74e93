import type { AzureSettings } from './azure-settings.ts';
import type { AssignmentState, Change, RoleAssignment } from './role-assignment-state.ts';
import type { World } from './world.ts';

/** Role assignments as their readers see them: what is written is known at once, to authorization and to lists later. */
export class RoleAssignments {
  readonly #state: AssignmentState;
  readonly #world: World;
  readonly #settings: () => AzureSettings;
  readonly #now: () => number;

  constructor(ports: { world: World; settings: () => AzureSettings; now: () => number }) {
    this.#state = ports.world.assignments;
    this.#world = ports.world;
    this.#settings = ports.settings;
    this.#now = ports.now;
  }

  /** What was written last, or null. */
  written(name: string): RoleAssignment | null {
    return this.#state[name.toLowerCase()]?.at(-1)?.assignment ?? null;
  }

  allWritten(): readonly RoleAssignment[] {
    return this.#each((changes) => changes.at(-1));
  }

  /** As lists show it now. */
  listed(): readonly RoleAssignment[] {
    const now = this.#now();
    return this.#each((changes) => changes.findLast((one) => one.listedAt <= now));
  }

  /** As authorization knows it now, for a token of a certain moment. */
  known(data: boolean, tokenIssuedAt: number): readonly RoleAssignment[] {
    const now = this.#now();
    const fresh = this.#settings().newTokenSeesChanges;
    return this.#each((changes) =>
      changes.findLast((one) => (data ? one.dataKnownAt : one.knownAt) <= now || (fresh && one.at < tokenIssuedAt)),
    );
  }

  /** Writes an assignment, or with null its deletion; draws when whoever looks will see it. */
  write(name: string, assignment: RoleAssignment | null, onManagementGroup: boolean): void {
    const { roleAdditionMs, roleRemovalMs, managementGroupDataMs, listDelayMs, seed } = this.#settings();
    const at = this.#now();
    const knownAt = at + this.#world.draw(assignment === null ? roleRemovalMs : roleAdditionMs, seed);
    const dataKnownAt = onManagementGroup ? at + this.#world.draw(managementGroupDataMs, seed) : knownAt;
    const listedAt = at + this.#world.draw(listDelayMs, seed);
    const changes = (this.#state[name.toLowerCase()] ??= []);
    changes.push({ at, knownAt, dataKnownAt, listedAt, assignment });
    this.#forget(changes);
    this.#world.save();
  }

  /** Nobody can see any more what is older than what everybody sees. */
  #forget(changes: Change[]): void {
    const now = this.#now();
    const seen = changes.findLastIndex((one) => one.knownAt <= now && one.dataKnownAt <= now && one.listedAt <= now);
    if (seen > 0) changes.splice(0, seen);
  }

  #each(pick: (changes: readonly Change[]) => Change | undefined): readonly RoleAssignment[] {
    const found: RoleAssignment[] = [];
    for (const changes of Object.values(this.#state)) {
      const assignment = pick(changes)?.assignment ?? null;
      if (assignment !== null) found.push(assignment);
    }
    return found;
  }
}
