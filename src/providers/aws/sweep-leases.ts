import { after, type Instant } from '../../core/time.ts';
import type { Bucket } from './bucket.ts';
import { bySlot, endInKey, listLeases, readLease, type BadLease, type GoodLease, type LeasedSlot } from './leases.ts';
import { callOf, fewAtATime, mayBegin, patiently, rotated, type SweepPorts } from '../sweep-calls.ts';

const LEASES_AT_A_TIME = 8;

/** What a run could read of the leases of a kind. */
export interface SweptLeases {
  readonly slots: readonly LeasedSlot[];
  readonly bad: readonly BadLease[];
  readonly cloudNow: Instant;
}

/**
 * Reads the leases of one kind, first those whose names say that they are over, in half of the time that the run has left: the other half is for
 * ending. One that cannot be read is said, and holds up no other; what is ended is looked up anew as a whole right before that, so a later end that
 * could not be read keeps its slot. Throws faults of the list.
 */
export async function readLeases(ports: SweepPorts, bucket: Bucket, kind: string): Promise<SweptLeases> {
  const { keys, cloudNow } = await patiently(ports, () => listLeases(bucket, kind, callOf(ports)));
  const isOver = (key: string) => (endInKey(key) ?? cloudNow) <= cloudNow;
  const [over, live] = [keys.filter(isOver), keys.filter((key) => !isOver(key))];
  const ordered = [over, live].flatMap((part) => rotated(part, ports.turn, 'leases'));
  const now = ports.clock.now();
  const until = after(now, Math.max(0, ports.until - now) / 2);
  const good: GoodLease[] = [];
  const bad: BadLease[] = [];
  let missed = 0;
  await fewAtATime(LEASES_AT_A_TIME, ordered, async (key) => {
    if (!mayBegin({ ...ports, until })) return void (missed += 1);
    try {
      const lease = await patiently(ports, () => readLease(bucket, ports.verifier, key, callOf(ports)));
      if (lease === null) return;
      if ('statement' in lease) good.push(lease);
      else bad.push(lease);
    } catch (error) {
      ports.notes.fault('identity-center', `${bucket.name}/${key}`, error);
    }
  });
  if (missed > 0) {
    const message = `${missed} of ${keys.length} leases were not read: the run had no time left. Later runs begin with others.`;
    ports.notes.event({ kind: 'failed', method: 'identity-center', place: bucket.name, message });
  }
  return { slots: bySlot(good), bad, cloudNow };
}
