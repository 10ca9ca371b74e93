import { createHash } from 'node:crypto';
import type { GrantEvent } from '../core/grant.ts';
import type { JsonObject } from '../core/json.ts';
import type { Proof } from '../core/proof.ts';
import { toIso, type Instant } from '../core/time.ts';
import { deadline } from '../platform/clock.ts';
import type { CredentialRecord } from '../store/credentials.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { dropLease } from '../store/leases.ts';
import { methodOf } from './binding-spec.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type StepPorts } from './ports.ts';
import { record } from './record.ts';
import { specInTurn, type SlotTurn } from './slot-turn.ts';

/**
 * Writes down that a grant is over, with what was seen of it and what was handed out under it. False: its claim was lost.
 * `leavesSlot`: nothing of ours stands in its slot any more.
 */
export async function prove(
  ports: StepPorts,
  grant: GrantRecord,
  seen: { kind: Proof['kind']; evidence: Proof['evidence'] },
  late: boolean,
  leavesSlot = false,
): Promise<boolean> {
  const { endsAt, boundUntil } = grant;
  const evidence = {
    ...seen.evidence,
    // An extension was on its way and was never confirmed: until then it could have lasted if nobody had been there.
    ...(endsAt !== null && boundUntil !== null && boundUntil > endsAt ? { boundUntil: toIso(boundUntil) } : {}),
  };
  const event = (at: Instant, handedOut: readonly CredentialRecord[]): GrantEvent => {
    const credentials = summaryOf(handedOut);
    return { kind: 'prove-gone', proof: { kind: seen.kind, at, evidence: { ...evidence, credentials } } };
  };
  // What is over has no claim.
  const over = await record(ports, grant, [{ event, late, leavesSlot }]);
  if (over === null) await dropLease(ports.db, grant.id, ports.owner);
  return over !== null;
}

/**
 * Takes back what was written for whoever would have ended the access without us, while it is still this grant's turn: what another one writes
 * there must stay. The grant is over whatever becomes of it, so what fails is left to `tidy`.
 */
export async function forget(ports: StepPorts, grant: GrantRecord, turn: SlotTurn): Promise<void> {
  const { provider } = methodOf(ports.providers, grant);
  if (provider.forget === undefined || !turn.shared) return;
  try {
    // The time for it runs from before the turn is renewed, which lasts longer: whoever stood still in between forgets nothing.
    const time = deadline(ports.clock, PACE.callTimeoutMs);
    const others = await turn.renew();
    if (others === null || others.present) return;
    const now = await appNow(ports.db);
    if (time.isOver()) return;
    await provider.forget(specInTurn(grant, turn), { now, ...time });
  } catch (error) {
    const fault = asFault(error);
    // Also a database that does not answer: nothing of the grant is left to be done here.
    const facts = fault === null ? { error: String(error) } : faultFacts(fault);
    ports.log.warn({ grant: grant.id, ...facts }, 'could not forget what was written beside an access that is over');
  }
}

/**
 * What was handed out under a grant, in a few words however much it was: each credential has an entry of its own, and the digest
 * (SHA-256 over `fingerprint\n` of each, sorted) says that these are all.
 */
function summaryOf(credentials: readonly CredentialRecord[]): JsonObject {
  const fingerprints = credentials.map((one) => one.fingerprint).sort();
  const digest = createHash('sha256').update(fingerprints.map((one) => `${one}\n`).join(''));
  const lastExpiresAt = credentials.reduce<Instant | null>(
    (last, { expiresAt }) => (last === null || expiresAt > last ? expiresAt : last),
    null,
  );
  return {
    count: credentials.length,
    digest: digest.digest('hex'),
    lastExpiresAt: lastExpiresAt === null ? null : toIso(lastExpiresAt),
    policyHashes: [...new Set(credentials.flatMap((one) => one.policyHash ?? []))].slice(0, 10),
  };
}
