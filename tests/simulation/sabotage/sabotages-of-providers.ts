import type { Sabotage } from './patch-source.ts';
import { dark, refusals, slowToObey } from './storms.ts';

/** Deliberate bugs in how the methods of AWS give access an end, and tell that it is gone; and the timer that other tools end it with. */
export const SABOTAGED_PROVIDERS: readonly Sabotage[] = [
  {
    name: 'timer-per-request',
    what: 'an end comes when a timer in memory rings that its start has set, and not because its row is due: a crash forgets it',
    edits: [
      {
        file: 'src/engine/activate.ts',
        find: "      const active = await record(ports, grant, [{ event: { kind: 'usable' }, facts, credentials, call, residual }]);\n",
        replace:
          "      const active = await record(ports, grant, [{ event: { kind: 'usable' }, facts, credentials, call, residual }]);\n      (globalThis.timers ??= new Set()).add(`${ports.node} ${grant.id}`);\n",
      },
      {
        file: 'src/engine/claim-ends.ts',
        find: '    const claimed = due.map((grant) => ({ before: grant, grant: expired(grant, now) }));',
        replace:
          "    const rings = (grant) => globalThis.timers?.has(`${ports.node} ${grant.id}`) === true;\n    const claimed = due.filter((grant) => grant.state.kind !== 'active' || rings(grant)).map((grant) => ({ before: grant, grant: expired(grant, now) }));",
      },
    ],
    caughtBy: ['liveness'],
    seed: 1,
  },
  {
    name: 'accepted-is-removed',
    what: 'a removal that IAM Identity Center has accepted, and carries out in its own time, counts as done',
    edits: [
      {
        file: 'src/providers/aws/identity-center-assignments.ts',
        find: "        return { ...present({ removal: 'is under way' }), underWay: 'removing' };",
        replace: "        return { ...(await absent({ removal: 'is under way' })), final: true };",
      },
    ],
    caughtBy: ['slots'],
    seed: 1,
  },
  {
    name: 'assigned-without-a-schedule',
    what: 'an assignment is made without the schedule that ends it when nobody of us is alive',
    edits: [
      {
        file: 'src/providers/aws/identity-center-assignments.ts',
        find: '    await this.#schedules.write(spec.slot, { names, endsAt: spec.endsAt, grant: spec.grant }, call);\n',
        replace: '',
      },
    ],
    caughtBy: ['cloud'],
    weather: dark,
    seed: 1,
  },
  {
    name: 'schedule-a-minute-late',
    what: 'the schedule that ends an assignment names the minute after the end, when somebody of us has surely removed it',
    edits: [
      {
        file: 'src/providers/aws/identity-center-schedule.ts',
        find: 'wanted.endsAt < soonest ? soonest : wanted.endsAt);',
        replace: 'wanted.endsAt < soonest ? soonest : after(wanted.endsAt, 60_000));',
      },
    ],
    caughtBy: ['cloud'],
    weather: dark,
    seed: 1,
  },
  {
    name: 'absence-is-final',
    what: 'a policy that is not there any more counts as gone at once, although AWS still obeys what was removed a moment ago',
    edits: [
      {
        file: 'src/providers/aws/timed-policy.ts',
        find: '    // Before the end, a call that was given up could still put the policy there again.\n    final: false,\n',
        replace: '    final: true,\n',
      },
    ],
    caughtBy: ['cloud'],
    weather: slowToObey,
    seed: 3,
  },
  {
    name: 'edit-taken-for-ours',
    what: 'what bears the name of a grant counts as over at its end, whatever somebody has made of it',
    edits: [
      {
        file: 'src/providers/aws/timed-policy.ts',
        find: '      if (over && now < finalAt) return ended(',
        replace: '      if (over) return ended(',
      },
      {
        file: 'src/providers/aws/timed-policy.ts',
        find: '  switch (recognise(policy, standing)) {',
        replace: "  switch (over ? 'ours' : recognise(policy, standing)) {",
      },
    ],
    caughtBy: ['cloud'],
    weather: slowToObey,
    seed: 17,
  },
  {
    name: 'refused-start-left-nothing',
    what: 'a start that AWS refuses when its end is scheduled already counts as one that called nothing, and the schedule is forgotten',
    edits: [
      {
        file: 'src/engine/activate.ts',
        find: 'untouched && !fault.hasWritten && NOTHING_HAPPENED',
        replace: 'untouched && NOTHING_HAPPENED',
      },
    ],
    caughtBy: ['cloud', 'grants'],
    weather: refusals,
    seed: 1,
  },
  {
    name: 'unseen-is-never-put',
    what: 'a policy that was put and could not be read back counts as never put',
    edits: [
      {
        file: 'src/providers/aws/identity-store.ts',
        find: '    return { usable: false, unseen: `${error.kind}: ${error.message}` };',
        replace: '    throw error;',
      },
    ],
    caughtBy: ['cloud', 'grants'],
    seed: 175,
  },
];
