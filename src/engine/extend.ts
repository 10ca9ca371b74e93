import type { Extension } from '../core/grant.ts';
import type { JsonObject } from '../core/json.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import { ProviderFault, type MethodCapabilities, type Provisioned } from '../providers/contract.ts';
import { findBinding, noteStanding } from '../store/bindings.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { dropLease, releaseLease, type LookAgain } from '../store/leases.ts';
import { WRITES_THERE } from '../store/slot-grants.ts';
import { alongside } from './alongside.ts';
import { bindingSpec, methodOf } from './binding-spec.ts';
import { dispatch } from './dispatch.ts';
import { asFault, HOPELESS } from './fault.ts';
import { onlyWriter, WRITER_MS } from './only-writer.ts';
import { backoffMs, faultFacts, PACE, type StepPorts } from './ports.ts';
import { goAhead } from './quota.ts';
import { noteAltered, record } from './record.ts';
import { latest, noteLeaving, takeTurn, type SlotTurn } from './slot-turn.ts';
import { whatStands } from './what-stands.ts';

/** What was live before a restore is looked at within seconds. */
const LOOKED_AT_MS = 1_000;
const LOOKED_AT_FIRST = 'waiting: the cloud is looked at first, because the database was restored';

/**
 * Moves the end of a claimed, active grant to the later one that was decided, without a gap.
 *
 * The order makes a crash harmless: decide again; note that the later end leaves, which from then on is the bound; write it into the
 * cloud; and only when the cloud has it, acknowledge it. Until then the old end holds: the claim never outlives it, and an extension that
 * has not arrived by then lapses with the grant. Whoever takes the grant over writes the same end again.
 */
export async function extend(ports: StepPorts, claimed: GrantRecord): Promise<void> {
  const extension = claimed.state.kind === 'active' ? claimed.state.extension : null;
  if (extension === null) return dropLease(ports.db, claimed.id, ports.owner);
  // What has ended in the time that a restored database has lost is not made anew by a later end.
  if (claimed.lookFirst) return lookAgain(ports, claimed, { inMs: LOOKED_AT_MS }, claimed.attempts, LOOKED_AT_FIRST);
  if (!(await allowed(ports, claimed, extension))) return;
  const { capabilities } = methodOf(ports.providers, claimed);
  const settledAt = await earlierCallsOver(ports, claimed, extension, capabilities);
  if (settledAt !== null)
    return lookAgain(ports, claimed, { at: settledAt }, claimed.attempts, 'waiting: an earlier call may still land');
  const taken = await takeTurn(ports, claimed, capabilities);
  if ('wait' in taken) {
    const { until, why } = taken.wait;
    return lookAgain(ports, claimed, { at: until }, claimed.attempts, `waiting: ${why}`);
  }
  try {
    await extendInTurn(ports, claimed, extension, taken.turn);
  } finally {
    await taken.turn.release();
  }
}

/** Decides again before every attempt; what is refused now is not to be, and the grant keeps its end. */
async function allowed(ports: StepPorts, grant: GrantRecord, extension: Extension): Promise<boolean> {
  const verdict = await ports.recheck(grant);
  if (verdict.ok) return true;
  const { code, text } = verdict.refusal;
  ports.log.warn({ grant: grant.id, code }, 'an extension was refused before it was written');
  await noteAltered(ports, grant, code);
  await drop(ports, grant, extension, { refusal: code, text });
  return false;
}

/**
 * Until when a call that wrote an earlier end may still land, and write it over a later one; `null`: none may. Calls that write this very
 * end do no harm.
 */
async function earlierCallsOver(
  ports: StepPorts,
  grant: GrantRecord,
  { until }: Extension,
  { endsApart, abandonedCallMs }: MethodCapabilities,
): Promise<Instant | null> {
  if (endsApart === true || (grant.boundUntil !== null && grant.boundUntil >= until)) return null;
  const { lastCallAt } = await findBinding(ports.db, grant.slot);
  if (lastCallAt === null) return null;
  const over = after(lastCallAt, abandonedCallMs);
  return over > (await appNow(ports.db)) ? over : null;
}

