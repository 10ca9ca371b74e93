import type { JsonObject } from '../core/json.ts';
import { invariant } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import { deadline } from '../platform/clock.ts';
import { ProviderFault, type Ending, type Observation } from '../providers/contract.ts';
import { noteAbsence, noteEndWritten, noteFailures, noteSettled } from '../store/bindings.ts';
import { appNow } from '../store/database.ts';
import { credentialsOf } from '../store/credentials.ts';
import type { GrantRecord } from '../store/grants.ts';
import { dropLease, releaseLease, type LookAgain } from '../store/leases.ts';
import { wakeUnsettled } from '../store/slot-grants.ts';
import { alongside } from './alongside.ts';
import { bindingSpec, endsByItself, methodOf } from './binding-spec.ts';
import { dispatch } from './dispatch.ts';
import { asFault, mayBeMended } from './fault.ts';
import { beginningAt, heard } from './heard.ts';
import { onlyWriter, WRITER_MS } from './only-writer.ts';
import { backoffMs, faultFacts, PACE, type Heard, type StepPorts } from './ports.ts';
import { forget, prove } from './prove.ts';
import { goAhead } from './quota.ts';
import { raiseFinding, record } from './record.ts';
import { tellOfEditedEnd, tellOfResidual } from './end-findings.ts';
import { noteLeaving, specInTurn, takeTurn, type SlotTurn } from './slot-turn.ts';
import { whatStands } from './what-stands.ts';

/** How soon to look again after a removal was accepted: the cloud needs a moment, and the holder waits for the truth. */
const LOOK_AGAIN_MS = 500;
/** And that an account knows what others have written, which takes AWS seconds. */
const TOLD_ANEW_MS = 2_000;
/** So much longer than its proof takes an end waits for that: whoever wrote may have died before the account was told, or that has failed. */
const TOLD_WITHIN_MS = 90_000;

/**
 * Takes a claimed grant from `activating`, `active` or `ending` towards `ended`, and is called again until it gets there.
 *
 * Look; if the access is still possible, take it away (by the next rung after several failures that it may mend) and look again later. What the cloud is
 * taking away in its own time has not failed: that counts as no attempt until the method's settle time is over.
 * Only absence that has been seen for longer than an abandoned call can still land, or that holds by construction, is proof.
 */
export async function end(ports: StepPorts, claimed: GrantRecord, late: boolean): Promise<void> {
  const grant =
    claimed.state.kind === 'ending' ? claimed : await record(ports, claimed, [{ event: { kind: 'expire' }, late }]);
  if (grant === null || grant.state.kind !== 'ending') return dropLease(ports.db, claimed.id, ports.owner);
  const ending: Ending = { cause: grant.state.cause, since: grant.state.since };

  const taken = await takeTurn(ports, grant, methodOf(ports.providers, grant).capabilities);
  if ('wait' in taken) return later(ports, grant, { at: taken.wait.until }, grant.attempts, null);
  const { turn } = taken;
  try {
    if (turn.others.present) return await leaveToOthers(ports, grant, turn, turn.others.endsAt, late);
    await lookAndRevoke(ports, grant, ending, turn, late);
  } finally {
    await turn.release();
  }
}

/**
 * Another live grant needs the shared slot: this grant is over, the binding stays. If a later end than that of the others may stand in
 * the cloud object, theirs is written first: it is what holds when everybody here is dead.
 */
async function leaveToOthers(
  ports: StepPorts,
  grant: GrantRecord,
  turn: SlotTurn,
  until: Instant,
  late: boolean,
): Promise<void> {
  const { provider } = methodOf(ports.providers, grant);
  if (turn.binding.writtenUntil !== null && turn.binding.writtenUntil > until) {
    const only = onlyWriter(ports, grant, 'provision');
    const note = async (): Promise<Instant | null> => {
      if (!(await only.take())) return null;
      const others = await turn.renew();
      if (others === null || !others.present || others.endsAt !== until) return null;
      await goAhead(ports, grant, 'move-end');
      return noteLeaving(ports, grant, turn, until);
    };
    try {
      const spec = { ...bindingSpec(grant), endsAt: until };
      const more = { alongside: alongside(ports, grant, 'never-waits') };
      const called = await dispatch(ports, note, (call) => provider.provision(spec, { ...call, ...more })).finally(
        only.release,
      );
      if (called === null && only.busy()) return await later(ports, grant, { inMs: WRITER_MS }, grant.attempts, null);
      if (called === null) return await dropLease(ports.db, grant.id, ports.owner);
      if (!called.value.usable) {
        // What ends the access at the earlier end may take the cloud a while, and until then the later one holds.
        await noteSettled(ports.db, { grant, owner: ports.owner }, turn.binding.unsettledUntil);
        throw new ProviderFault('conflict', 'The end that the others need does not show yet.');
      }
      const written = { until, unsettledBefore: turn.binding.unsettledUntil };
      await noteEndWritten(ports.db, { grant, owner: ports.owner }, written, called.value.native);
      await wakeUnsettled(ports.db, grant.slot);
    } catch (error) {
      const fault = asFault(error);
      if (fault === null) throw error;
      return await failedAttempt(ports, grant, 0, fault, false);
    }
  }
  await prove(ports, grant, { kind: 'observed', evidence: { neededByOthersUntil: toIso(until) } }, late);
}

