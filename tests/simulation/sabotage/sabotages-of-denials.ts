import type { Sabotage } from './patch-source.ts';

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
    caughtBy: ['cloud'],
    seed: 3,
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
    seed: 3,
  },
];
