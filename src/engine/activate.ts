import { needsBinding } from '../core/grant.ts';
import { after, type Instant } from '../core/time.ts';
import { ProviderFault, type FaultKind, type Provisioned } from '../providers/contract.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { isUntouched, noteCall, unnoteCall } from '../store/bindings.ts';
import { dropLease, releaseLease, renewLease } from '../store/leases.ts';
import { bindingSpec, methodOf } from './binding-spec.ts';
import { dispatch } from './dispatch.ts';
import { asFault } from './fault.ts';
import { backoffMs, faultFacts, PACE, type StepPorts } from './ports.ts';
import { record } from './record.ts';

/** Faults after which the cloud has certainly done nothing. */
const NOTHING_HAPPENED: ReadonlySet<FaultKind> = new Set(['throttled', 'unreachable', 'forbidden-to-us', 'invalid']);
/** Faults that another attempt cannot mend. */
const HOPELESS: ReadonlySet<FaultKind> = new Set(['invalid', 'target-gone', 'clock-skew']);

/**
 * Takes a claimed grant from `scheduled` or `activating` towards `active`.
 *
 * The order is what makes a crash harmless: decide again; write `activating` with the absolute end and the intent to call;
 * only then call; then write what was seen. Whoever takes over a grant in `activating` does not know whether a call that was
 * noted happened, so it looks before it calls again. True: it is active, and nothing is left to do before its end.
 */
export async function activate(ports: StepPorts, claimed: GrantRecord): Promise<boolean> {
  const fresh = claimed.state.kind === 'scheduled';
  if (fresh && !(await allowed(ports, claimed))) {
    await dropLease(ports.db, claimed.id, ports.owner);
    return false;
  }
  const untouched = fresh || (await isUntouched(ports.db, claimed.slot));
  let grant = claimed;
  const note = async (): Promise<Instant | null> => {
    if (!fresh) return noteAnotherCall(ports, grant);
    const call = { kind: 'leaving', callTimeoutMs: PACE.callTimeoutMs } as const;
    const started = await record(ports, claimed, [
      { event: { kind: 'start', durationMs: claimed.durationMs, latestEndAt: null }, call },
    ]);
    grant = started ?? claimed;
    return started?.activatedAt ?? null;
  };
  try {
    const provisioned = await provide(ports, () => grant, untouched, note);
    if (provisioned === null) {
      await dropLease(ports.db, grant.id, ports.owner);
      return false;
    }
    if (provisioned.usable) {
      const { credentials } = provisioned;
      const facts = { fingerprints: credentials.map((one) => one.fingerprint) };
      const call = { kind: 'answered' } as const;
      const active = await record(ports, grant, [{ event: { kind: 'usable' }, facts, credentials, call }]);
      // An active grant has no claim; one that was taken back meanwhile still has ours.
      if (active === null) await dropLease(ports.db, grant.id, ports.owner);
      return active !== null;
    }
    await tryLater(ports, grant, new ProviderFault('conflict', 'The access is not usable yet.'), false);
  } catch (error) {
    const fault = asFault(error);
    if (fault === null) throw error;
    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'providing a grant did not succeed');
    await tryLater(ports, grant, fault, untouched && NOTHING_HAPPENED.has(fault.kind));
  }
  return false;
}

/** Decides again before the clock starts; a grant that is refused now is over. */
async function allowed(ports: StepPorts, grant: GrantRecord): Promise<boolean> {
  const verdict = await ports.recheck(grant);
  if (verdict.ok) return true;
  const { code, text } = verdict.refusal;
  ports.log.warn({ grant: grant.id, code }, 'a grant was refused at its start');
  await record(ports, grant, [{ event: { kind: 'fail' }, facts: { refusal: code, text } }]);
  return false;
}

async function noteAnotherCall(ports: StepPorts, grant: GrantRecord): Promise<Instant | null> {
  const now = await renewLease(ports.db, grant, ports.owner, PACE.leaseMs);
  if (now !== null) await noteCall(ports.db, grant.slot, 0, PACE.callTimeoutMs);
  return now;
}

/** Makes the access exist. `null`: the claim was lost before anything was called. `grant` is read after `note`, which starts its clock. */
async function provide(
  ports: StepPorts,
  grant: () => GrantRecord,
  untouched: boolean,
  note: () => Promise<Instant | null>,
): Promise<Provisioned | null> {
  const { provider } = methodOf(ports.providers, grant());
  if (!untouched) {
    const call = { now: await appNow(ports.db), signal: ports.clock.timeout(PACE.callTimeoutMs) };
    const seen = await provider.observe(bindingSpec(grant()), null, call);
    if (seen.presence === 'present' && seen.usable)
      return { usable: true, native: seen.native, credentials: seen.credentials ?? [] };
  }
  const called = await dispatch(ports, note, (call) => provider.provision(bindingSpec(grant()), call));
  return called?.value ?? null;
}

/** Schedules the next attempt, or gives the grant up when the settle time is over or no attempt can help. */
async function tryLater(ports: StepPorts, grant: GrantRecord, fault: ProviderFault, untouched: boolean): Promise<void> {
  const { activatedAt, endsAt } = grant;
  if (!needsBinding(grant.state) || activatedAt === null || endsAt === null)
    return dropLease(ports.db, grant.id, ports.owner);
  const { capabilities } = methodOf(ports.providers, grant);
  const now = await appNow(ports.db);
  if (HOPELESS.has(fault.kind) || now >= after(activatedAt, capabilities.settleMs)) {
    const failing = { event: { kind: 'fail' as const }, facts: faultFacts(fault) };
    const proof = { kind: 'never-provisioned' as const, at: now, evidence: faultFacts(fault) };
    await record(ports, grant, untouched ? [failing, { event: { kind: 'prove-gone', proof } }] : [failing]);
    return dropLease(ports.db, grant.id, ports.owner);
  }
  if (untouched) await unnoteCall(ports.db, grant, ports.owner);
  const dueAt = after(now, backoffMs(grant.attempts, fault.retryAfterMs, ports.random));
  await releaseLease(ports.db, grant, ports.owner, {
    dueAt: dueAt < endsAt ? dueAt : endsAt,
    attempts: grant.attempts + 1,
    lastFault: `${fault.kind}: ${fault.message}`.slice(0, 500),
  });
}
