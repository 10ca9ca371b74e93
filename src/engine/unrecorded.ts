import type { EndCause } from '../core/grant.ts';
import { transitionGrant } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import { findGrant, saveGrantState, type GrantRecord } from '../store/grants.ts';
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

  /** Revokes in the cloud without a claim. Safe beside a node that works on the same grant: revoking twice is revoking once. */
  async takeAway(grant: GrantRecord, cause: EndCause): Promise<void> {
    if (grant.activatedAt === null || this.#done.has(grant.id)) return;
    const { provider } = methodOf(this.#ports.providers, grant);
    const since = this.#ports.clock.now();
    try {
      await provider.revoke(bindingSpec(grant), { cause, since }, 0, {
        now: since,
        signal: this.#ports.clock.timeout(PACE.callTimeoutMs),
      });
      this.#done.set(grant.id, { cause, since });
      this.#ports.log.error({ grant: grant.id }, 'access was taken away, but the database takes no writes; it will be recorded late');
    } catch (error) {
      const fault = asFault(error);
      if (fault === null) throw error;
      this.#ports.log.error({ grant: grant.id, ...faultFacts(fault) }, 'could not take access away');
    }
  }

  /** Writes down what could not be written: moves each grant to `ending`; the usual way proves it gone. */
  async writeDown(): Promise<void> {
    for (const [id, { cause }] of this.#done) {
      await this.#ports.db.transaction().execute(async (trx) => {
        const grant = await findGrant(trx, id, true);
        if (grant === null || (cause !== 'returned' && cause !== 'revoked')) return;
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
      });
    }
    // Kept until the end is proven elsewhere would only repeat the remark; once written down it has done its work.
    this.#done.clear();
  }
}
