import type { Restore } from './blows.ts';
import type { Records } from './judge.ts';
import type { Errand } from './people/crowd.ts';
import type { Place, Saved } from './people/wallet.ts';

/** A grant that a restored copy has forgotten, and whose end nobody saw, is over by then. */
const LONGEST_MS = 150_000;

type Window = readonly [from: number, until: number];

/**
 * What several grants give together: each time that the cloud served must lie within one of them, from its start to its end and the bound. What
 * a restore has forgotten ends by the time that stands in the cloud.
 */
export function servedBesideGrants(
  saved: readonly Saved[],
  records: Records,
  errands: readonly Errand[],
  restores: readonly Restore[],
): readonly string[] {
  return saved.flatMap(({ place, servedAt, grant }) => {
    if (place === null) return [];
    const windows = windowsOf(place, records, errands, restores);
    const outside = servedAt.filter(
      (at) => !windows.some(([from, until]) => at >= from && at <= until + place.boundMs),
    );
    return outside.slice(0, 3).map((at) => {
      const last = lastEnd(windows, at);
      return `${grant} was served ${last === null ? 'without any grant' : `${at - last} ms after the last grant`}`;
    });
  });
}

/** How long after the end of all grants something was served last, milliseconds. */
export function worstPlaceLag(
  saved: readonly Saved[],
  records: Records,
  errands: readonly Errand[],
  restores: readonly Restore[],
): number {
  return saved.reduce((worst, { place, servedAt }) => {
    if (place === null) return worst;
    const windows = windowsOf(place, records, errands, restores);
    const after = servedAt.filter((at) => !windows.some(([from, until]) => at >= from && at <= until));
    return Math.max(worst, ...after.map((at) => at - (lastEnd(windows, at) ?? at)));
  }, 0);
}

function lastEnd(windows: readonly Window[], at: number): number | null {
  return windows.reduce<number | null>((last, [, end]) => (end <= at ? Math.max(last ?? 0, end) : last), null);
}

function windowsOf(
  { person, role }: Place,
  records: Records,
  errands: readonly Errand[],
  restores: readonly Restore[],
): readonly Window[] {
  const recorded = records.grants.filter((grant) => grant.key === person && grant.role === role);
  const windows: Window[] = recorded.flatMap(({ activatedAt, endsAt, endedAt }) =>
    activatedAt === null || endsAt === null ? [] : [[activatedAt, Math.min(endsAt, endedAt ?? endsAt)] as const],
  );
  const begun = new Map(recorded.map((grant) => [grant.id, grant.activatedAt]));
  for (const { role: of, person: by, grant, sentAt, endsAt } of errands) {
    if (of !== role || by !== person) continue;
    const until = endsAt ?? sentAt + LONGEST_MS;
    for (const { copiedAt, restoredAt } of restores) {
      if (sentAt > restoredAt) continue;
      // What is known may have begun before the restore, which has forgotten that, and once more after it.
      if (grant !== null && (begun.get(grant) ?? Number.POSITIVE_INFINITY) > restoredAt) windows.push([sentAt, until]);
      // What nobody saw is among what is known unless it began after the copy.
      if (grant === null && copiedAt < until) windows.push([Math.max(sentAt, copiedAt), until]);
    }
  }
  return windows;
}
