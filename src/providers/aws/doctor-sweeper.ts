import { toIso } from '../../core/time.ts';
import { ProviderFault, type CallOptions, type DoctorFinding, type SweeperRun } from '../contract.ts';
import type { EndSigner } from '../signed-end.ts';
import type { Bucket } from './bucket.ts';
import { readHeartbeats, type Heartbeat } from './heartbeat.ts';

/** What the broker has to do with the sweeper: it signs what the sweeper believes, and sees when it ran. */
export interface SweeperSide {
  readonly signer: EndSigner | null;
  /** `null`: no bucket is configured, so there are neither leases nor heartbeats. */
  readonly bucket: Bucket | null;
}

/** Runs are a minute apart; after this much silence somebody should look. */
const SILENT_MS = 300_000;
/** What is dated further in the future than this says nothing about now. */
const CLOCKS_DIFFER_MS = 30_000;

/** Which key the sweeper needs, and for each sweeper whether it runs and is content. Faults become findings. */
export async function sweeperChecks(
  { signer, bucket }: SweeperSide,
  call: CallOptions,
): Promise<readonly DoctorFinding[]> {
  const finding = (ok: boolean, message: string, fix?: string): DoctorFinding => ({
    target: 'aws',
    ok,
    message,
    ...(fix === undefined ? {} : { fix }),
  });
  if (signer === null) return [];
  const findings = [finding(true, `Ends are signed; the sweeper believes them with the key ${signer.publicKey}`)];
  if (bucket === null) return findings;
  const run = `curfew sweep --provider aws --bucket ${bucket.name} --key ${signer.publicKey} --once`;
  let beats: readonly Heartbeat[];
  try {
    beats = await readHeartbeats(bucket, call);
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    return [...findings, finding(false, error.message, `aws s3 ls s3://${bucket.name}/curfew/heartbeats/`)];
  }
  if (beats.length === 0) return [...findings, finding(false, `No sweeper has ever run with ${bucket.name}.`, run)];
  return [...findings, ...beats.map((beat) => beatFinding(beat, call, run))];

  function beatFinding({ name, at, version, alarms, failures }: Heartbeat, { now }: CallOptions, fix: string) {
    if (at - now > CLOCKS_DIFFER_MS)
      return finding(false, `The sweeper ${name} says that it ran at ${toIso(at)}, which is to come.`, fix);
    if (now - at > SILENT_MS) return finding(false, `The sweeper ${name} ran last at ${toIso(at)}.`, fix);
    if (alarms + failures === 0) return finding(true, `The sweeper ${name} (${version}) ran at ${toIso(at)}.`);
    const said = `The sweeper ${name} ran at ${toIso(at)} with ${alarms} alarms and ${failures} failures.`;
    return finding(false, said, `${fix} --dry-run`);
  }
}

/** When each sweeper ran last. Throws faults. */
export async function sweeperRuns({ bucket }: SweeperSide, call: CallOptions): Promise<readonly SweeperRun[]> {
  return bucket === null ? [] : readHeartbeats(bucket, call);
}
