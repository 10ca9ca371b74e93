import { desiredBinding, type Desired, type SlotKey } from '../core/slot.ts';
import { after, type Instant } from '../core/time.ts';
import type { BindingSpec, MethodCapabilities } from '../providers/contract.ts';
import { findBinding, noteUnsettled, type BindingRecord } from '../store/bindings.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { AT_WORK_THERE, ENDING_THERE, othersOnSlot, UNSETTLED } from '../store/slot-grants.ts';
import { lockOwner, releaseCloudLock, renewLeaseForCall, takeCloudLock, takeCloudLockFor } from '../store/leases.ts';
import type { Db } from '../store/schema.ts';
import { boundSpec, methodOf } from './binding-spec.ts';
import { PACE, type StepPorts } from './ports.ts';

/** How long to wait for somebody who works on the same slot: about a call to a cloud. */
const TURN_MS = 500;
/** How long a turn lasts, in milliseconds: it outlives the claim that is renewed right behind it, so that what is written under the claim is written in turn. */
export const OUTLIVES_CLAIM_MS = PACE.leaseMs + 1_000;

/**
 * The right to change a slot. On a shared slot one grant at a time has it, so that whoever takes the binding away has seen everybody
 * who needs it, and whoever begins to need it is seen. A slot of one grant is always its own.
 */
export interface SlotTurn {
  /** Whether several grants can stand on the slot. */
  readonly shared: boolean;
  readonly binding: BindingRecord;
  /** What the other grants on the slot need. */
  readonly others: Desired;
  /**
   * Last before a call leaves: keeps the turn for longer than the call can take and looks again at what the others need. `null`: the
   * turn was lost meanwhile, and nothing may be called.
   */
  renew(): Promise<Desired | null>;
  release(): Promise<void>;
}

/** It is somebody else's turn, or something that was given up may still land: look again at `until`. */
export interface SlotWait {
  readonly until: Instant;
  readonly why: string;
}

/**
 * Takes the turn on a grant's slot. Whoever is about to begin there waits until no earlier call can land any more on what it makes.
 */
