import { needsBinding, type GrantState } from '../core/grant.ts';
import type { JsonObject } from '../core/json.ts';
import type { Desired } from '../core/slot.ts';
import { after, type Instant } from '../core/time.ts';
import { ProviderFault, type FaultKind, type Provisioned } from '../providers/contract.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { noteSettled, noteStanding, unnoteCall } from '../store/bindings.ts';
import { dropLease, releaseLease, renewLease, type LookAgain } from '../store/leases.ts';
import { WRITES_THERE } from '../store/slot-grants.ts';
import { alongside } from './alongside.ts';
import { bindingSpec, methodOf, plannedSpec } from './binding-spec.ts';
import { dispatch } from './dispatch.ts';
import { asFault, HOPELESS } from './fault.ts';
import { onlyWriter, WRITER_MS } from './only-writer.ts';
import { backoffMs, faultFacts, PACE, type StepPorts } from './ports.ts';
import { goAhead, waitsForQuota } from './quota.ts';
import { noteAltered, record } from './record.ts';
import { latest, leaving, noteLeaving, takeTurn, type SlotTurn } from './slot-turn.ts';
import { whatStands } from './what-stands.ts';

/** Faults of a call that has certainly done nothing in the cloud. */
const NOTHING_HAPPENED: ReadonlySet<FaultKind> = new Set(['throttled', 'unreachable', 'forbidden-to-us', 'invalid']);
/** Looks at a shared slot that may fail before a start is given up: about a minute and a half. */
const MOST_LOOKS = 9;

/**
 * Takes a claimed grant from `scheduled` or `activating` towards `active`.
 *
 * The order is what makes a crash harmless: decide again; write `activating` with the absolute end and the intent to call;
 * only then call; then write what was seen. Whoever takes over a grant in `activating` does not know whether a call that was
 * noted happened, so it looks before it calls again. What a restored database tells of is taken up like that.
 * True: it is active, and nothing is left to do before its end.
 */
export async function activate(ports: StepPorts, claimed: GrantRecord): Promise<boolean> {
  const fresh = claimed.state.kind === 'scheduled';
  // At every attempt: whoever can write in the database can write `activating` as well, and nothing in a row is a reason to call.
  if (!(await allowed(ports, claimed))) {
    await dropLease(ports.db, claimed.id, ports.owner);
    return false;
  }
  const placeAt = fresh ? await waitsForQuota(ports, claimed) : null;
  if (placeAt !== null) {
    const next = {
      due: { at: placeAt },
      attempts: claimed.attempts,
      lastFault: 'waiting: the cloud takes only so many calls',
    };
    await releaseLease(ports.db, claimed, ports.owner, { ...next, cellAt: placeAt });
    return false;
  }
  const { capabilities } = methodOf(ports.providers, claimed);
  const taken = await takeTurn(ports, claimed, capabilities);
  if ('wait' in taken) {
    const { until, why } = taken.wait;
    const next = { due: { at: until }, attempts: claimed.attempts, lastFault: `waiting: ${why}` };
    // It has its place in the rate, and does not pay for it again at every look.
    await releaseLease(ports.db, claimed, ports.owner, { ...next, cellAt: claimed.cellAt ?? until });
    return false;
  }
  try {
    return await activateInTurn(ports, claimed, taken.turn);
  } finally {
    await taken.turn.release();
  }
}

async function activateInTurn(ports: StepPorts, claimed: GrantRecord, turn: SlotTurn): Promise<boolean> {
  const fresh = claimed.state.kind === 'scheduled';
  let grant = claimed;
  let left = false;
  let untouched = (fresh && !turn.shared) || turn.binding.lastCallAt === null;
  const settle = async (native?: JsonObject): Promise<void> => {
    if (!turn.shared || !left) return;
    await noteSettled(ports.db, { grant, owner: ports.owner }, turn.binding.unsettledUntil, native);
  };
  try {
    const standing =
      turn.shared && (fresh || claimed.lookFirst ? await standsAlready(ports, claimed, turn) : turn.binding.standing);
    if (standing === 'claim-lost') {
      await dropLease(ports.db, claimed.id, ports.owner);
      return false;
    }
    if (standing === true) return await beginOnStanding(ports, claimed);
    // What a forgotten grant has left there is no less access for being forgotten: whatever this start comes to, an end has to look.
    if (standing === 'left-by-us') untouched = false;
    const only = onlyWriter(ports, claimed, 'provision');
    const note = async (): Promise<Noted | null> => {
      if (!(await only.take())) return null;
      const others = await turn.renew();
      if (others === null) return null;
      const noted = await (fresh
        ? noteStart(ports, claimed, turn, others)
        : noteAnotherCall(ports, grant, turn, others));
      grant = noted?.grant ?? claimed;
      left = noted !== null;
      return noted;
    };
    const provisioned = await provide(ports, () => grant, { untouched, shared: turn.shared }, note).finally(
      only.release,
    );
    if (provisioned === null) {
      await (only.busy() ? waitForWriter(ports, claimed) : dropLease(ports.db, grant.id, ports.owner));
      return false;
    }
    if (provisioned.usable) {
      const { credentials, native, until, residual } = provisioned;
      const facts = { fingerprints: credentials.map((one) => one.fingerprint) };
      const shared = { until, unsettledBefore: turn.binding.unsettledUntil };
      const call = { kind: 'answered', native, ...(turn.shared ? { shared } : {}) } as const;
      const active = await record(ports, grant, [{ event: { kind: 'usable' }, facts, credentials, call, residual }]);
      // An active grant has no claim; one that was taken back meanwhile still has ours.
      if (active === null) await dropLease(ports.db, grant.id, ports.owner);
      return active !== null;
    }
    await settle(provisioned.native);
    const { unseen } = provisioned;
    const why = unseen === undefined ? 'is not usable yet.' : `was given, and cannot be seen yet: ${unseen}`;
    await tryLater(ports, grant, new ProviderFault('conflict', `The access ${why}`), false);
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'providing a grant did not succeed');
    // Whatever was called was answered, with a refusal at last.
    if (fault.kind !== 'unknown-outcome') await settle();
    await tryLater(ports, grant, fault, untouched && !fault.hasWritten && NOTHING_HAPPENED.has(fault.kind));
  }
  return false;
}

