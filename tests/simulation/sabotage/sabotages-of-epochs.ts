import type { Sabotage } from './patch-source.ts';

/** Bugs that show only where the database is restored from a backup. */
export const SABOTAGED_EPOCHS: readonly Sabotage[] = [
  {
    name: 'restore-unnoticed',
    what: 'what a node has seen of the log is not held against the database',
    edits: [
      {
        file: 'src/operations/watch-epoch.ts',
        find: 'const verdict = judgeEpoch(witness, found);',
        replace: 'const verdict = judgeEpoch(null, found);',
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 1,
  },
  {
    name: 'epoch-keeps-pending',
    what: 'what waited for a decision before the restore can be approved after it',
    edits: [
      {
        file: 'src/operations/begin-epoch.ts',
        find: 'const lapsed = await lapsePending(trx, world, now);',
        replace: 'const lapsed = [] as Awaited<ReturnType<typeof lapsePending>>;',
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 1,
  },
  {
    name: 'epoch-keeps-sign-ins',
    what: 'whoever signed out in the time that is lost is signed in again',
    edits: [{ file: 'src/operations/begin-epoch.ts', find: '    await voidSignIns(trx);\n', replace: '' }],
    caughtBy: ['epochs'],
    restores: true,
    seed: 1,
  },
  {
    name: 'old-token-accepted',
    what: 'an access token of an earlier epoch is taken',
    edits: [
      {
        file: 'src/identity/access-tokens.ts',
        find: "return refused('another epoch');",
        replace: 'void epoch;',
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 1,
  },
  {
    name: 'epoch-for-each-node',
    what: 'a new epoch is not newer than what a node has seen of the lost time, so that each node begins one',
    edits: [
      {
        file: 'src/operations/begin-epoch.ts',
        find: 'Math.max(current.epoch.number, witness?.number ?? 0) + 1',
        replace: 'current.epoch.number + 1',
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 2,
  },
  {
    name: 'starts-without-a-look',
    what: 'what may have started once in the time that is lost counts as never started',
    edits: [
      {
        file: 'src/operations/begin-epoch.ts',
        find: 'of await lockStartable(trx)) {',
        replace: 'of (await lockStartable(trx)).slice(0, 0)) {',
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 13,
  },
  {
    name: 'believes-restored-rows',
    what: 'access that was given back in the time that is lost counts as live, because the rows say so',
    edits: [
      {
        file: 'src/engine/look-after-restore.ts',
        find: "return seen.presence === 'absent';",
        replace: "return seen.presence === 'absent' && grant.durationMs < 0;",
      },
    ],
    caughtBy: ['epochs'],
    restores: true,
    seed: 3,
  },
];