/** The access was there before Curfew, and still is: the grant is over, the access is not, and somebody is told. */
async function leaveStanding(ports: StepPorts, grant: GrantRecord, native: JsonObject, late: boolean): Promise<void> {
  await raiseFinding(ports, grant, { finding: 'standing-access-remains' });
  await prove(ports, grant, { kind: 'observed', evidence: { ...native, standingAccessRemains: true } }, late, true);
}

async function lookAndRevoke(
  ports: StepPorts,
  grant: GrantRecord,
  ending: Ending,
  turn: SlotTurn,
  late: boolean,
): Promise<void> {
  const { capabilities } = methodOf(ports.providers, grant);
  const failures = grant.attempts === 0 ? 0 : turn.binding.failures;
  const rung = Math.min(capabilities.rungs.length - 1, Math.floor(failures / PACE.attemptsPerRung));
  let answered = false;
  /** A cloud that cannot be reached for a minute is no reason to take more away than is to end: only what a stronger means may mend counts. */
  const failed = async (fault: ProviderFault | null, counts: boolean): Promise<void> => {
    const counted = failures + (counts ? 1 : 0);
    if (counted !== turn.binding.failures) await noteFailures(ports.db, { grant, owner: ports.owner }, counted);
    await failedAttempt(ports, grant, rung, fault, answered);
  };
  try {
    let { seen, beganAt, heldBack } = await look(ports, grant, turn, ending, ports.claimed);
    const { abandonedCallMs, settleMs } = capabilities;
    const toldUntil = after(turn.binding.absentSince ?? beganAt, abandonedCallMs + TOLD_WITHIN_MS);
    if (isToldAnew(seen, turn) && beganAt < toldUntil)
      return await later(ports, grant, { inMs: TOLD_ANEW_MS }, grant.attempts, null);
    if (turn.binding.standing && (seen?.presence !== 'absent' || seen.standing === true)) {
      const stands = await whatStands(ports, grant, () => specInTurn(grant, turn));
      if (stands?.whose === 'theirs') return await leaveStanding(ports, grant, stands.native, late);
    }
    const edited = seen?.presence === 'present' && seen.endIsEdited === true ? seen.native : null;
    if (seen?.presence !== 'absent') {
      const revoked = await revoke(ports, grant, ending, rung, turn, isUnderWay(seen)).finally(() =>
        tellOfEditedEnd(ports, grant, edited),
      );
      if (revoked === 'claim-lost') return await dropLease(ports.db, grant.id, ports.owner);
      if (revoked === 'somebody-writes-there')
        return await later(ports, grant, { inMs: WRITER_MS }, grant.attempts, null);
      answered = true;
      ({ seen, beganAt, heldBack } = await look(ports, grant, turn, ending, revoked.noted));
    }
    if (isUnderWay(seen) && beganAt < after(ending.since, settleMs))
      return await later(ports, grant, { inMs: LOOK_AGAIN_MS }, grant.attempts, null);
    if (seen?.presence !== 'absent') return await failed(heldBack, seen !== null);
    const provenAt = await proofTime(ports, grant, seen, answered);
    if (provenAt === 'claim-lost') return await dropLease(ports.db, grant.id, ports.owner);
    // What is seen may be as old as the beginning of the look: a call that lands while the answer is on its way does not show in it.
    if (provenAt !== null && beganAt < provenAt)
      return await later(ports, grant, { at: provenAt }, grant.attempts, null);
    await tellOfResidual(ports, grant, seen.residual);
    const stays = seen.standing === true ? { standingAccessRemains: true } : {};
    // Theirs came beside ours, or before it and unseen: only the grant is over.
    if (seen.standing === true) await raiseFinding(ports, grant, { finding: 'standing-access-remains' });
    const evidence = { ...seen.evidence, ...stays };
    const over = await prove(ports, grant, { kind: seen.proof, evidence }, late, turn.shared);
    if (over) await forget(ports, grant, turn);
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    await failed(fault, mayBeMended(fault, grant.attempts));
  }
}

/**
 * It was seen gone, and others write there since: what they write denies it as well, and no call of ours is missing. One would begin the wait
 * for its proof anew, for as long as others write.
 */
function isToldAnew(seen: Observation | null, { binding }: SlotTurn): boolean {
  return seen?.presence === 'present' && seen.underWay === 'denying' && binding.absentSince !== null;
}

function isUnderWay(seen: Observation | null): boolean {
  return seen?.presence === 'present' && seen.underWay !== undefined;
}

/** From when on a look that begins shows with absence that the access is gone for good; `null`: this one did. */
async function proofTime(
  ports: StepPorts,
  grant: GrantRecord,
  seen: Extract<Observation, { presence: 'absent' }>,
  answered: boolean,
): Promise<Instant | null | 'claim-lost'> {
  if (seen.final) return null;
  if (seen.finalAt !== undefined) return seen.finalAt;
  const since = await noteAbsence(ports.db, { grant, owner: ports.owner }, answered);
  const { abandonedCallMs } = methodOf(ports.providers, grant).capabilities;
  return since === null ? 'claim-lost' : after(since, abandonedCallMs);
}

