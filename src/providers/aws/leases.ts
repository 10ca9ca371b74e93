import { createHash } from 'node:crypto';
import { fromIso, toIso, type Instant } from '../../core/time.ts';
import type { CallOptions } from '../contract.ts';
import {
  endSecond,
  signLease,
  verifyLease,
  type EndSigner,
  type EndStatement,
  type EndVerifier,
} from '../signed-end.ts';
import type { Bucket } from './bucket.ts';

/** Everything that the sweeper reads lies below this, in a bucket on the customer's side. */
export const LEASES = 'curfew/leases/';

/**
 * What a method without a place for the end in the cloud's own object calls. A lease is an object of its own for each slot and end, named
 * after both and never changed: whoever removes one that is over cannot take away one that was written meanwhile.
 */
export interface Leases {
  /**
   * Writes down that the slot ends then, instead of whatever was written before. Call it before anything is made in the slot, and before a
   * later end is made true. If it dies in between, the latest end that was ever written counts. Throws faults.
   */
  hold(slot: LeaseSlot, endsAt: Instant, call: CallOptions): Promise<void>;
  /** Forgets the slot: call it after its emptiness was proven. Success also when nothing was written. Throws faults. */
  release(slot: LeaseSlot, call: CallOptions): Promise<void>;
  /** What is written for a slot, by the names of its leases alone: the broker reads none. Throws faults. */
  held(slot: LeaseSlot, call: CallOptions): Promise<readonly { readonly key: string; readonly endsAt: Instant }[]>;
  /** Removes one lease. Success also when it is not there. Throws faults. */
  remove(key: string, call: CallOptions): Promise<void>;
}

/** One shared place in the cloud. */
export type LeaseSlot = Pick<EndStatement, 'kind' | 'native'>;

export function createLeases(bucket: Bucket, signer: EndSigner): Leases {
  return {
    async hold(slot, endsAt, call) {
      const statement: EndStatement = { ...slot, endsAt };
      const key = leaseKey(statement);
      // Ed25519 gives one signature for one statement, so putting it again puts the same.
      await bucket.put(key, signLease(signer, statement), call);
      await removeAll(bucket, slot, key, call);
    },
    release: (slot, call) => removeAll(bucket, slot, null, call),
    async held(slot, call) {
      const { keys } = await bucket.list(folderOf(slot), call);
      return keys.flatMap((key) => {
        const endsAt = endInKey(key);
        return endsAt === null ? [] : [{ key, endsAt }];
      });
    },
    remove: (key, call) => bucket.remove(key, call),
  };
}

async function removeAll(bucket: Bucket, slot: LeaseSlot, but: string | null, call: CallOptions): Promise<void> {
  const { keys } = await bucket.list(folderOf(slot), call);
  for (const key of keys) if (key !== but) await bucket.remove(key, call);
}

/** `curfew/leases/aws/identity-center/<hash of the slot>/20261121T143000Z.json` */
export function leaseKey(statement: EndStatement): string {
  return `${folderOf(statement)}${toIso(endSecond(statement.endsAt)).replace(/[-:]|\.\d{3}/g, '')}.json`;
}

/** The end that the name of a lease says, which nobody has signed; `null`: it is not named like one. */
export function endInKey(key: string): Instant | null {
  const [, year, month, day, hour, minute, second] =
    /\/(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.json$/.exec(key) ?? [];
  return year === undefined ? null : fromIso(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Native names may hold anything, so the folder is their hash; the lease itself says them. */
function folderOf({ kind, native }: LeaseSlot): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, ...native]))
    .digest('hex')
    .slice(0, 40);
  return `${LEASES}${kind}/${hash}/`;
}

/** A slot as the leases in the bucket describe it. */
export interface LeasedSlot {
  readonly slot: LeaseSlot;
  /** The latest end that was written and signed. */
  readonly endsAt: Instant;
  /** Keys of its good leases. */
  readonly keys: readonly string[];
}

/** A lease that is ours, and lies where it belongs. */
export interface GoodLease {
  readonly key: string;
  readonly statement: EndStatement;
}

/** Something below the folder of leases that is not a lease of ours, and why. */
export interface BadLease {
  readonly key: string;
  readonly why: string;
}

/** Every key below the folder of a kind, and AWS's time. Throws faults. */
export function listLeases(bucket: Bucket, kind: string, call: CallOptions): ReturnType<Bucket['list']> {
  return bucket.list(`${LEASES}${kind}/`, call);
}

/**
 * Reads one lease. What is not signed, or does not lie where it belongs, says nothing about any slot. `null`: it was removed since it was
 * listed, because somebody proved its end. Throws faults.
 */
export async function readLease(
  bucket: Bucket,
  verifier: EndVerifier,
  key: string,
  call: CallOptions,
): Promise<GoodLease | BadLease | null> {
  const text = await bucket.get(key, call);
  if (text === null) return null;
  const lease = verifyLease(verifier, text);
  if (!lease.ok) return { key, why: lease.why };
  if (leaseKey(lease.statement) !== key) return { key, why: 'it lies where another one belongs' };
  return { key, statement: lease.statement };
}

/** What leases say of the slots that they are about: the latest end counts. */
export function bySlot(leases: readonly GoodLease[]): readonly LeasedSlot[] {
  const slots = new Map<string, LeasedSlot>();
  for (const { key, statement } of leases) {
    const folder = folderOf(statement);
    const known = slots.get(folder);
    const endsAt = known === undefined || statement.endsAt > known.endsAt ? statement.endsAt : known.endsAt;
    const slot = { kind: statement.kind, native: statement.native };
    slots.set(folder, { slot, endsAt, keys: [...(known?.keys ?? []), key] });
  }
  return [...slots.values()];
}

/** The latest end that is written for a slot now; `null`: none. Asked again as the last thing before a slot is emptied. Throws faults. */
export async function latestEnd(
  bucket: Bucket,
  verifier: EndVerifier,
  slot: LeaseSlot,
  call: CallOptions,
): Promise<LeasedSlot | null> {
  const { keys } = await bucket.list(folderOf(slot), call);
  const good: GoodLease[] = [];
  for (const key of keys) {
    const lease = await readLease(bucket, verifier, key, call);
    if (lease !== null && 'statement' in lease) good.push(lease);
  }
  return bySlot(good)[0] ?? null;
}
