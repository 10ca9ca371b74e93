import type { EndCause } from '../core/grant.ts';
import { isOver, transitionGrant, type GrantState } from '../core/grant.ts';
import type { GrantId, PersonId } from '../core/ids.ts';
import { desiredBinding } from '../core/slot.ts';
import { after, type Instant } from '../core/time.ts';
import type { EventKind, NewEntry } from '../ledger/entry.ts';
import { lapseWithGrants } from '../ledger/lapse-with-grants.ts';
import { inTime, LATE } from '../platform/in-time.ts';
import { appNow } from '../store/database.ts';
import { findBinding, knownSlot, noteCall, noteUnsettled } from '../store/bindings.ts';
import { findGrant, saveGrantState, saveTriesAgain, statesOf, type GrantRecord } from '../store/grants.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Trx } from '../store/schema.ts';
import { othersOnSlot } from '../store/slot-grants.ts';
import { alongside } from './alongside.ts';
import { bindingPlace, boundSpec, endsByItself, methodOf } from './binding-spec.ts';
import { dispatch } from './dispatch.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type EnginePorts } from './ports.ts';
import { factsOf } from './record.ts';
import { turnKey } from './slot-turn.ts';
import type { Writers } from './writers.ts';

type Change = Parameters<EnginePorts['publish']>[0];

/** Who ended a grant before its time, and why they said they did. */
export interface EndedBy {
  readonly person: PersonId;
  readonly reason: string | null;
}

/** An ending that could not be written down when it was due. `by` is `null` when nobody asked for it. */
interface Unwritten {
  readonly grant: GrantRecord;
  readonly cause: EndCause;
  readonly by: EndedBy | null;
  readonly since: Instant;
  /** Whether the cloud has confirmed it, or there is nothing in the cloud to take away. */
  taken: boolean;
  /** Whether the rows say that it is ending; it is remembered until that is proven, so that its last entry says "late" too. */
  written: boolean;
  /** Until when a call may land on a shared slot that nobody could note. */
  landsUntil: Instant | null;
  /** How often the cloud was asked again. */
  askedAgain: number;
}

/** Written down side by side: what waits here must not take the database from everything else. */
const AT_ONCE = 8;

/**
 * Endings that were due while the database took no writes. Granting needs the ledger; ending never waits for it:
 * the access is taken away first, again and again until the cloud confirms it, and written down, marked late, as soon as that
 * works again. What a crash forgets here is what was asked of this process in that time; whoever asked was told so.
 */
export class Unrecorded {
  readonly #ports: EnginePorts;
  readonly #writers: Writers;
  readonly #aheadMs: () => number;
  readonly #unwritten = new Map<GrantId, Unwritten>();
  /** When the rows were last asked about what is written. */
  #checkedAt: Instant | null = null;

  /** `aheadMs`: by how much this machine's clock was ahead of the database's when they were compared last. */
  constructor(ports: EnginePorts, writers: Writers, aheadMs: () => number) {
    this.#ports = ports;
    this.#writers = writers;
    this.#aheadMs = aheadMs;
  }

  get size(): number {
    return this.#unwritten.size;
  }

