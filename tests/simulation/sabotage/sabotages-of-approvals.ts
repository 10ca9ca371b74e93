import type { Sabotage } from './patch-source.ts';
import { undecided } from './storms.ts';

/** Deliberate bugs in what a yes counts for. */
export const SABOTAGED_APPROVALS: readonly Sabotage[] = [
  {
    name: 'yes-to-whatever-it-gives',
    what: 'a yes that was given for what a role gave before counts for what it gives now',
    edits: [
      {
        file: 'src/operations/votes.ts',
        find: "    if (changed('definition')) return 'role-changed';\n",
        replace: '',
      },
    ],
    caughtBy: ['grants'],
    weather: undecided,
    seed: 25,
  },
];