async function extendInTurn(
  ports: StepPorts,
  claimed: GrantRecord,
  extension: Extension,
  turn: SlotTurn,
): Promise<void> {
  let grant = claimed;
  const said = (kind: 'grant.extending' | 'grant.extended') => ({ kind, request: extension.request });
  const begun = { event: { kind: 'write-extension' }, said: said('grant.extending') } as const;
  const done = { event: { kind: 'extended' }, said: said('grant.extended'), outcome: 'extended' } as const;
  const endsAt = toIso(extension.until);
  try {
    const standing = turn.shared && turn.binding.standing;
    const stands = standing ? await whatStands(ports, grant, () => bindingSpec(grant)) : null;
    if (stands?.whose === 'theirs') {
      // It was there before, and nothing of ours ends it: there is nothing to write.
      const facts = { standing: true };
      const recordings = [
        { ...begun, facts: { until: endsAt, ...facts } },
        { ...done, facts: { endsAt, ...facts } },
      ];
      if ((await record(ports, grant, recordings)) === null) await dropLease(ports.db, grant.id, ports.owner);
      return;
    }
    if (standing && !(await noteStanding(ports.db, { grant, owner: ports.owner }, false)))
      return await dropLease(ports.db, grant.id, ports.owner);
    let until = extension.until;
    const only = onlyWriter(ports, grant, 'provision');
    const note = async (): Promise<Instant | null> => {
      if (!(await only.take())) return null;
      const others = await turn.renew();
      if (others === null) return null;
      until = latest(extension.until, others);
      if (grant.boundUntil === null || grant.boundUntil < extension.until) {
        const noted = await record(ports, grant, [{ ...begun, facts: { until: endsAt } }]);
        if (noted === null) return null;
        grant = noted;
      }
      await goAhead(ports, grant, 'move-end');
      return noteLeaving(ports, grant, turn, until);
    };
    const { provider } = methodOf(ports.providers, grant);
    const more = { alongside: alongside(ports, grant, 'needs-the-log') };
    const called = await dispatch(
      ports,
      note,
      (call) => provider.provision({ ...bindingSpec(grant), endsAt: until }, { ...call, ...more }),
      Math.min(PACE.callTimeoutMs, await leftMs(ports, grant)),
    ).finally(only.release);
    if (called === null)
      return await (only.busy() ? waitForWriter(ports, grant) : dropLease(ports.db, grant.id, ports.owner));
    await acknowledge(ports, grant, { ...done, facts: { endsAt } }, called.value, turn, until);
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'writing a later end did not succeed');
    if (HOPELESS.has(fault.kind)) return drop(ports, grant, extension, faultFacts(fault));
    await tryLater(ports, grant, fault);
  }
}

/**
 * How much time the grant has left at least. A call is given up by then: whoever ends the grant counts from its end how long it may still
 * land. An answer of the database may be old when it comes.
 */
async function leftMs(ports: StepPorts, grant: GrantRecord): Promise<number> {
  const askedAt = ports.clock.now();
  const now = await appNow(ports.db);
  return Math.max(0, bindingSpec(grant).endsAt - now - (ports.clock.now() - askedAt));
}

async function waitForWriter(ports: StepPorts, grant: GrantRecord): Promise<void> {
  await lookAgain(ports, grant, { inMs: WRITER_MS }, grant.attempts, `waiting: ${WRITES_THERE}`);
}

/** The later end is the grant's from here on, if the cloud shows it. Throws a fault when it does not yet. */
async function acknowledge(
  ports: StepPorts,
  grant: GrantRecord,
  done: Parameters<typeof record>[2][number],
  { usable, native, credentials, residual }: Provisioned,
  turn: SlotTurn,
  until: Instant,
): Promise<void> {
  if (!usable) throw new ProviderFault('conflict', 'The later end does not show yet.');
  const facts = { ...done.facts, fingerprints: credentials.map((one) => one.fingerprint) };
  const shared = { until, unsettledBefore: turn.binding.unsettledUntil };
  const call = { kind: 'answered', native, ...(turn.shared ? { shared } : {}) } as const;
  const extended = await record(ports, grant, [{ ...done, facts, credentials, call, residual }]);
  if (extended === null) await dropLease(ports.db, grant.id, ports.owner);
}

/** The extension is not to be. What may have been written stays the bound, and the grant's own end takes it away. */
async function drop(
  ports: StepPorts,
  grant: GrantRecord,
  { request, until }: Extension,
  why: JsonObject,
): Promise<void> {
  const boundUntil = grant.boundUntil === null ? null : toIso(grant.boundUntil);
  const facts = { until: toIso(until), boundUntil, ...why };
  const said = { kind: 'grant.not-extended', request } as const;
  const event = { kind: 'drop-extension' } as const;
  const dropped = await record(ports, grant, [{ event, said, facts, outcome: 'refused' }]);
  if (dropped === null) await dropLease(ports.db, grant.id, ports.owner);
}

async function tryLater(ports: StepPorts, grant: GrantRecord, fault: ProviderFault): Promise<void> {
  const due = { inMs: backoffMs(grant.attempts, fault.retryAfterMs, ports.random) };
  await lookAgain(ports, grant, due, grant.attempts + 1, `${fault.kind}: ${fault.message}`.slice(0, 500));
}

/** Gives the claim back until `dueAt`, but never sleeps past the end. */
async function lookAgain(ports: StepPorts, grant: GrantRecord, due: LookAgain, attempts: number, lastFault: string) {
  const next = { due: { ...due, notAfter: bindingSpec(grant).endsAt }, attempts, lastFault };
  await releaseLease(ports.db, grant, ports.owner, next);
}