  /** Of how many the rows do not say yet that they are ending. */
  get unwritten(): number {
    return [...this.#unwritten.values()].filter((one) => !one.written).length;
  }

  covers(grant: GrantId): boolean {
    return this.#unwritten.has(grant);
  }

  /**
   * Revokes in the cloud without a claim. Safe beside a node that works on the same grant: revoking twice is revoking once.
   * Where the cloud has no conditional write it still waits its turn, as long as the database can say whose turn it is.
   */
  async takeAway(grant: GrantRecord, cause: EndCause, by: EndedBy | null = null): Promise<void> {
    const known = this.#unwritten.get(grant.id);
    // What is not written is asked for again with all the rest; what was, and whose turn nobody can take now, is not.
    if (known !== undefined) return known.written ? this.#revokeUnlessTaken(known) : undefined;
    // What never started has nothing in the cloud; that it must not start is all there is to remember.
    const ending: Unwritten = {
      grant,
      cause,
      by,
      since: this.#since(grant, cause),
      taken: grant.activatedAt === null,
      written: false,
      landsUntil: null,
      askedAgain: 0,
    };
    this.#unwritten.set(grant.id, ending);
    await this.#revokeUnlessTaken(ending);
  }

  /** Never rejects: one grant that cannot be revoked must not keep the lane from all others. */
  async #revokeUnlessTaken(ending: Unwritten): Promise<void> {
    if (ending.taken) return;
    await this.#revoke(ending).catch((error: unknown) =>
      this.#ports.log.error({ grant: ending.grant.id, error: String(error) }, 'could not take access away'),
    );
  }

  async #revoke(ending: Unwritten): Promise<void> {
    const { grant, cause, since } = ending;
    const { provider, capabilities } = methodOf(this.#ports.providers, grant);
    const shared = capabilities.slot === 'shared';
    const act = endsByItself(grant, cause) ? 'expire' : 'end-early';
    const turn = shared ? turnKey(grant.slot) : null;
    const owner = `${this.#ports.node}/${grant.id}/unrecorded`;
    const writes = provider.exclusive?.(bindingPlace(grant), act) ?? null;
    const { db } = this.#ports;
    let writing = Promise.resolve(false);
    const note = async (): Promise<Instant | null> => {
      if (turn !== null && !(await this.#may(grant, takeCloudLock(db, turn, owner, PACE.leaseMs)))) return null;
      if (writes !== null) writing = this.#writers.take(writes);
      if (writes !== null && !(await this.#may(grant, writing))) return null;
      // In turn: whoever begins to need the place now has been seen.
      if (shared && !(await this.#isOurs(ending))) return null;
      await this.#announce(ending);
      return this.#now();
    };
    const { log } = this.#ports;
    try {
      const revoked = await dispatch(this.#ports, note, (call) =>
        provider.revoke(boundSpec(grant), { cause, since }, 0, {
          ...call,
          alongside: alongside(this.#ports, grant, 'never-waits'),
        }),
      );
      if (revoked === null) return;
      ending.taken = true;
      log.error(
        { grant: grant.id },
        'access was taken away, but the database takes no writes; it will be recorded late',
      );
    } catch (error) {
      const fault = asFault(error);
      if (fault === null) throw error;
      log.error({ grant: grant.id, ...faultFacts(fault) }, 'could not take access away');
    } finally {
      if (turn !== null) await releaseCloudLock(db, turn, owner).catch(() => {});
      // It may have been taken after nobody waited for it any more.
      if (writes !== null)
        void writing.then((took) => (took ? this.#writers.release(writes) : undefined)).catch(() => {});
    }
  }

  /**
   * Whether what stands in a shared slot is there for this grant alone. Throws when that cannot be read: taking away what somebody else
   * needs would be no ending, and what stands in the cloud object ends it.
   */
  async #isOurs(ending: Unwritten): Promise<boolean> {
    const { grant } = ending;
    const { db } = this.#ports;
    const current = await findGrant(db, grant.id);
    // Over, and only the answer was lost; or there before us: nothing there is ours, now or later. A grant that a restored database has
    // forgotten, perhaps with its slot, is no less ours to end.
    const standing = async () => (await knownSlot(db, grant.slot)) && (await findBinding(db, grant.slot)).standing;
    ending.taken = (current !== null && isOver(current.state)) || (await standing());
    if (ending.taken) return false;
    // Those whose end waits here as well need nothing any more, whatever the rows say.
    const others = (await othersOnSlot(db, grant.slot, grant.id)).filter((other) => !this.#unwritten.has(other.id));
    const states = others.map((other) => other.state);
    return !desiredBinding(states, await this.#now()).present;
  }

  /** The database's time, which it often still tells when it takes no writes: a machine that is ahead would take a live grant for over. */
  async #now(): Promise<Instant> {
    const now = await this.#soon(appNow(this.#ports.db), () => {});
    return now === 'not-done' ? this.#estimate() : now;
  }

  /** What is over by time is so since its end at the earliest, whatever this machine's clock says. */
  #since({ endsAt }: GrantRecord, cause: EndCause): Instant {
    const now = this.#estimate();
    return cause === 'expired' && endsAt !== null && endsAt > now ? endsAt : now;
  }

  #estimate(): Instant {
    return after(this.#ports.clock.now(), -this.#aheadMs());
  }

  /** Whether this process may change what a lock is about: it has the lock, or the database cannot say who has. */
  async #may(grant: GrantRecord, taking: Promise<boolean>): Promise<boolean> {
    return (await this.#soon(taking, this.#unannounced(grant))) !== false;
  }

  /** Says beforehand what is about to be done, if the database takes that. It is no condition: ending never waits for a record. */
  async #announce(ending: Unwritten): Promise<void> {
    const { grant } = ending;
    const { slot, abandonedCallMs: mayLandMs } = methodOf(this.#ports.providers, grant).capabilities;
    const shared = slot === 'shared' ? { shared: { until: null, mayLandMs, outsideTurn: true } } : {};
    const { callTimeoutMs } = PACE;
    const noting = noteCall(this.#ports.db, grant.slot, { callTimeoutMs, ...shared });
    const noted = await this.#soon(noting, this.#unannounced(grant));
    if (noted === 'not-done' && slot === 'shared')
      ending.landsUntil = after(await this.#now(), callTimeoutMs + mayLandMs);
  }

  #unannounced(grant: GrantRecord): (error: unknown) => void {
    return (error) =>
      this.#ports.log.error(
        { grant: grant.id, error: String(error) },
        'a call could not be announced; it is made anyway',
      );
  }

  /** Asks the database for something that is good to have before a call leaves, but not for so long that the call leaves too late. */
  async #soon<T>(work: Promise<T>, onFault: (error: unknown) => void): Promise<T | 'not-done'> {
    const done = work.catch((error: unknown): 'not-done' => {
      onFault(error);
      return 'not-done';
    });
    const answer = await inTime(this.#ports.clock, PACE.announceMs, done);
    return answer === LATE ? 'not-done' : answer;
  }

  /**
   * Writes down what could not be written: moves each grant to `ending`, once; the usual way proves it gone. What still cannot be written
   * stays here for the next pass, is asked of the cloud again if that has not confirmed it, and keeps nothing else waiting.
   */
  async writeDown(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    if (await this.#compare()) await this.#writeAll();
    // Those that were asked least often first, and no more than a lane works on: where calls hang, the lane waits for one round of them.
    const open = [...this.#unwritten.values()].filter((one) => !one.written && !one.taken);
    const round = open.sort((a, b) => a.askedAgain - b.askedAgain).slice(0, PACE.batch);
    await Promise.all(
      round.map((ending) => {
        ending.askedAgain += 1;
        return this.#revokeUnlessTaken(ending);
      }),
    );
  }

  /**
   * Asks the rows, in one statement, which of these endings they say already, and forgets those that are over. What is written is asked for
   * now and then only. False: the database does not say.
   */
  async #compare(): Promise<boolean> {
    const now = this.#ports.clock.now();
    const checksAll = this.#checkedAt === null || Math.abs(now - this.#checkedAt) >= PACE.idleMs;
    const asked = [...this.#unwritten.values()].filter((one) => checksAll || !one.written);
    if (asked.length === 0) return true;
    try {
      const ids = asked.map(({ grant }) => grant.id);
      const states = await statesOf(this.#ports.db, ids);
      for (const ending of asked) this.#compareOne(ending, states.get(ending.grant.id));
      if (checksAll) this.#checkedAt = now;
      return true;
    } catch (error) {
      this.#ports.log.error({ error: String(error) }, 'it cannot be read which endings are recorded');
      return false;
    }
  }

  #compareOne(ending: Unwritten, state: GrantState['kind'] | undefined): void {
    const isOver = state === 'ended' || state === 'failed';
    // Of a grant that a restored database has forgotten nothing can be written, but it is taken away. What may land is noted before.
    if ((isOver || (state === undefined && ending.taken)) && ending.landsUntil === null) this.forget(ending.grant.id);
    // Whoever asked for the end of it did not ask for another attempt, which is still to be said.
    else ending.written = state === 'ending' && (ending.written || ending.by === null);
  }

  async #writeAll(): Promise<void> {
    const open = [...this.#unwritten.values()].filter((one) => one.landsUntil !== null || isToBeWritten(one));
    for (let next = 0; next < open.length; next += AT_ONCE) {
      const done = await Promise.all(open.slice(next, next + AT_ONCE).map((ending) => this.#write(ending)));
      // It takes nothing: the rest would fail in the same way.
      if (!done.includes(true)) return;
    }
  }

  /** False: it cannot be written now, and goes behind all others. */
  async #write(ending: Unwritten): Promise<boolean> {
    const { id } = ending.grant;
    try {
      await this.#noteLanding(ending);
      if (!isToBeWritten(ending)) return true;
      const written = await this.#ports.db.transaction().execute((trx) => this.#moveToEnding(trx, ending));
      for (const change of written ?? []) this.#ports.publish(change);
      ending.written = written !== null;
      return true;
    } catch (error) {
      this.#ports.log.error({ grant: id, error: String(error) }, 'an ending still cannot be recorded');
      if (this.#unwritten.delete(id)) this.#unwritten.set(id, ending);
      return false;
    }
  }

  /** Nobody begins on a shared slot while a call that nobody could note may land there. Throws while it still cannot be noted. */
  async noteLandings(): Promise<void> {
    for (const ending of this.#unwritten.values()) await this.#noteLanding(ending);
  }

  async #noteLanding(ending: Unwritten): Promise<void> {
    if (ending.landsUntil === null) return;
    await noteUnsettled(this.#ports.db, ending.grant.slot, ending.landsUntil);
    ending.landsUntil = null;
  }

  /** The end is proven and recorded: the remark "late" has done its work. */
  forget(grant: GrantId): void {
    this.#unwritten.delete(grant);
  }

  /** What was changed so that the rows say that the grant is ending, and the usual way goes on with it; `null`: they do not say so. */
  async #moveToEnding(trx: Trx, { grant: { id }, cause, by, taken }: Unwritten): Promise<readonly Change[] | null> {
    const grant = await findGrant(trx, id, true);
    // Of a grant that a restored database has forgotten nothing can be written, but it is taken away.
    if (grant === null && !taken) return null;
    if (grant === null || isOver(grant.state)) {
      this.forget(id);
      return [];
    }
    if (grant.state.kind === 'ending') {
      if (!grant.triesAgain || by === null) return [];
      // Whoever asked for the end of it did not ask for another attempt.
      const at = await appNow(trx);
      await saveTriesAgain(trx, id, false);
      await this.#ports.append(trx, { ...endedByEntry(grant, by, at), kind: 'grant.not-retried', facts: { cause } });
      return [{ kind: 'grant', id, at }];
    }
    // An end by time is written by whoever claims it.
    if (cause !== 'returned' && cause !== 'revoked') return null;
    const now = await appNow(trx);
    const next = transitionGrant(grant.state, { kind: cause === 'returned' ? 'return' : 'revoke' }, now);
    if (!next.ok) return null;
    await saveGrantState(trx, id, next.value, now);
    const kind = `grant.${next.value.kind}` as EventKind;
    await this.#ports.append(trx, { ...endedByEntry(grant, by, now), kind, facts: factsOf(next.value) });
    const lapsed = await lapseWithGrants(trx, this.#ports.append, [id], now);
    return [{ kind: 'grant', id, at: now }, ...lapsed.map((one) => ({ kind: 'request', id: one, at: now }) as const)];
  }
}

/** An end by time is written by whoever claims it. */
function isToBeWritten({ written, cause }: Unwritten): boolean {
  return !written && (cause === 'returned' || cause === 'revoked');
}

/** Who ended a grant, as its late entry says it. */
function endedByEntry(grant: GrantRecord, by: EndedBy | null, at: Instant): Omit<NewEntry, 'kind' | 'facts'> {
  return {
    at,
    actor: by === null ? { kind: 'system', id: 'engine' } : { kind: 'person', id: by.person },
    subjects: { grant: grant.id, request: grant.request, person: grant.person },
    ...(by?.reason == null ? {} : { personal: { reason: { subject: by.person, value: by.reason } } }),
    late: true,
  };
}
