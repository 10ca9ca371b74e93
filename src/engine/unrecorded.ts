import type { EndCause } from '../core/grant.ts';
import { isOver, transitionGrant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import { findGrant, saveGrantState, type GrantRecord } from '../store/grants.ts';
import { noteCall, releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Trx } from '../store/schema.ts';
import { bindingSpec, methodOf } from './binding-spec.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type EnginePorts } from './ports.ts';
import { factsOf } from './record.ts';

/**
 * Endings that were done while the database took no writes. Granting needs the ledger; ending never waits for it:
 * the access is taken away first, and written down, marked late, as soon as that works again. What a crash forgets here is
 * only the remark "late": the ending itself is found again from the grant, or was never acknowledged to anybody.
 */
export class Unrecorded {
  readonly #ports: EnginePorts;
  readonly #done = new Map<GrantId, { readonly cause: EndCause; readonly since: Instant }>();

  constructor(ports: EnginePorts) {
    this.#ports = ports;
  }

  covers(grant: GrantId): boolean {
    return this.#done.has(grant);
  }

  /**
   * Revokes in the cloud without a claim. Safe beside a node that works on the same grant: revoking twice is revoking once.
   * Where the cloud has no conditional write it still waits its turn, as long as the database can say whose turn it is.
   */
  async takeAway(grant: GrantRecord, cause: EndCause): Promise<void> {
    if (grant.activatedAt === null || this.#done.has(grant.id)) return;
    const { provider } = methodOf(this.#ports.providers, grant);
    const spec = bindingSpec(grant);
    const lock = cause === 'expired' ? null : (provider.exclusive?.(spec) ?? null);
    const owner = `${this.#ports.node}/${grant.id}/unrecorded`;
    if ((await this.#announce(grant, lock, owner)) === 'somebody-writes-there') return;
    const since = this.#ports.clock.now();
    try {
      await provider.revoke(spec, { cause, since }, 0, {
        now: since,
        signal: this.#ports.clock.timeout(PACE.callTimeoutMs),
      });
      this.#done.set(grant.id, { cause, since });
      this.#ports.log.error(
        { grant: grant.id },
        'access was taken away, but the database takes no writes; it will be recorded late',
      );
    } catch (error) {
      const fault = asFault(error);
      if (fault === null) throw error;
      this.#ports.log.error({ grant: grant.id, ...faultFacts(fault) }, 'could not take access away');
    } finally {
      if (lock !== null) await releaseCloudLock(this.#ports.db, lock, owner).catch(() => {});
    }
  }

  /** Says beforehand what is about to be done, if the database takes that. It is no condition: ending never waits for a record. */
  async #announce(
    grant: GrantRecord,
    lock: string | null,
    owner: string,
  ): Promise<'announced' | 'somebody-writes-there'> {
    const { db } = this.#ports;
    try {
      if (lock !== null && !(await takeCloudLock(db, lock, owner, PACE.leaseMs))) return 'somebody-writes-there';
      await noteCall(db, grant.slot, 0, PACE.callTimeoutMs);
    } catch (error) {
      this.#ports.log.error(
        { grant: grant.id, error: String(error) },
        'a call could not be announced; it is made anyway',
      );
    }
    return 'announced';
  }

  /**
   * Writes down what could not be written: moves each grant to `ending`; the usual way proves it gone. What still cannot
   * be written stays here for the next pass, and keeps nothing else waiting.
   */
  async writeDown(): Promise<void> {
    for (const [id, { cause }] of this.#done) {
      try {
        await this.#ports.db.transaction().execute((trx) => this.#moveToEnding(trx, id, cause));
      } catch (error) {
        this.#ports.log.error({ grant: id, error: String(error) }, 'an ending still cannot be recorded');
      }
    }
  }

  /** The end is proven and recorded: the remark "late" has done its work. */
  forget(grant: GrantId): void {
    this.#done.delete(grant);
  }

  async #moveToEnding(trx: Trx, id: GrantId, cause: EndCause): Promise<void> {
    const grant = await findGrant(trx, id, true);
    if (grant === null || isOver(grant.state)) return this.forget(id);
    if (cause !== 'returned' && cause !== 'revoked') return;
    const now = await appNow(trx);
    const next = transitionGrant(grant.state, { kind: cause === 'returned' ? 'return' : 'revoke' }, now);
    if (!next.ok) return;
    await saveGrantState(trx, id, next.value, now);
    await this.#ports.append(trx, {
      kind: 'grant.ending',
      at: now,
      actor: { kind: 'system', id: 'engine' },
      subjects: { grant: id, request: grant.request, person: grant.person },
      facts: factsOf(next.value),
      late: true,
    });
  }
}
