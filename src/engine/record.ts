import type { Finding } from '../core/finding.ts';
import type { GrantEvent, GrantState } from '../core/grant.ts';
import { transitionGrant } from '../core/grant.ts';
import type { JsonObject } from '../core/json.ts';
import type { RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { EventKind } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import type { CredentialFacts, Residual } from '../providers/contract.ts';
import { newId } from '../platform/random.ts';
import { forgetBinding, type CallNote } from '../store/bindings.ts';
import { credentialsOf, insertCredential, type CredentialRecord } from '../store/credentials.ts';
import { appNow } from '../store/database.ts';
import { saveGrantState, saveResidual, saveTriesAgain, type GrantRecord } from '../store/grants.ts';
import { lockClaimed } from '../store/leases.ts';
import { saveExtensionOutcome, type ExtensionAsked } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { wakeUnsettled } from '../store/slot-grants.ts';
import { together } from '../store/together.ts';
import type { EnginePorts, StepPorts } from './ports.ts';
import { retryOnce } from './retry.ts';

/** What goes into the database and the ledger together with a transition. */
export interface Recording {
  /** What happened; or how it is said by the time of the transaction, with what had been handed out under the grant until then. */
  readonly event: GrantEvent | ((now: Instant, credentials: readonly CredentialRecord[]) => GrantEvent);
  /** What the entry says when it is not that the grant has come to another state, and the request that it is about. */
  readonly said?: { readonly kind: EventKind; readonly request: RequestId };
  /** What became of the extension that this is about. */
  readonly outcome?: NonNullable<ExtensionAsked['outcome']>;
  /** It failed because it was not usable in time, which another attempt may mend. */
  readonly triesAgain?: boolean;
  /** What can survive the end of this grant, as its provider said when the access was made. */
  readonly residual?: Residual | undefined;
  readonly facts?: JsonObject;
  readonly credentials?: readonly CredentialFacts[];
  /** A call that writes leaves right after this is committed, or the one that was noted before has been answered. */
  readonly call?: CallNote | ((state: GrantState) => CallNote);
  /** The shared slot is empty, or as it was found, as far as this grant knows. */
  readonly leavesSlot?: boolean;
  /** The change happened earlier than it could be written down. */
  readonly late?: boolean;
}

/**
 * Applies events to a grant in one transaction: state, ledger entry, credentials. Returns the grant as it then stands, or
 * `null` when the claim was lost or the grant has moved on meanwhile; nothing was recorded then, and whoever moved it acts on it.
 */
export async function record(
  ports: StepPorts,
  grant: GrantRecord,
  recordings: readonly Recording[],
): Promise<GrantRecord | null> {
  const done = await ports.db.transaction().execute(async (trx) => {
    const asksForCredentials = recordings.some(({ event }) => typeof event === 'function');
    const [held, handedOut] = await together([
      lockClaimed(trx, grant.id, ports.owner),
      asksForCredentials ? credentialsOf(trx, grant.id) : Promise.resolve([]),
    ]);
    if (held === null) return null;
    const { now } = held;
    let current = held.grant;
    const lapsed: RequestId[] = [];
    for (const recording of recordings) {
      const event = typeof recording.event === 'function' ? recording.event(now, handedOut) : recording.event;
      const next = transitionGrant(current.state, event, now);
      if (!next.ok) return null;
      const state = next.value;
      const note = typeof recording.call === 'function' ? recording.call(state) : recording.call;
      const call = note === undefined ? null : { slot: grant.slot, note };
      const isOver = current.state.kind === 'active' && state.kind === 'ending';
      const [saved, lapsing] = await together([
        saveGrantState(trx, grant.id, state, dueAfter(state, now), call),
        lapseWithGrants(trx, ports.append, isOver ? [grant.id] : [], now),
        keepCredentials(trx, ports, grant, recording.credentials ?? []),
        ports.append(trx, {
          kind: recording.said?.kind ?? (`grant.${state.kind}` as EventKind),
          at: now,
          actor: { kind: 'system', id: 'engine' },
          subjects: { grant: grant.id, request: recording.said?.request ?? grant.request, person: grant.person },
          facts: {
            ...(recording.said === undefined ? factsOf(state) : {}),
            ...recording.facts,
            ...(recording.residual === undefined ? {} : { residual: { ...recording.residual } }),
          },
          ...(recording.late === true ? { late: true } : {}),
        }),
        keepOutcome(trx, recording),
      ]);
      current = saved;
      lapsed.push(...lapsing);
      if (note?.kind === 'answered' && note.shared !== undefined) await wakeUnsettled(trx, grant.slot);
      if (recording.triesAgain === true) {
        await saveTriesAgain(trx, grant.id, true);
        current = { ...current, triesAgain: true };
      }
      if (recording.residual !== undefined) {
        await saveResidual(trx, grant.id, recording.residual);
        current = { ...current, residual: recording.residual };
      }
      if (recording.leavesSlot === true) await forgetBinding(trx, grant.slot);
    }
    return { grant: current, now, lapsed, again: await retryOnce(trx, ports, current, now) };
  });
  if (done === null) return null;
  if (done.again !== null) ports.publish({ kind: 'grant', id: done.again.id, at: done.now });
  for (const id of done.lapsed) ports.publish({ kind: 'request', id, at: done.now });
  ports.publish({ kind: 'grant', id: grant.id, at: done.now });
  return done.grant;
}

/** When the engine must look again after a transition: at the end of a live grant, at once for anything under way. */
function dueAfter(state: GrantState, now: Instant): Instant {
  return state.kind === 'active' && state.extension === null ? state.endsAt : now;
}

async function keepOutcome(trx: Trx, { said, outcome }: Recording): Promise<void> {
  if (said !== undefined && outcome !== undefined) await saveExtensionOutcome(trx, said.request, outcome);
}

/** What the ledger says about a state: public facts only. */
export function factsOf(state: GrantState): JsonObject {
  switch (state.kind) {
    case 'scheduled':
      return { startsAt: toIso(state.startsAt) };
    case 'activating':
    case 'active':
      return { activatedAt: toIso(state.activatedAt), endsAt: toIso(state.endsAt) };
    case 'ending':
      return { cause: state.cause, endsAt: toIso(state.endsAt) };
    case 'ended':
      return { cause: state.cause, proof: state.proof.kind, evidence: state.proof.evidence };
    case 'failed':
      return { cause: 'failed', proof: state.proof.kind, evidence: state.proof.evidence };
  }
}

async function keepCredentials(
  trx: Trx,
  ports: EnginePorts,
  grant: GrantRecord,
  credentials: readonly CredentialFacts[],
) {
  for (const facts of credentials) {
    await insertCredential(trx, { id: newId(ports.random, 'crd'), grant: grant.id, ...facts });
  }
}

/** A refusal at the start that nobody's rules explain: somebody changed what people signed, and a person has to look. */
export async function noteAltered(ports: EnginePorts, grant: GrantRecord, refusal: string): Promise<void> {
  if (refusal === 'approval-altered') await raiseFinding(ports, grant, { finding: refusal });
}

/**
 * Writes a finding about a grant: something that a person should know and the engine cannot mend alone. `isNew`: asked in the same transaction;
 * what is not new is not written again. Returns whether it was written.
 */
export async function raiseFinding(
  ports: EnginePorts,
  grant: GrantRecord,
  facts: JsonObject & { readonly finding: Finding },
  isNew: (trx: Trx) => Promise<boolean> = async () => true,
): Promise<boolean> {
  const raised = await ports.db.transaction().execute(async (trx) => {
    if (!(await isNew(trx))) return false;
    await ports.append(trx, {
      kind: 'finding.raised',
      at: await appNow(trx),
      actor: { kind: 'system', id: 'engine' },
      subjects: { grant: grant.id, request: grant.request, person: grant.person },
      facts,
    });
    return true;
  });
  if (raised) ports.countFinding?.(facts.finding);
  return raised;
}
