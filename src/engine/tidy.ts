import { deadline } from '../platform/clock.ts';
import { findBinding } from '../store/bindings.ts';
import { appNow } from '../store/database.ts';
import { issuedOnRole } from '../store/credentials.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { GrantRecord } from '../store/grants.ts';
import { overSince } from '../store/past-grants.ts';
import { doneUntil, saveDone } from '../store/upkeep.ts';
import { alongside } from './alongside.ts';
import { bindingSpec } from './binding-spec.ts';
import { ProviderFault, type BindingSpec, type Provider } from '../providers/contract.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type EnginePorts } from './ports.ts';
import { takeTurnToTidy } from './slot-turn.ts';

/** How long after an end its traces are still looked for: what an engine that did not run for a week has missed is found as well. */
const LOOK_BACK_MS = 30 * 86_400_000;
/**
 * How long after an end there can still be something to remove: the cut of a role's sessions stands for the twelve hours of the longest one, and
 * a denial in a permission set for an hour after a process first saw it. What ended longer before the last whole pass is clean.
 */
const MAY_REMAIN_MS = 14 * 3_600_000;

type TidyPorts = Pick<EnginePorts, 'db' | 'clock' | 'providers' | 'node' | 'append' | 'log'>;

/**
 * Removes what ends have left in the clouds, once nothing needs it any more. Entries in a role's revocation policy serve until the last
 * session that they deny has expired, and take up room that the role needs; the next early end of the same role removes them too, and
 * this is for roles that have none. On an identity that a person has already, a call which landed late or twice has put there again what
 * an end had removed, also an end by time: nobody can use it, and it takes up room that the identity needs. Goes through all such places
 * once, one after the other, each under its writer's lock, and a shared slot in its turn: what is removed beside it bears the same name as what
 * the next grant writes there. One that somebody writes, or whose cloud does not answer, is left for the next time, which then looks back as
 * far as this one did. `goesOn`: asked before each place. Returns how many were made clean.
 */
export async function tidy(
  ports: TidyPorts,
  stopping: AbortSignal,
  goesOn: () => Promise<boolean> = async () => true,
): Promise<number> {
  const { db } = ports;
  let cleaned = 0;
  let whole = true;
  const seen = new Set<string>();
  const [beganAt, doneBefore] = [await appNow(db), await doneUntil(db, 'tidy')];
  const backMs = Math.min(doneBefore === null ? LOOK_BACK_MS : beganAt - doneBefore + MAY_REMAIN_MS, LOOK_BACK_MS);
  for await (const { grant, early } of overSince(db, backMs)) {
    const provider = ports.providers.get(grant.provider);
    if (stopping.aborted) return cleaned;
    if (provider?.tidy === undefined) continue;
    const spec = bindingSpec(grant);
    const identity = provider.landing?.(spec)?.identity ?? null;
    const leavesAlways = identity !== null || provider.methods[grant.method]?.leavesAtExpiry === true;
    if (!leavesAlways && !early) continue;
    const lock = provider.exclusive?.(spec, 'tidy') ?? null;
    const place = identity ?? lock ?? placeOf(spec);
    if (seen.has(place)) continue;
    seen.add(place);
    if (!(await goesOn())) return cleaned;
    const done = await tidyPlace(ports, { provider, grant, lock, backMs });
    if (done === 'left') whole = false;
    if (done === 'cleaned') cleaned += 1;
  }
  if (whole) await saveDone(db, 'tidy', beganAt);
  return cleaned;
}

/** A place that is tidied, by the last grant there. `lock`: of its writers, if they need one. `backMs`: how far this pass looks back. */
interface Place {
  readonly provider: Provider;
  readonly grant: GrantRecord;
  readonly lock: string | null;
  readonly backMs: number;
}

/** Removes what is left in one place, in turn. `left`: somebody is at work there, or the cloud did not do it; it is tried another time. */
async function tidyPlace(
  ports: TidyPorts,
  { provider, grant, lock, backMs }: Place,
): Promise<'cleaned' | 'clean' | 'left'> {
  const { db, clock } = ports;
  const owner = `${ports.node}/tidy`;
  const time = deadline(clock, PACE.callTimeoutMs);
  const method = provider.methods[grant.method];
  const turn = method?.slot === 'shared' ? await takeTurnToTidy(db, grant, owner) : null;
  if (turn === 'busy') return 'left';
  // Whoever needs it is looked at when it is over.
  if (turn === 'needed') return 'clean';
  let isWriter = false;
  try {
    isWriter = lock !== null && (await takeCloudLock(db, lock, owner, PACE.leaseMs));
    if (lock !== null && !isWriter) return 'left';
    const { native } = await findBinding(db, grant.slot);
    const told = alongside(ports, grant, 'needs-the-log');
    const removes = async (left: number): Promise<void> => {
      if (turn !== null && !(await turn.noteLeaving(method?.abandonedCallMs ?? 0)))
        throw new ProviderFault('conflict', 'Somebody began there meanwhile.');
      await told.removes(left);
      // Others count on the note: whoever stood still in between has no time left to call.
      if (time.isOver()) throw new ProviderFault('unreachable', 'There was no time left to remove it.');
    };
    const issued = () => issuedOnRole(db, grant, backMs);
    const call = { now: await appNow(db), ...time, issued, alongside: { ...told, removes } };
    const spec = { ...bindingSpec(grant), ...(native === null ? {} : { native }) };
    return (await provider.tidy?.(spec, call))?.removed === true ? 'cleaned' : 'clean';
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'could not remove what an early end has left');
    return 'left';
  } finally {
    if (lock !== null && isWriter) await releaseCloudLock(db, lock, owner);
    await turn?.release();
  }
}

/** What all grants of a native role have in common where nobody names a narrower place. */
function placeOf({ method, target, role }: BindingSpec): string {
  return JSON.stringify([method, target.native, role.aws ?? role.name]);
}
