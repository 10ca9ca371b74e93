import type { SimAnywhere } from './sim-anywhere.ts';
import type { SimCenter } from './sim-center.ts';
import type { SimIdentities } from './sim-identities.ts';
import type { SimRoles } from './sim-roles.ts';
import type { Written } from './written.ts';

/** The method of access as a cloud has it that knows no ends: a binding which only the broker ends. */
export const BINDING = 'binding';
/** What somebody has by a policy that stands as the broker wrote it. */
export const TIMED_ACCESS = 'a timed policy';
/** What somebody has by credentials of a role. */
export const SESSION_ACCESS = 'a session';

/** What a cloud object says whom it serves. The simulated cloud knows grants only as names that the broker gave it. */
export interface CloudNames {
  readonly grant: string;
  /** The role in its account: what all deny entries of its grants stand on. */
  readonly roleKey: string;
}

/** A token that works as long as a binding exists, like those of a role assignment. */
export interface Token extends CloudNames {
  readonly kind: 'token';
  readonly key: string;
  readonly expiresAt: number;
}

/**
 * The truth about who can do what in the simulated cloud. What the methods of AWS make is in `roles`, `identities`, `center` and `anywhere`;
 * beside it there is what other clouds could have: *bindings*, which exist until somebody removes them; *assignments*, bindings of which there
 * is one place for all grants of a person on a role; and *passes*, one for each grant, which carry their end in an object that is written
 * over. It believes nobody's clock but its own, and knows nothing of the broker's database.
 */
export class SimCloud {
  readonly #now: () => number;
  readonly #tokens = new Map<string, Token>();
  readonly #everProvided = new Set<string>();
  /** Every change of each binding, oldest first. */
  readonly #bindings = new Map<string, { at: number; names: CloudNames | null }[]>();
  /** Every change of each assignment, oldest first: one place for all grants of a person on a role. */
  readonly #assignments = new Map<string, { at: number; assigned: boolean }[]>();
  /** Every change of each pass, oldest first: what the cloud believes until its own end, one for each grant. */
  readonly #passes = new Map<string, { at: number; names: CloudNames; endsAt: number | null }[]>();
  readonly #standing = new Set<string>();
  #count = 0;
  /** Catalogue roles, and the sessions of grants on them. */
  readonly roles: SimRoles;
  /** People's own identities, and the policies of grants on them. */
  readonly identities: SimIdentities;
  /** Where assignments are made that take their time, and whose end is scheduled. */
  readonly center: SimCenter;
  /** Where holders make sessions with certificates. */
  readonly anywhere: SimAnywhere;
  /** Called after every change. */
  onChange: () => void = () => {};
  /** Told of every change that the broker makes. */
  onWritten: (grant: string, how: Written) => void = () => {};

  constructor(now: () => number, parts: Pick<SimCloud, 'center' | 'anywhere' | 'identities' | 'roles'>) {
    this.#now = now;
    this.roles = parts.roles;
    this.roles.onChange = () => this.onChange();
    this.roles.onWritten = (grant, how) => this.noteWritten(grant, how);
    this.identities = parts.identities;
    this.identities.onChange = () => this.onChange();
    this.identities.onWritten = (grant, how) => this.noteWritten(grant, how);
    this.center = parts.center;
    this.center.onChange = () => this.onChange();
    this.center.onWritten = (grant, how) => this.noteWritten(grant, how);
    this.anywhere = parts.anywhere;
    this.anywhere.onChange = () => this.onChange();
    this.anywhere.onWritten = (grant, how) => this.noteWritten(grant, how);
  }

  /** The broker changed something for a grant. */
  noteWritten(grant: string, how: Written): void {
    if (how === 'gives') this.#everProvided.add(grant);
    this.onWritten(grant, how);
  }

  bind(slot: string, names: CloudNames): void {
    this.#changeBinding(slot, names);
    this.noteWritten(names.grant, 'gives');
    this.onChange();
  }

  unbind(slot: string, { grant }: CloudNames): void {
    this.#changeBinding(slot, null);
    this.noteWritten(grant, 'takes');
    this.onChange();
  }