export async function takeTurn(
  ports: StepPorts,
  grant: GrantRecord,
  capabilities: MethodCapabilities,
): Promise<{ readonly turn: SlotTurn } | { readonly wait: SlotWait }> {
  const { db } = ports;
  if (capabilities.slot === 'per-grant') {
    // Nobody has ever called for a grant that has not started, and ending one asks the cloud; but not how often that failed.
    const isKnown = grant.state.kind === 'activating' || grant.attempts > 0;
    return { turn: ownSlot(isKnown ? await findBinding(db, grant.slot) : UNTOUCHED) };
  }
  const key = turnKey(grant.slot);
  const owner = lockOwner(ports.owner, grant.id);
  const wait = async (why: string) => ({ wait: { until: after(await appNow(db), TURN_MS), why } });
  // A node that died in this turn of the same grant has lost it together with the claim.
  if (!(await takeCloudLockFor(db, key, grant.id, ports.owner, OUTLIVES_CLAIM_MS))) return wait(AT_WORK_THERE);
  const release = () => releaseCloudLock(db, key, owner);
  try {
    const binding = await findBinding(db, grant.slot);
    // Only who begins: whoever stands there already has waited for it, and what is unsettled since is of those who stand there.
    const until = begins(grant) ? binding.unsettledUntil : null;
    if (until !== null && until > (await appNow(db))) {
      await release();
      return { wait: { until, why: UNSETTLED } };
    }
    // An end that could not be announced may take away at any moment until it is proven, whatever was noted.
    if (begins(grant) && (await othersOnSlot(db, grant.slot, grant.id)).some(isEnding)) {
      await release();
      return await wait(ENDING_THERE);
    }
    const othersNeed = async () => {
      const [others, now] = [await othersOnSlot(db, grant.slot, grant.id), await appNow(db)];
      const states = others.map((other) => other.state);
      return desiredBinding(states, now);
    };
    const renew = async () => ((await takeCloudLock(db, key, owner, OUTLIVES_CLAIM_MS)) ? othersNeed() : null);
    return { turn: { shared: true, binding, others: await othersNeed(), renew, release } };
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
}

/**
 * The binding of a grant as it may stand in the cloud: on a shared slot with the latest end that was ever written there, and with what was made,
 * unless nothing was since the slot was empty.
 */
export function specInTurn(grant: GrantRecord, { binding }: SlotTurn): BindingSpec {
  const spec = boundSpec(grant);
  const { writtenUntil, lastCallAt, native } = binding;
  const endsAt = writtenUntil !== null && writtenUntil > spec.endsAt ? writtenUntil : spec.endsAt;
  return { ...spec, endsAt, ...(native === null || lastCallAt === null ? {} : { native }) };
}

/** The turn on a shared slot that nobody needs, for whoever removes what ends have left there. */
export interface TidyingTurn {
  /**
   * Last before a call that removes something leaves: notes that it may land until `mayLandMs` after the longest call, so that nobody begins
   * there before. False: the turn was lost, or somebody needs the slot by now; nothing was noted, and nothing may be called.
   */
  noteLeaving(mayLandMs: number): Promise<boolean>;
  release(): Promise<void>;
}

/** Takes it, unless somebody is at work there (`busy`) or the slot is needed, or being ended (`needed`). */
export async function takeTurnToTidy(
  db: Db,
  grant: Pick<GrantRecord, 'id' | 'slot'>,
  owner: string,
): Promise<TidyingTurn | 'busy' | 'needed'> {
  const key = turnKey(grant.slot);
  const take = () => takeCloudLock(db, key, owner, OUTLIVES_CLAIM_MS);
  const isNeeded = async () => (await othersOnSlot(db, grant.slot, grant.id)).length > 0;
  const release = () => releaseCloudLock(db, key, owner);
  const noteLeaving = async (mayLandMs: number): Promise<boolean> => {
    if (!(await take()) || (await isNeeded())) return false;
    await noteUnsettled(db, grant.slot, after(await appNow(db), PACE.callTimeoutMs + mayLandMs));
    return true;
  };
  if (!(await take())) return 'busy';
  if (!(await isNeeded())) return { noteLeaving, release };
  await release();
  return 'needed';
}

/** Also what may have begun in the time that a restored database has lost: nobody knows whether it waited. */
function begins({ state, lookFirst }: GrantRecord): boolean {
  return state.kind === 'scheduled' || (state.kind === 'activating' && lookFirst);
}

function isEnding({ state }: GrantRecord): boolean {
  return state.kind === 'ending';
}

/** Key of the lock that a shared slot is changed under. */
export function turnKey(slot: SlotKey): string {
  return `slot/${slot}`;
}

const UNTOUCHED: BindingRecord = {
  lastCallAt: null,
  standing: false,
  writtenUntil: null,
  absentSince: null,
  unsettledUntil: null,
  failures: 0,
  native: null,
};

function ownSlot(binding: BindingRecord): SlotTurn {
  const others: Desired = { present: false };
  return { shared: false, binding, others, renew: async () => others, release: async () => {} };
}

/** The end of a binding: that of the grant, or of the one that needs the slot longest. */
export function latest(endsAt: Instant, others: Desired): Instant {
  return others.present && others.endsAt > endsAt ? others.endsAt : endsAt;
}

/**
 * Last before a call that writes on a grant's slot leaves: keeps the claim and notes the call. Answers when; `null`: the
 * claim was lost, nothing was noted, and nothing may be called.
 */
export function noteLeaving(
  ports: StepPorts,
  grant: GrantRecord,
  turn: SlotTurn,
  until: Instant | null,
): Promise<Instant | null> {
  const note = leaving(ports, grant, turn, until);
  return renewLeaseForCall(ports.db, grant, ports.owner, PACE.leaseMs, note);
}

/** How a call that writes on a grant's slot is noted: with the end that it writes (`null`: it removes), and how long it may land. */
export function leaving(ports: StepPorts, grant: GrantRecord, turn: SlotTurn, until: Instant | null) {
  const { callTimeoutMs } = PACE;
  const { abandonedCallMs: mayLandMs } = methodOf(ports.providers, grant).capabilities;
  return { kind: 'leaving', callTimeoutMs, ...(turn.shared ? { shared: { until, mayLandMs } } : {}) } as const;
}