async function waitForWriter(ports: StepPorts, grant: GrantRecord): Promise<void> {
  await lookAgain(ports, grant, { inMs: WRITER_MS }, grant.attempts, `waiting: ${WRITES_THERE}`);
}

/** Decides again before anything is called; a grant that is refused now is over, or ends with a proof if its clock has started. */
async function allowed(ports: StepPorts, grant: GrantRecord): Promise<boolean> {
  const verdict = await ports.recheck(grant);
  if (verdict.ok) return true;
  const { code, text } = verdict.refusal;
  ports.log.warn({ grant: grant.id, code }, 'a grant was refused at its start');
  await noteAltered(ports, grant, code);
  await record(ports, grant, [{ event: { kind: 'fail' }, facts: { refusal: code, text } }]);
  return false;
}

/**
 * Whether the access stands in a shared slot already and is not ours: seen before the first grant there writes anything, and by everybody who
 * begins on it after that, because whoever gave it may have taken it away. What was there before is used as it is and never removed; what a
 * grant gave that a restored database does not know is ours, and ends with whoever begins there now.
 */
async function standsAlready(
  ports: StepPorts,
  grant: GrantRecord,
  turn: SlotTurn,
): Promise<boolean | 'left-by-us' | 'claim-lost'> {
  const { others, binding } = turn;
  if (!binding.standing && (others.present || binding.lastCallAt !== null)) return false;
  const stands = await whatStands(ports, grant, (now) => plannedSpec(grant, now));
  const theirs = stands?.whose === 'theirs';
  if (!(await noteStanding(ports.db, { grant, owner: ports.owner }, theirs))) return 'claim-lost';
  return stands?.whose === 'left-by-us' ? 'left-by-us' : theirs;
}

/** Begins a grant whose access was there before: nothing is called, and nothing will be removed. */
async function beginOnStanding(ports: StepPorts, grant: GrantRecord): Promise<boolean> {
  const facts = { standing: true };
  const usable = { event: { kind: 'usable' as const }, facts };
  const begun = grant.state.kind === 'scheduled' ? [{ event: startOf(grant), facts }, usable] : [usable];
  const active = await record(ports, grant, begun);
  if (active === null) await dropLease(ports.db, grant.id, ports.owner);
  return active !== null;
}

function startOf(grant: GrantRecord) {
  return { kind: 'start', durationMs: grant.durationMs, latestEndAt: null } as const;
}

/** What a call that writes was noted with: the grant as it stands, when the call may leave, and the end that it writes. */
interface Noted {
  readonly grant: GrantRecord;
  readonly at: Instant;
  readonly until: Instant;
}

/** Starts the clock of a grant and notes its first call. */
async function noteStart(
  ports: StepPorts,
  claimed: GrantRecord,
  turn: SlotTurn,
  others: Desired,
): Promise<Noted | null> {
  const call = (state: GrantState) =>
    leaving(ports, claimed, turn, 'endsAt' in state ? latest(state.endsAt, others) : null);
  const started = await record(ports, claimed, [{ event: startOf(claimed), call }]);
  if (started?.activatedAt == null || started.endsAt === null) return null;
  return { grant: started, at: started.activatedAt, until: latest(started.endsAt, others) };
}

async function noteAnotherCall(
  ports: StepPorts,
  grant: GrantRecord,
  turn: SlotTurn,
  others: Desired,
): Promise<Noted | null> {
  await goAhead(ports, grant, 'provision');
  if (grant.endsAt === null) return null;
  const until = latest(grant.endsAt, others);
  const at = await noteLeaving(ports, grant, turn, until);
  return at === null ? null : { grant, at, until };
}

