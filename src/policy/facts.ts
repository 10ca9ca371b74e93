import type { Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { localTime, type LocalTime } from './local-time.ts';

/**
 * What expressions can see. Every class is registered with the CEL environment under its own name, with the types of its
 * fields, so a misspelled field is refused when a policy is loaded. A field that is `undefined` is an unknown fact: reading it
 * is an error, and an error refuses. Whole numbers are `bigint`, because that is CEL's `int`.
 */
export class Requester {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly employment: string;
  readonly manager: string | undefined;
  readonly groups: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly #onCall: (rotation: string) => boolean;

  constructor(
    person: { key: string; name: string; email: string; employment: string; manager: string | null },
    groups: readonly string[],
    labels: ReadonlyMap<string, string>,
    onCall: (rotation: string) => boolean,
  ) {
    this.key = person.key;
    this.name = person.name;
    this.email = person.email;
    this.employment = person.employment;
    this.manager = person.manager ?? undefined;
    this.groups = groups;
    this.labels = labels;
    this.#onCall = onCall;
  }

  onCall(rotation: string): boolean {
    return this.#onCall(rotation);
  }
}

export class RoleFacts {
  readonly name: string;
  readonly tier: bigint;
  readonly categories: readonly string[];

  constructor(role: Role) {
    this.name = role.name;
    this.tier = BigInt(role.tier);
    this.categories = role.categories;
  }
}

export class TargetFacts {
  readonly key: string;
  readonly provider: string;
  readonly kind: string;
  readonly labels: ReadonlyMap<string, string>;

  constructor(target: Target) {
    this.key = target.key;
    this.provider = target.provider;
    this.kind = target.kind;
    this.labels = new Map(Object.entries(target.labels));
  }
}

export class RequestFacts {
  readonly via: string;
  readonly durationMs: bigint;
  /** When the access is to begin: now, or the start that was asked for. */
  readonly startsAt: Date;
  readonly network: string | undefined;
  readonly reason: string | undefined;
  readonly ticket: string | undefined;
  readonly mfaAgeMs: bigint | undefined;

  constructor(fields: {
    readonly via: string;
    readonly durationMs: bigint;
    readonly startsAt: Date;
    readonly network: string | undefined;
    readonly reason: string | undefined;
    readonly ticket: string | undefined;
    readonly mfaAgeMs: bigint | undefined;
  }) {
    this.via = fields.via;
    this.durationMs = fields.durationMs;
    this.startsAt = fields.startsAt;
    this.network = fields.network;
    this.reason = fields.reason;
    this.ticket = fields.ticket;
    this.mfaAgeMs = fields.mfaAgeMs;
  }
}

/** A moment on the clock and the calendar of a place, made by `now.local("Europe/Berlin")`. */
export class LocalTimeFacts {
  readonly year: bigint;
  readonly month: bigint;
  readonly day: bigint;
  readonly hour: bigint;
  readonly minute: bigint;
  /** 1 is Monday and 7 is Sunday (ISO 8601). */
  readonly weekday: bigint;

  constructor(time: LocalTime) {
    this.year = BigInt(time.year);
    this.month = BigInt(time.month);
    this.day = BigInt(time.day);
    this.hour = BigInt(time.hour);
    this.minute = BigInt(time.minute);
    this.weekday = BigInt(time.weekday);
  }

  /** Throws `RangeError` for a zone that does not exist, which makes the expression an error. */
  static of(at: Date, zone: string): LocalTimeFacts {
    return new LocalTimeFacts(localTime(at.getTime(), zone));
  }
}

/** The variables of an expression. `target` is the one that is judged: the target asked for, or one below it. */
export type Facts = {
  readonly requester: Requester;
  readonly role: RoleFacts;
  readonly target: TargetFacts;
  readonly request: RequestFacts;
  readonly now: Date;
};
