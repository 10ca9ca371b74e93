import type { Restore } from './blows.ts';
import type { Records } from './judge.ts';
import type { Errand } from './people/crowd.ts';
import { BOUND_MS, type Saved } from './people/wallet.ts';

/** A grant that a restored copy has forgotten, and whose end nobody saw, is over by then. */
const LONGEST_MS = 120_000;
const TIMED_ROLE = 'checker';

/**
 * People's own keys, which work while any timed policy on their user does: each time that the cloud served one must lie within a grant, from its
 * start to its end and the bound; what a restore has forgotten ends by the time in its object.
 */
export function servedBesideGrants(
  saved: readonly Saved[],
  records: Records,
  errands: readonly Errand[],
  restores: readonly Restore[],
): readonly string[] {
  return saved.flatMap(({ person, servedAt }) => {
    if (person === null) return [];
    const recorded = records.grants.filter((grant) => grant.key === person && grant.role === TIMED_ROLE);
    const known = new Set(recorded.map((grant) => grant.id));
    const windows = recorded.flatMap(({ activatedAt, endsAt, endedAt }) =>
      activatedAt === null || endsAt === null ? [] : [[activatedAt, Math.min(endsAt, endedAt ?? endsAt)] as const],
    );
    for (const { role, person: by, grant, sentAt, endsAt } of errands) {
      if (role !== TIMED_ROLE || by !== person || (grant !== null && known.has(grant))) continue;
      if (!restores.some(({ restoredAt }) => sentAt <= restoredAt)) continue;
      windows.push([sentAt, endsAt ?? sentAt + LONGEST_MS]);
    }
    const outside = servedAt.filter((at) => !windows.some(([from, until]) => at >= from && at <= until + BOUND_MS));
    return outside.slice(0, 3).map((at) => {
      const last = windows.reduce((most, [, until]) => (until <= at ? Math.max(most, until) : most), 0);
      return `${person}'s own key was served ${last === 0 ? 'without any grant' : `${at - last} ms after the last grant`}`;
    });
  });
}
