import type { JsonObject } from '../../core/json.ts';
import { fromIso, type Instant } from '../../core/time.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { Bucket } from './bucket.ts';
import type { SweepReport } from '../sweep-report.ts';

/** Where sweepers say that they ran. */
export const HEARTBEATS = 'curfew/heartbeats/';

/** What a sweeper says about its last run. It is not signed: whoever may write there can feign a run, and nothing else. */
export interface Heartbeat {
  readonly name: string;
  readonly at: Instant;
  readonly version: string;
  readonly ended: number;
  readonly alarms: number;
  readonly failures: number;
}

/** Whether a sweeper may be called so: its name becomes the key of an object. */
export function isSweeperName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name);
}

/** Puts the counts of a run where the broker looks. Throws faults. */
export async function writeHeartbeat(
  bucket: Bucket,
  name: string,
  report: SweepReport,
  call: CallOptions,
): Promise<void> {
  const { startedAt, tookMs, version, counts } = report;
  const text = JSON.stringify({ format: 1, name, at: startedAt, tookMs, version, counts });
  await bucket.put(`${HEARTBEATS}${name}.json`, `${text}\n`, call);
}

/** Every sweeper that has ever run with this bucket, and when it ran last. Throws faults; `invalid` for what is no heartbeat. */
export async function readHeartbeats(bucket: Bucket, call: CallOptions): Promise<readonly Heartbeat[]> {
  const { keys } = await bucket.list(HEARTBEATS, call);
  const all: Heartbeat[] = [];
  for (const key of keys) {
    const text = await bucket.get(key, call);
    if (text === null) continue;
    const heartbeat = parse(text);
    if (heartbeat === null)
      throw new ProviderFault('invalid', `${key} of ${bucket.name} is not a heartbeat of a sweeper`);
    all.push(heartbeat);
  }
  return all;
}

function parse(text: string): Heartbeat | null {
  let value: JsonObject;
  try {
    value = JSON.parse(text) as JsonObject;
  } catch {
    return null;
  }
  const { name, at, version, counts } = value ?? {};
  const when = typeof at === 'string' ? fromIso(at) : null;
  if (typeof name !== 'string' || !isSweeperName(name) || when === null || typeof version !== 'string') return null;
  const said: JsonObject = typeof counts === 'object' && counts !== null ? (counts as JsonObject) : {};
  const { ended, alarms, failures } = said;
  // What does not say how it went is not taken for a run without failures.
  if (!isCount(ended) || !isCount(alarms) || !isCount(failures)) return null;
  return { name, at: when, version, ended, alarms, failures };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