/** Makes the access exist. `null`: the claim was lost before anything was called. `grant` is read after `note`, which starts its clock. */
async function provide(
  ports: StepPorts,
  grant: () => GrantRecord,
  slot: { readonly untouched: boolean; readonly shared: boolean },
  note: () => Promise<Noted | null>,
): Promise<(Provisioned & { readonly until: Instant }) | null> {
  const { provider } = methodOf(ports.providers, grant());
  // What another grant has made on a shared slot may carry an earlier end, so it is always written again.
  if (!slot.untouched && !slot.shared) {
    // Looking may open a session, so it needs the claim as well: a node that stood still must not look for a grant that is over.
    const claimed = () => renewLease(ports.db, grant(), ports.owner, PACE.leaseMs);
    const looked = await dispatch(ports, claimed, (call) => provider.observe(bindingSpec(grant()), null, call));
    if (looked === null) return null;
    const seen = looked.value;
    if (seen.presence === 'present' && seen.usable) {
      const spec = bindingSpec(grant());
      return { usable: true, native: seen.native, credentials: seen.credentials ?? [], until: spec.endsAt };
    }
  }
  let noted: Noted | null = null;
  const leave = async () => {
    noted = await note();
    return noted?.at ?? null;
  };
  const endsAt = () => (noted as Noted | null)?.until ?? bindingSpec(grant()).endsAt;
  const called = await dispatch(ports, leave, (call) =>
    provider.provision(
      { ...bindingSpec(grant()), endsAt: endsAt() },
      { ...call, alongside: alongside(ports, grant(), 'needs-the-log') },
    ),
  );
  return called === null ? null : { ...called.value, until: endsAt() };
}

/** Schedules the next attempt, or gives the grant up when the settle time is over or no attempt can help. */
async function tryLater(ports: StepPorts, grant: GrantRecord, fault: ProviderFault, untouched: boolean): Promise<void> {
  const { activatedAt, endsAt } = grant;
  const { capabilities } = methodOf(ports.providers, grant);
  const now = await appNow(ports.db);
  // Who waits for their turn behind others of ours, with their time running, has not failed, and comes back before those who come later.
  const isHeldBack = fault.heldBack && grant.state.kind !== 'scheduled';
  const dueAt = after(now, backoffMs(isHeldBack ? 0 : grant.attempts, fault.retryAfterMs, ports.random));
  const lastFault = `${fault.kind}: ${fault.message}`.slice(0, 500);
  if (grant.state.kind === 'scheduled') {
    // Its clock has not started: nothing was called, and nothing runs out. But nobody gets on Thursday what they asked for on Monday.
    if (!HOPELESS.has(fault.kind) && grant.attempts < MOST_LOOKS)
      return lookAgain(ports, grant, { at: dueAt }, grant.attempts + 1, lastFault);
    await record(ports, grant, [{ event: { kind: 'fail' }, facts: faultFacts(fault) }]);
    return dropLease(ports.db, grant.id, ports.owner);
  }
  if (!needsBinding(grant.state) || activatedAt === null || endsAt === null)
    return dropLease(ports.db, grant.id, ports.owner);
  if (HOPELESS.has(fault.kind) || now >= after(activatedAt, capabilities.settleMs)) {
    // Once, and only for want of time: what another attempt cannot mend is not tried again.
    const triesAgain = !HOPELESS.has(fault.kind) && grant.retryOf === null;
    const facts = { ...faultFacts(fault), ...(triesAgain ? { triesAgain } : {}) };
    const failing = { event: { kind: 'fail' as const }, facts, triesAgain };
    const proof = { kind: 'never-provisioned' as const, at: now, evidence: faultFacts(fault) };
    const leavesSlot = capabilities.slot === 'shared';
    await record(ports, grant, untouched ? [failing, { event: { kind: 'prove-gone', proof }, leavesSlot }] : [failing]);
    return dropLease(ports.db, grant.id, ports.owner);
  }
  if (untouched) await unnoteCall(ports.db, { grant, owner: ports.owner });
  const attempts = isHeldBack ? Math.max(1, grant.attempts) : grant.attempts + 1;
  await lookAgain(ports, grant, { at: dueAt < endsAt ? dueAt : endsAt }, attempts, lastFault);
}

async function lookAgain(ports: StepPorts, grant: GrantRecord, due: LookAgain, attempts: number, lastFault: string) {
  // What has not begun has its place in the rate, which it found at once: it does not pay for another one.
  const cellAt = grant.state.kind === 'scheduled' ? { cellAt: grant.cellAt ?? grant.startsAt } : {};
  await releaseLease(ports.db, grant, ports.owner, { due, attempts, lastFault, ...cellAt });
}
