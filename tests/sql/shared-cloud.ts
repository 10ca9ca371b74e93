import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { instant, type Instant } from '../../src/core/time.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { ProviderFault, type CallOptions, type Provider } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';

/** The longest time after a call was given up during which this cloud may still perform it. */
export const MAY_LAND_MS = 60_000;

/** What becomes of the next call that writes. `half-done`: something beside the access was written, and then it is refused for ever. `lands-late`: it is given up, and performed `afterMs` later. */
export type Mishap =
  | { readonly kind: 'refused' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'half-done' }
  | { readonly kind: 'answer-lost' }
  | { readonly kind: 'lands-late'; readonly afterMs: number };

/** A cloud with one place for all grants of a person on a role, like an account assignment. It knows ends only as they are written. */
export class SharedCloud {
  /** What stands in each place: until when, as the object says; `null`: somebody else put it there. */
  readonly places = new Map<string, Instant | null>();
  /** Ends that stand beside places, and the grant that each was written for. */
  readonly ends = new Map<string, GrantId>();
  /** Somebody has edited all of them. */
  edited = false;
  readonly mishaps: Mishap[] = [];
  readonly calls: string[] = [];
  /** What is made is accepted, and cannot be used yet. */
  slow = false;
  /** Looks are refused. */
  blind = false;
  /** Told of every look. */
  onLook: () => void = () => {};
  /** Grants after whose end it was told to forget what was written beside their place. */
  readonly forgotten: GrantId[] = [];
  /** What it says of what it makes, and what it was told again of that with each call. */
  native: JsonObject = {};
  readonly told: (readonly [string, JsonObject | undefined])[] = [];
  readonly #pending: { readonly at: number; readonly perform: () => void }[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Performs what was given up earlier and lands by now. */
  land(): void {
    for (const one of this.#pending.splice(0)) {
      if (one.at <= this.#now()) one.perform();
      else this.#pending.push(one);
    }
  }

  provider(): FakeProvider {
    const base = fakeProvider({ byConstruction: false, abandonedCallMs: MAY_LAND_MS });
    const method = base.methods['assume-role'];
    if (method === undefined) throw new Error('the fake provider has no method');
    const provider: Provider = {
      ...base,
      methods: { 'assume-role': { ...method, slot: 'shared', endedBy: 'broker' } },
      sharedPlace: ({ target, principal }) => [target.native, principal],
      provision: async (wanted) => {
        const { native } = this;
        this.#write('provision', () => {
          this.places.set(wanted.slot, wanted.endsAt);
          this.ends.set(wanted.slot, wanted.grant);
        });
        return { usable: !this.slow, native, credentials: [] };
      },
      observe: async (binding, ending, _call: CallOptions) => {
        this.calls.push('observe');
        this.told.push([ending === null ? 'look' : 'observe', binding.native]);
        this.onLook();
        if (this.blind) throw new ProviderFault('forbidden-to-us', 'not allowed to look');
        const end = this.places.get(binding.slot);
        if (end === undefined) return { presence: 'absent', proof: 'observed', evidence: {}, final: false };
        const endWrittenFor = this.ends.get(binding.slot);
        const ours =
          endWrittenFor === undefined ? {} : this.edited ? { endIsEdited: true as const } : { endWrittenFor };
        return { presence: 'present', usable: true, native: {}, ...ours };
      },
      revoke: async (binding) => {
        this.told.push(['revoke', binding.native]);
        this.#write('revoke', () => void this.places.delete(binding.slot));
      },
      forget: async ({ grant, native }) => {
        this.forgotten.push(grant);
        this.told.push(['forget', native]);
        if (this.mishaps.shift() !== undefined) throw new ProviderFault('unreachable', 'no answer');
      },
    };
    return provider as FakeProvider;
  }

  #write(name: string, perform: () => void): void {
    this.calls.push(name);
    const mishap = this.mishaps.shift();
    if (mishap?.kind === 'invalid') throw new ProviderFault('invalid', 'there is no such role');
    if (mishap?.kind === 'half-done') throw new ProviderFault('invalid', 'there is no such role', { hasWritten: true });
    if (mishap?.kind === 'refused') throw new ProviderFault('throttled', 'too many calls');
    if (mishap?.kind === 'lands-late') this.#pending.push({ at: this.#now() + mishap.afterMs, perform });
    else perform();
    if (mishap !== undefined) throw new ProviderFault('unknown-outcome', 'no answer');
  }
}

/** Time that only a test moves, for the database as well. */
export interface VirtualTime {
  readonly clock: Clock;
  now(): Instant;
  advance(ms: number): Promise<void>;
}

/** Puts the database's `app_now()` under virtual time. The database must be the test's own. */
export async function virtualTime(database: Database): Promise<VirtualTime> {
  let now = Date.UTC(2026, 0, 5, 9);
  await sql`create table virtual_time (at timestamptz not null)`.execute(database.db);
  await sql`insert into virtual_time values (to_timestamp(${now / 1000}::float8))`.execute(database.db);
  await sql`create or replace function app_now() returns timestamptz language sql volatile
    as $$ select at from virtual_time $$`.execute(database.db);
  return {
    now: () => instant(now),
    async advance(ms) {
      now += ms;
      await sql`update virtual_time set at = to_timestamp(${now / 1000}::float8)`.execute(database.db);
    },
    clock: {
      now: () => instant(now),
      // The time stands still while anything runs.
      sleep: () => new Promise(() => {}),
      timeout: () => new AbortController().signal,
    },
  };
}
