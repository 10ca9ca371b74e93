import type { Sabotage } from './patch-source.ts';
import { earlyEnds, lateReturns, unreadable } from './storms.ts';

/** Deliberate bugs in how long access lasts, and in what counts as gone: several of them are how other tools really do it. */
export const SABOTAGED_ENDS: readonly Sabotage[] = [
  {
    name: 'gives-up-after-six-tries',
    what: 'an end that failed six times is not tried again for a day',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: '  await later(ports, grant, { inMs: delayMs }, attempts, fault);\n}',
        replace: '  await later(ports, grant, { inMs: attempts >= 6 ? 86_400_000 : delayMs }, attempts, fault);\n}',
      },
    ],
    caughtBy: ['liveness'],
    seed: 4,
  },
  {
    name: 'fault-of-a-look-is-gone',
    what: 'a look that failed, as with a 404 or a 403, counts as a look that found nothing',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: "    ports.log.warn({ grant: grant.id, ...faultFacts(fault) }, 'could not look whether access is gone');\n    return { seen: null, beganAt, heldBack: fault.heldBack ? fault : null };",
        replace:
          "    return { seen: { presence: 'absent', proof: 'observed', evidence: {}, final: true }, beganAt, heldBack: null };",
      },
    ],
    caughtBy: ['cloud', 'slots'],
    seed: 1,
  },
  {
    name: 'denies-for-itself-alone',
    what: 'whoever denies writes back what it read, without what else is being ended there',
    edits: [
      {
        file: 'src/engine/alongside.ts',
        find: 'const ending = await soon(endingOnRole(db, grant), []);',
        replace: 'const ending = (await soon(endingOnRole(db, grant), [])).slice(0, 0);',
      },
    ],
    caughtBy: ['cloud'],
    weather: lateReturns,
    seed: 140,
  },
  {
    name: 'denial-drops-earlier-ones',
    what: 'the denial of one session is written in place of those that stand there, and whoever was denied first works again',
    edits: [
      {
        file: 'src/providers/aws/revocation-store.ts',
        find: 'let next = withoutExpired(stored.all, call.now);',
        replace: 'let next = NO_REVOCATIONS;',
      },
    ],
    caughtBy: ['cloud'],
    weather: earlyEnds,
    seed: 4,
  },
  {
    name: 'ended-after-an-error',
    what: 'an end that failed with an error before anything was done is carried out a good minute later all the same, and nobody is told',
    edits: [
      {
        file: 'src/operations/end-grant.ts',
        find: '  const grant = await findGrant(world.db, id);\n  if (grant === null) return refused(NOT_FOUND);\n  const operation',
        replace:
          '  const grant = await findGrant(world.db, id).catch((error) => {\n    const later = async () => world.endUnrecorded(await findGrant(world.db, id), cause, { person: actor.person, reason });\n    void world.clock.sleep(90_000).then(later).catch(() => {});\n    throw error;\n  });\n  if (grant === null) return refused(NOT_FOUND);\n  const operation',
      },
    ],
    caughtBy: ['ledger', 'slots'],
    weather: unreadable,
    seed: 1,
  },
  {
    name: 'clock-from-the-request',
    what: 'the time of a grant is counted from when it was asked for, and not from its first call',
    edits: [
      {
        file: 'src/core/grant.ts',
        find: 'const natural = after(now, event.durationMs);',
        replace:
          'const natural = after(now > after(state.startsAt, event.durationMs) ? now : state.startsAt, event.durationMs);',
      },
    ],
    caughtBy: ['grants'],
    seed: 1,
  },
  {
    name: 'end-counted-anew',
    what: 'whoever goes on with an activation counts its time anew, and tells the cloud so',
    edits: [
      {
        file: 'src/engine/activate.ts',
        find: '  const until = latest(grant.endsAt, others);\n  const at',
        replace: '  const until = latest(after(ports.clock.now(), grant.durationMs), others);\n  const at',
      },
    ],
    caughtBy: ['cloud'],
    seed: 1,
  },
  {
    name: 'entry-outside-the-transaction',
    what: 'the entry of an end that a person asks for is written in a transaction of its own, a moment later',
    edits: [
      {
        file: 'src/operations/end-grant.ts',
        find: "    world.append(trx, {\n      kind: next.value.kind === 'ending'",
        replace:
          "    (async (_trx, entry) => void world.clock.sleep(1).then(() => world.db.transaction().execute((own) => world.append(own, entry))))(trx, {\n      kind: next.value.kind === 'ending'",
      },
    ],
    caughtBy: ['ledger'],
    seed: 1,
  },
  {
    name: 'litter-only-of-early-ends',
    what: 'what calls that landed late have left on people’s identities is looked for only after early ends',
    edits: [
      {
        file: 'src/engine/tidy.ts',
        find: 'if (!leavesAlways && !early) continue;',
        replace: 'if (!early) continue;',
      },
    ],
    caughtBy: ['cloud'],
    seed: 21,
  },
];
