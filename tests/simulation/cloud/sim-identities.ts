/** What stands under a grant's name on an identity: an allowance until a time (`until` null: for ever), or a denial of it. */
export interface TimedObject {
  readonly grant: string;
  readonly kind: 'allow' | 'deny';
  readonly until: number | null;
}

/** An identity that a person has without the broker: a later one of the same name is another one. */
export interface SimIdentity {
  readonly madeAt: number;
}

interface Version<T> {
  readonly at: number;
  readonly value: T | null;
}

/** The ways in which somebody with a console of their own can get in the way. */
export const TAMPERINGS = ['later end', 'no condition', 'deleted', 'identity made anew', 'identity deleted'] as const;
export type Tampering = (typeof TAMPERINGS)[number];

/** How much longer somebody lets an access work that they edit by hand. */
const LONGER_MS = 30 * 60_000;

/**
 * Identities that people have already, and objects on them that carry their own end: the cloud stops believing each by its own clock.
 * An object is named by identity and grant; whoever writes it writes it whole. An identity takes its objects with it.
 */
export class SimIdentities {
  readonly #now: () => number;
  readonly #skewMs: number;
  readonly #identities = new Map<string, Version<SimIdentity>[]>();
  readonly #objects = new Map<string, { readonly identity: string; readonly versions: Version<TimedObject>[] }>();
  /** What the broker wrote last under each name, to tell what was edited. */
  readonly #written = new Map<string, number | null>();
  onChange: () => void = () => {};

  /** `skewMs`: by how much the cloud's own clock is ahead. */
  constructor(now: () => number, skewMs: number) {
    this.#now = now;
    this.#skewMs = skewMs;
  }

  add(identity: string): void {
    this.#note(this.#versionsOf(identity), { madeAt: this.#now() });
  }

  identity(name: string, staleMs: number): SimIdentity | null {
    return latest(this.#identities.get(name), this.#now() - staleMs);
  }

  /** False: there is no such identity to put anything on. */
  put(identity: string, object: TimedObject): boolean {
    if (this.identity(identity, 0) === null) return false;
    const name = nameOf(identity, object.grant);
    const known = this.#objects.get(name) ?? { identity, versions: [] };
    this.#objects.set(name, known);
    this.#written.set(name, object.until);
    this.#note(known.versions, object);
    return true;
  }

  remove(identity: string, grant: string): void {
    const versions = this.#objects.get(nameOf(identity, grant))?.versions;
    if (versions !== undefined) this.#note(versions, null);
  }

  read(identity: string, grant: string, staleMs: number): TimedObject | null {
    return latest(this.#objects.get(nameOf(identity, grant))?.versions, this.#now() - staleMs);
  }

  /** All objects of an identity, as a list shows them that may be `staleMs` behind. */
  list(identity: string, staleMs: number): readonly TimedObject[] {
    const at = this.#now() - staleMs;
    return [...this.#objects.values()].flatMap((one) => {
      const object = one.identity === identity ? latest(one.versions, at) : null;
      return object === null ? [] : [object];
    });
  }

  /** Everything that stands on any identity now. */
  standing(): readonly TimedObject[] {
    return [...this.#objects.values()].flatMap(({ versions }) => latest(versions, this.#now()) ?? []);
  }

  /** Grants whose object the cloud believes at this moment; `edited`: by hand, so that it may work for longer than the broker wrote. */
  believed(): readonly { readonly grant: string; readonly edited: boolean }[] {
    const cloudNow = this.#now() + this.#skewMs;
    return [...this.#objects].flatMap(([name, { versions }]) => {
      const object = latest(versions, this.#now());
      if (object?.kind !== 'allow' || (object.until !== null && cloudNow >= object.until)) return [];
      return [{ grant: object.grant, edited: object.until !== (this.#written.get(name) ?? null) }];
    });
  }

  /** Somebody does something by hand to what stands there, or to the identity under it. */
  tamper(identity: string, object: TimedObject, how: Tampering): void {
    const versions = this.#objects.get(nameOf(identity, object.grant))?.versions ?? [];
    switch (how) {
      case 'later end':
        return this.#note(versions, { ...object, until: this.#now() + LONGER_MS });
      case 'no condition':
        return this.#note(versions, { ...object, until: null });
      case 'deleted':
        return this.#note(versions, null);
      case 'identity deleted':
        return this.#forget(identity);
      case 'identity made anew':
        this.#forget(identity);
        return this.add(identity);
    }
  }

  #forget(identity: string): void {
    for (const one of this.#objects.values()) if (one.identity === identity) this.#note(one.versions, null);
    this.#note(this.#versionsOf(identity), null);
  }

  #versionsOf(identity: string): Version<SimIdentity>[] {
    const versions = this.#identities.get(identity) ?? [];
    this.#identities.set(identity, versions);
    return versions;
  }

  #note<T>(versions: Version<T>[], value: T | null): void {
    versions.push({ at: this.#now(), value });
    this.onChange();
  }
}

function nameOf(identity: string, grant: string): string {
  return `${identity} ${grant}`;
}

function latest<T>(versions: readonly Version<T>[] | undefined, at: number): T | null {
  return versions?.findLast((version) => version.at <= at)?.value ?? null;
}
