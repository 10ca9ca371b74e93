import { transitionGrant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { EventKind } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import { deadline } from '../platform/clock.ts';
import { ProviderFault, type Ending } from '../providers/contract.ts';
import { credentialsOf } from '../store/credentials.ts';
import { appNow } from '../store/database.ts';
import { lockGrant, saveGrantState, type GrantRecord } from '../store/grants.ts';
import { activeToLookAt, saveLooked } from '../store/looks.ts';
import { boundSpec, methodOf } from './binding-spec.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type EnginePorts } from './ports.ts';
import { factsOf } from './record.ts';

type Ports = Pick<EnginePorts, 'db' | 'clock' | 'providers' | 'append' | 'publish' | 'log'>;

/** Looked at side by side: a restore must not use up what the cloud lets us ask. */
const AT_ONCE = 8;

/**
 * Holds what a restored database says of live grants against the cloud, once for each. What was given back or taken away in the time that is
 * lost is gone there, and is ended here as well; what is there stays. Where the cloud does not say, it is asked again. Needs no claim:
 * looking changes nothing, and what comes of it is written behind the grant's lock. Returns how many it looked at.
 */
export async function lookAfterRestore(ports: Ports, stopping: AbortSignal): Promise<number> {
  let looked = 0;
  for (let last: GrantId | null = null; !stopping.aborted;) {
    const grants = await activeToLookAt(ports.db, last, AT_ONCE);
    if (grants.length === 0) break;
    const outcomes = await Promise.all(grants.map((grant) => lookAt(ports, grant)));
    looked += outcomes.filter(Boolean).length;
    last = grants.at(-1)?.id ?? null;
  }
  return looked;
}

async function lookAt(ports: Ports, grant: GrantRecord): Promise<boolean> {
  try {
    const isGone = await isGoneInTheCloud(ports, grant);
    await write(ports, grant.id, isGone);
    return true;
  } catch (error) {
    const fault = asFault(error);
    const facts = fault === null ? { error: String(error) } : faultFacts(fault);
    ports.log.warn(
      { grant: grant.id, ...facts },
      'could not look whether access is there that a restored database tells of',
    );
    return false;
  }
}

/** Asked as one asks at an early end, which is what may have happened: for some methods only what denies it shows that it is over. */
async function isGoneInTheCloud(ports: Ports, grant: GrantRecord): Promise<boolean> {
  const { provider } = methodOf(ports.providers, grant);
  const now = await appNow(ports.db);
  const time = deadline(ports.clock, PACE.callTimeoutMs);
  const ending: Ending = { cause: 'revoked', since: now };
  const issued = () => credentialsOf(ports.db, grant.id);
  const seen = await provider.observe(boundSpec(grant), ending, { now, ...time, issued });
  if (time.isOver()) throw new ProviderFault('unreachable', 'The cloud did not answer in time.');
  return seen.presence === 'absent';
}

async function write(ports: Ports, id: GrantId, isGone: boolean): Promise<void> {
  const changed = await ports.db.transaction().execute(async (trx) => {
    const held = await lockGrant(trx, id);
    // Whoever ends it meanwhile looks for themselves.
    if (held === null || held.grant.state.kind !== 'active') return null;
    const { grant, now } = held;
    await saveLooked(trx, id);
    const next = isGone ? transitionGrant(grant.state, { kind: 'revoke' }, now) : null;
    if (next === null || !next.ok) return null;
    await saveGrantState(trx, id, next.value, now);
    const lapsed = await lapseWithGrants(trx, ports.append, [id], now);
    await ports.append(trx, {
      kind: `grant.${next.value.kind}` as EventKind,
      at: now,
      actor: { kind: 'system', id: 'engine' },
      subjects: { grant: id, request: grant.request, person: grant.person },
      facts: {
        ...factsOf(next.value),
        message: 'The cloud does not have it any more: it ended in the time that the database has lost.',
      },
    });
    return { lapsed, at: now };
  });
  if (changed === null) return;
  ports.log.warn({ grant: id }, 'access of which a restored database tells is gone; it is ended');
  ports.publish({ kind: 'grant', id, at: changed.at });
  for (const request of changed.lapsed) ports.publish({ kind: 'request', id: request, at: changed.at });
}
