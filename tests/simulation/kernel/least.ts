/** What each seed has at least; one that would have less is made fuller while it runs. Overlaps: pairs of live grants of one person on one role or slot. */
export const LEAST = { steps: 1_000, grants: 20, overlaps: 5, faults: 10 } as const;