/** Takes the access away, as the only writer where the cloud has no conditional write. Throws faults. */
async function revoke(
  ports: StepPorts,
  grant: GrantRecord,
  ending: Ending,
  rung: number,
  turn: SlotTurn,
  isUnderWay: boolean,
): Promise<{ readonly noted: Heard | null } | 'claim-lost' | 'somebody-writes-there'> {
  const { provider } = methodOf(ports.providers, grant);
  const spec = specInTurn(grant, turn);
  const act = endsByItself(grant, ending.cause) ? 'expire' : 'end-early';
  const only = onlyWriter(ports, grant, act);
  let noted: Heard | null = null;
  const note = async (): Promise<Instant | null> => {
    if (!(await only.take())) return null;
    const others = await turn.renew();
    // Somebody began to need it while we looked.
    if (others === null || others.present) return null;
    // A removal that is under way was counted when it began, with the looks that it takes.
    if (!isUnderWay) await goAhead(ports, grant, act);
    const now = await noteLeaving(ports, grant, turn, null);
    if (now !== null) noted = heard(ports, now);
    return now;
  };
  try {
    const known = {
      issued: () => credentialsOf(ports.db, grant.id),
      alongside: alongside(ports, grant, 'never-waits'),
    };
    const called = await dispatch(ports, note, (call) => provider.revoke(spec, ending, rung, { ...call, ...known }));
    if (called !== null) return { noted };
    return only.busy() ? 'somebody-writes-there' : 'claim-lost';
  } finally {
    await only.release();
  }
}

interface Look {
  readonly seen: Observation | null;
  readonly beganAt: Instant;
  /** Why it was not looked, where nothing has failed. */
  readonly heldBack: ProviderFault | null;
}

/**
 * Looks in the cloud, and says when the look began. A fault while looking must not keep us from taking away, so it counts as "cannot say"
 * (`seen` is `null`). `last`: what the database told last of the time. On a shared slot it is asked: providers remember since when others
 * are gone there.
 */
async function look(
  ports: StepPorts,
  grant: GrantRecord,
  turn: SlotTurn,
  ending: Ending,
  last: Heard | null,
): Promise<Look> {
  const { provider } = methodOf(ports.providers, grant);
  const beganAt = await beginningAt(ports, turn.shared ? null : last);
  try {
    const time = deadline(ports.clock, PACE.callTimeoutMs);
    const call = { now: beganAt, ...time, issued: () => credentialsOf(ports.db, grant.id) };
    return { seen: await provider.observe(specInTurn(grant, turn), ending, call), beganAt, heldBack: null };
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'could not look whether access is gone');
    return { seen: null, beganAt, heldBack: fault.heldBack ? fault : null };
  }
}

/**
 * Not gone yet: try again for ever, and tell somebody ever louder. What waits for its turn behind other calls of ours has not failed until the
 * method's settle time is over: many that end at once are no alarm each.
 */
async function failedAttempt(
  ports: StepPorts,
  grant: GrantRecord,
  rung: number,
  fault: ProviderFault | null,
  answered: boolean,
): Promise<void> {
  invariant(grant.state.kind === 'ending', `grant ${grant.id} is not ending`);
  const { settleMs } = methodOf(ports.providers, grant).capabilities;
  if (fault?.heldBack === true && (await appNow(ports.db)) < after(grant.state.since, settleMs))
    return await later(ports, grant, { inMs: backoffMs(0, fault.retryAfterMs, ports.random) }, grant.attempts, fault);
  const attempts = grant.attempts + 1;
  const delayMs =
    answered && fault === null ? LOOK_AGAIN_MS : backoffMs(grant.attempts, fault?.retryAfterMs ?? null, ports.random);
  const found = { finding: 'access-not-provably-gone' as const, attempts, rung };
  const facts = { ...found, ...(fault === null ? {} : faultFacts(fault)) };
  ports.log.error({ grant: grant.id, ...facts }, 'access is not provably gone yet');
  // Before the claim is given back, so that the alarm of this attempt is not lost with it.
  if (PACE.alarmAt.some((limit) => limit === attempts) || attempts % PACE.alarmEvery === 0)
    await raiseFinding(ports, grant, facts);
  await later(ports, grant, { inMs: delayMs }, attempts, fault);
}

async function later(
  ports: StepPorts,
  grant: GrantRecord,
  due: LookAgain,
  attempts: number,
  fault: ProviderFault | null,
) {
  invariant(grant.state.kind === 'ending', `grant ${grant.id} is not ending`);
  const lastFault = fault === null ? null : `${fault.kind}: ${fault.message}`.slice(0, 500);
  // Where credentials carry their end it proves itself: never sleep past it.
  const next = { due: { ...due, notPast: grant.state.boundUntil }, attempts, lastFault };
  await releaseLease(ports.db, grant, ports.owner, next);
}
