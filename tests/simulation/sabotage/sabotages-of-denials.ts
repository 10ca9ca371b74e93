import type { Sabotage } from './patch-source.ts';
import { earlyEnds, longAfter, lostCalls } from './storms.ts';

/** Deliberate bugs in the denials that cut sessions of IAM Identity Center at their end. */
export const SABOTAGED_DENIALS: readonly Sabotage[] = [
  {
    name: 'denial-that-no-account-knows',
    what: 'a denial is written into the permission set and left to the assignment to bring, which brings it only where the set was not yet',
    edits: [
      {
        file: 'src/providers/aws/tombstones.ts',
        find: "    await this.#provision(names, asked);\n    return 'not-there-yet';",
        replace: "    return 'in-force';",
      },
    ],
    // An account that is left out keeps the denial of an earlier grant, too; and an end that waits for a denial to be in force waits for ever.
    caughtBy: ['cloud', 'slots', 'liveness'],
    seed: 31,
  },
  {
    name: 'denial-of-an-earlier-end',
    what: 'a denial that says an earlier end is left as it is when the access goes on, or begins anew',
    edits: [
      {
        file: 'src/providers/aws/tombstones.ts',
        find: '(orEarlier && standing.endsAt < endsAt)',
        replace: '((orEarlier || true) && standing.endsAt < endsAt)',
      },
    ],
    caughtBy: ['slots'],
    weather: earlyEnds,
    seed: 2,
  },
  {
    name: 'late-list-believed',
    what: 'a list of the accounts that have a permission set as it is now is believed however late it may be',
    edits: [
      {
        file: 'src/providers/aws/tombstone-sightings.ts',
        find: 'return seen !== null && now >= after(seen.at, LATE_MS);',
        replace: 'return seen !== null;',
      },
    ],
    // An account that is left out keeps the denial of an earlier grant, too.
    caughtBy: ['cloud', 'slots'],
    weather: lostCalls,
    seed: 8,
  },
  {
    name: 'hour-from-the-end',
    what: 'the hour for which a denial is needed is counted from the end, and not from when the assignment was seen to be gone',
    edits: [
      {
        file: 'src/providers/aws/tombstone-sightings.ts',
        find: 'seen.goneSince ??= now;',
        replace: 'seen.goneSince ??= seen.endsAt;',
      },
      {
        file: 'src/providers/aws/tombstone-sightings.ts',
        find: '(goneSince ?? now)',
        replace: '(goneSince ?? tombstone.endsAt)',
      },
    ],
    caughtBy: ['cloud'],
    weather: longAfter,
    seed: 17,
  },
  {
    name: 'ends-the-living-alongside',
    what: 'whoever denies writes the ends of all grants of the role, also of those that are not over',
    edits: [
      {
        file: 'src/store/slot-grants.ts',
        find: "    .where(sql<boolean>`(end_cause <> 'expired' or bound_until > ends_at)`)\n    // As its index says it.\n    .where(sql<boolean>`state = 'ending'`)\n",
        replace: "    .where(sql<boolean>`state in ('active', 'ending')`)\n",
      },
      {
        file: 'src/engine/alongside.ts',
        find: "        if (one.state.kind !== 'ending' || one.activatedAt === null || keyOf(one) !== key) return [];\n        return [{ grant: one.id, endsAt: boundSpec(one).endsAt, since: one.state.since }];",
        replace:
          '        if (one.activatedAt === null || keyOf(one) !== key) return [];\n        return [{ grant: one.id, endsAt: boundSpec(one).endsAt, since: one.activatedAt }];',
      },
    ],
    caughtBy: ['ledger'],
    weather: earlyEnds,
    seed: 1,
  },
];
