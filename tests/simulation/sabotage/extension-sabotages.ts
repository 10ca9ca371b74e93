import type { Sabotage } from './patch-source.ts';
import { earlyEnds, lateReturns } from './storms.ts';

/** Bugs by which somebody keeps access for longer than was decided, or for less long than they were told. */
export const extensionSabotages: readonly Sabotage[] = [
  {
    name: 'acknowledged-before-the-cloud',
    what: 'a later end is promised before the cloud has it',
    edits: [
      {
        file: 'src/engine/extend.ts',
        find: 'const noted = await record(ports, grant, [{ ...begun, facts: { until: endsAt } }]);',
        replace:
          'const noted = await record(ports, grant, [{ ...begun, facts: { until: endsAt } }, { ...done, facts: { endsAt } }]);',
      },
    ],
    caughtBy: ['cloud'],
    weather: lateReturns,
    seed: 1,
  },
  {
    name: 'extension-counts-from-itself',
    what: 'what the rules allow counts from the end that a grant has, and not from its activation',
    edits: [
      {
        file: 'src/operations/extend-grant.ts',
        find: 'const altogether = { ...input, durationMs: until - activatedAt };',
        replace: 'const altogether = { ...input, durationMs: until - endsAt + 0 * activatedAt };',
      },
      {
        file: 'src/core/grant.ts',
        find: 'const longest = after(state.activatedAt, maxDurationMs);',
        replace: 'const longest = after(state.endsAt, maxDurationMs);',
      },
      {
        file: 'src/operations/recheck-grant.ts',
        find: 'grant.durationMs : until - grant.activatedAt;',
        replace: 'grant.durationMs : 0;',
      },
    ],
    caughtBy: ['grants'],
    seed: 8,
  },
  {
    name: 'ending-grant-extended',
    what: 'an approval lengthens a grant that is being ended, and thereby brings it back',
    edits: [
      {
        file: 'src/core/grant.ts',
        find: "return event.kind === 'prove-gone' ? ok(gone(state.cause, now, event.proof)) : no(state, event);",
        replace:
          "if (event.kind === 'want-extension') return ok({ ...state, kind: 'active', usableAt: now, extended: 0, extension: event.extension });\n      return event.kind === 'prove-gone' ? ok(gone(state.cause, now, event.proof)) : no(state, event);",
      },
      {
        file: 'src/operations/grant-shape.ts',
        find: "state.kind !== 'scheduled' && state.kind !== 'activating';",
        replace: "state.kind !== 'scheduled' && state.kind !== 'activating' && state.kind !== 'ending';",
      },
    ],
    // The foreign key on legal transitions refuses it first, which is an error that nobody expects; or the wish for it is seen to wait.
    caughtBy: ['defects', 'grants', 'requests'],
    weather: earlyEnds,
    seed: 3,
  },
  {
    name: 'bound-forgotten',
    what: 'a grant is proven gone at its own end, although a later one was on its way into the cloud',
    edits: [
      {
        file: 'src/engine/binding-spec.ts',
        find: 'return { ...bindingSpec(grant), endsAt: grant.boundUntil ?? bindingSpec(grant).endsAt };',
        replace: 'return bindingSpec(grant);',
      },
    ],
    caughtBy: ['cloud'],
    weather: lateReturns,
    seed: 6,
  },
  {
    name: 'extensions-not-counted',
    what: 'a grant is extended as often as its holder asks',
    edits: [
      {
        file: 'src/policy/verdict.ts',
        find: '    this.#checkExtensions();\n',
        replace: '',
      },
      {
        file: 'src/core/grant.ts',
        find: 'if (state.extended >= extensions) return',
        replace: 'if (state.extended < 0) return',
      },
    ],
    caughtBy: ['grants'],
    weather: earlyEnds,
    seed: 2,
  },
  {
    name: 'extension-outlives-its-grant',
    what: 'approvers are still asked to lengthen a grant that was given back or taken away',
    edits: [
      {
        file: 'src/ledger/lapse-with-grants.ts',
        find: 'if (grants.length === 0) return [];',
        replace: 'if (grants.length >= 0) return [];',
      },
    ],
    caughtBy: ['requests'],
    seed: 11,
  },
];