  /** Whether a binding is there, as a read sees it that may be `staleMs` behind. */
  isBound(slot: string, staleMs: number): boolean {
    return (latest(this.#bindings.get(slot), this.#now() - staleMs)?.names ?? null) !== null;
  }

  /** Writes a pass, over the one that may be there; `null`: removes it. */
  pass(slot: string, names: CloudNames, endsAt: number | null): void {
    const changes = this.#passes.get(slot) ?? [];
    changes.push({ at: this.#now(), names, endsAt });
    this.#passes.set(slot, changes);
    this.noteWritten(names.grant, endsAt === null ? 'takes' : 'gives');
    this.onChange();
  }

  /** The end of the pass that stands in a slot, as a read sees it that may be `staleMs` behind; `null`: none stands there. */
  passEnd(slot: string, staleMs = 0): number | null {
    return latest(this.#passes.get(slot), this.#now() - staleMs)?.endsAt ?? null;
  }

  /** Puts an assignment there that has nothing to do with the broker. */
  standAlready(slot: string): void {
    this.#standing.add(slot);
    this.assign(slot, null);
  }

  assign(slot: string, names: CloudNames | null): void {
    this.#changeAssignment(slot, true);
    if (names !== null) this.noteWritten(names.grant, 'gives');
    this.onChange();
  }

  unassign(slot: string, { grant }: CloudNames): void {
    this.#changeAssignment(slot, false);
    this.noteWritten(grant, 'takes');
    this.onChange();
  }

  /** Whether an assignment is there, as a read sees it that may be `staleMs` behind. */
  isAssigned(slot: string, staleMs: number): boolean {
    return latest(this.#assignments.get(slot), this.#now() - staleMs)?.assigned ?? false;
  }

  /** Assignments that are there now because of the broker. */
  assigned(): readonly string[] {
    return [...this.#assignments.keys()].filter((slot) => !this.#standing.has(slot) && this.isAssigned(slot, 0));
  }

  /** Assignments of somebody else, which must never go. */
  standing(): ReadonlySet<string> {
    return this.#standing;
  }

  /** `null`: there is no binding that a token could be issued under. */
  issueToken(slot: string, durationMs: number): Token | null {
    const names = latest(this.#bindings.get(slot), this.#now())?.names ?? null;
    if (names === null) return null;
    this.#count += 1;
    const key = `token${String(this.#count).padStart(8, '0')}`;
    const token: Token = { kind: 'token', key, ...names, expiresAt: this.#now() + durationMs };
    this.#tokens.set(key, token);
    this.noteWritten(token.grant, 'gives');
    return token;
  }

  /** Whether the cloud would serve somebody who shows this credential now. */
  accepts(key: string): boolean {
    const token = this.#tokens.get(key);
    if (token === undefined) return this.roles.accepts(key);
    return this.#now() < token.expiresAt && this.#boundGrants().has(token.grant);
  }

  /** Grants under which somebody could act in the cloud at this moment, with what makes it possible. */
  usable(): ReadonlyMap<string, string> {
    const now = this.#now();
    const usable = new Map(this.anywhere.usable());
    for (const grant of this.#boundGrants()) usable.set(grant, 'a binding');
    for (const changes of this.#passes.values()) {
      const last = changes.at(-1);
      if (last !== undefined && last.endsAt !== null && now < last.endsAt) usable.set(last.names.grant, 'a pass');
    }
    for (const { grant, edited } of this.identities.believed())
      usable.set(grant, edited ? 'an edited policy' : TIMED_ACCESS);
    for (const grant of this.roles.usable()) usable.set(grant, SESSION_ACCESS);
    return usable;
  }

  /** Whether anything was ever made for a grant. */
  everProvided(grant: string): boolean {
    return this.#everProvided.has(grant);
  }

  #changeBinding(slot: string, names: CloudNames | null): void {
    const changes = this.#bindings.get(slot) ?? [];
    changes.push({ at: this.#now(), names });
    this.#bindings.set(slot, changes);
  }

  #changeAssignment(slot: string, assigned: boolean): void {
    const changes = this.#assignments.get(slot) ?? [];
    changes.push({ at: this.#now(), assigned });
    this.#assignments.set(slot, changes);
  }

  #boundGrants(): ReadonlySet<string> {
    const grants = new Set<string>();
    for (const changes of this.#bindings.values()) {
      const names = changes.at(-1)?.names ?? null;
      if (names !== null) grants.add(names.grant);
    }
    return grants;
  }
}

function latest<Version extends { readonly at: number }>(
  versions: readonly Version[] | undefined,
  at: number,
): Version | undefined {
  return versions?.findLast((version) => version.at <= at);
}
