import { azureRoleById } from '../../core/azure-roles.ts';
import { after, toIso, type Instant } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { callOf, fewAtATime, mayBegin, patiently, rotated, type SweepPorts } from '../sweep-calls.ts';
import { endCondition, isSameCondition } from './condition.ts';
import { readEndMarker } from './end-marker.ts';
import { stableGuid } from './names.ts';
import type { Assignment, RoleAssignments } from './rbac-assignments.ts';

/** What a role assignment turns out to be, of those that are Curfew's or look like it. */
export type Verdict =
  | { readonly kind: 'live' | 'overdue'; readonly endsAt: Instant; readonly edited: string | null }
  /** Nothing about it is obeyed. */
  | { readonly kind: 'unclear'; readonly why: string };

const PLACES_AT_A_TIME = 4;
/** Resource Manager may answer a read with what stood there before our call; it is asked again after these times. */
const LOOK_AGAIN_MS = [0, 500, 1_500, 4_000];

/**
 * Judges a role assignment by the end that is signed in it. A condition is compared with that, and never believed itself. `null`: it has
 * neither a name nor a marker of ours, so it is none of Curfew's business.
 */
export function judgeAssignment(
  one: Assignment,
  { verifier }: Pick<SweepPorts, 'verifier'>,
  now: Instant,
): Verdict | null {
  const native = [one.principalId, one.roleDefinition, one.scope.toLowerCase()];
  const marker = readEndMarker(one.description, 'rbac', native, verifier);
  const isOurs = verifier.keyIds.some((keyId) => one.name === stableGuid(keyId, ...native));
  if (marker.kind === 'none') {
    return isOurs ? { kind: 'unclear', why: 'it has the name of one of Curfew’s, and no end' } : null;
  }
  if (marker.kind === 'bad')
    return { kind: 'unclear', why: 'the signature of its end is not by a key of this deployment' };
  const { endsAt } = marker;
  // Whoever copies what we signed for one grant to what they gave themselves, for this very place, gets theirs deleted by nobody.
  if (!isOurs)
    return {
      kind: 'unclear',
      why: `it carries an end of Curfew's (${toIso(endsAt)}) under a name that is not Curfew's`,
    };
  const actions = azureRoleById(one.roleDefinition)?.timedActions ?? [];
  const wanted = actions.length === 0 ? null : endCondition({ actions }, endsAt);
  const edited = isSameCondition(one.condition, wanted)
    ? null
    : `its condition is not the one of its signed end, ${toIso(endsAt)}`;
  return { kind: now < after(endsAt, CLOCK_TOLERANCE_MS) ? 'live' : 'overdue', endsAt, edited };
}

/**
 * Ends what is overdue at a scope and below it. Faults become events: one that cannot be ended holds up no other. Each run begins with others,
 * because one may be too short for all.
 */
export async function sweepAssignments(ports: SweepPorts, calls: RoleAssignments, scope: string): Promise<void> {
  let found: readonly Assignment[];
  let aheadMs: number;
  try {
    // Ends are judged by Azure's clock, as Azure judges conditions; ours may be wrong.
    aheadMs = await patiently(ports, () => ahead(ports, calls, scope));
    found = await patiently(ports, () => calls.listAll(scope, callOf(ports)));
  } catch (error) {
    return ports.notes.fault('rbac', scope, error);
  }
  // What comes from above is swept there, or nowhere.
  const below = `${scope.toLowerCase()}/`;
  const here = found.filter((one) => `${one.scope.toLowerCase()}/`.startsWith(below));
  let missed = 0;
  await fewAtATime(PLACES_AT_A_TIME, rotated(here, ports.turn, 'places'), async (one) => {
    const verdict = judgeAssignment(one, ports, after(ports.clock.now(), aheadMs));
    if (verdict === null) return;
    ports.notes.seen(verdict.kind);
    if (verdict.kind !== 'live' && !mayBegin(ports)) missed += 1;
    else await sweepOne(ports, calls, { one, verdict, aheadMs });
  });
  if (missed === 0) return;
  const message = `${missed} role assignments were not ended: the run had no time left. Later runs begin with others.`;
  ports.notes.event({ kind: 'failed', method: 'rbac', place: scope, message });
}

/** How far Azure's clock is ahead of ours: 0 where it does not say. */
async function ahead({ clock, signal }: SweepPorts, calls: RoleAssignments, scope: string): Promise<number> {
  const { cloudNow } = await calls.read(scope, NOBODYS, callOf({ clock, signal }));
  return cloudNow === null ? 0 : cloudNow - clock.now();
}

/** Name of no assignment. */
const NOBODYS = '00000000-0000-4000-8000-000000000000';

async function sweepOne(
  ports: SweepPorts,
  calls: RoleAssignments,
  { one, verdict, aheadMs }: { readonly one: Assignment; readonly verdict: Verdict; readonly aheadMs: number },
): Promise<void> {
  const { scope, name } = one;
  const place = `${scope} ${name}`;
  const event = (kind: 'ended' | 'would-end' | 'alarm' | 'failed', message: string, endsAt?: Instant) =>
    ports.notes.event({ kind, method: 'rbac', place, message, ...(endsAt === undefined ? {} : { endsAt }) });
  if (verdict.kind === 'unclear')
    return event('alarm', `Left as it is, because ${verdict.why}. Look who made it, and delete it by hand.`);
  const { endsAt, edited } = verdict;
  if (edited !== null) event('alarm', `Somebody edited it: ${edited}. The signed end counts.`, endsAt);
  if (verdict.kind === 'live') return;
  if (ports.dryRun) return event('would-end', 'Overdue; it would be deleted.', endsAt);
  const look = async (): Promise<Verdict | null> => {
    const { found } = await calls.read(scope, name, callOf(ports));
    return found === null ? null : judgeAssignment(found, ports, after(ports.clock.now(), aheadMs));
  };
  try {
    await patiently(ports, async () => {
      // Looked at anew each time: a later end may have been written since, and an earlier try may have succeeded.
      if ((await look())?.kind === 'overdue') await calls.remove(scope, name, callOf(ports));
    });
    for (const waitMs of LOOK_AGAIN_MS) {
      if (waitMs > 0) await ports.clock.sleep(waitMs, ports.signal);
      const left = await patiently(ports, look);
      if (left === null) return event('ended', 'Deleted, and seen to be gone.', endsAt);
      if (left.kind === 'live') return;
    }
    event('failed', 'Deleted, but Azure shows it still.', endsAt);
  } catch (error) {
    ports.notes.fault('rbac', place, error);
  }
}
