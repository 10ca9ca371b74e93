import type { GrantId } from '../core/ids.ts';
import type { Alongside, AlsoEnding } from '../providers/contract.ts';
import { forgetAbsence } from '../store/bindings.ts';
import type { GrantRecord } from '../store/grants.ts';
import { endingOnTarget } from '../store/slot-grants.ts';
import { bindingPlace, boundSpec, methodOf } from './binding-spec.ts';
import type { EnginePorts } from './ports.ts';

/**
 * What else is being taken away before its time in the same thing that only one may write. A write that was given up can land a minute later
 * and put an older state back; whoever then wrote what they read there would lose for good what had been denied in between, and the grant of
 * that denial may be proven gone already. So everybody writes for all.
 */
export function alongside(ports: Pick<EnginePorts, 'db' | 'providers'>, grant: GrantRecord): Alongside {
  const keyOf = (one: GrantRecord): string | null =>
    methodOf(ports.providers, one).provider.exclusive?.(bindingPlace(one), 'end-early') ?? null;
  return {
    async ending() {
      const key = keyOf(grant);
      if (key === null) return [];
      const ending = await endingOnTarget(ports.db, grant);
      return ending.flatMap((one): readonly AlsoEnding[] => {
        if (one.state.kind !== 'ending' || one.state.cause === 'expired' || one.activatedAt === null) return [];
        return keyOf(one) === key ? [{ grant: one.id, endsAt: boundSpec(one).endsAt, since: one.state.since }] : [];
      });
    },
    restores: (grants: readonly GrantId[]) => forgetAbsence(ports.db, grants),
  };
}
