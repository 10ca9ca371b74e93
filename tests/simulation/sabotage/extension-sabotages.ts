import type { Sabotage } from './patch-source.ts';

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
    seed: 1,
  },
  {
    name: 'extended-past-its-end',
    what: 'a grant whose time is over gets a later end, because nobody has ended it yet',
    edits: [
      {
        file: 'src/core/grant.ts',
        find: "return state.kind === 'active' && now < endsAt ? extend(state, event) : no(state, event);",
        replace: "return state.kind === 'active' ? extend(state, event) : no(state, event);",
      },
      {
        file: 'src/store/leases.ts',
        find: "case when state = 'active' then least(${fromNow(leaseMs)}, ends_at) else ${fromNow(leaseMs)} end",
        replace: '${fromNow(leaseMs)}',
      },
    ],
    caughtBy: ['grants'],
    seed: 1,
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
    seed: 9,
  },
  {
    name: 'under-a-late-call',
    what: 'a later end is written while a call that writes the earlier one may still land on it',
    edits: [
      {
        file: 'src/engine/extend.ts',
        find: 'return over > (await appNow(ports.db)) ? over : null;',
        replace: 'return null;',
      },
    ],
    caughtBy: ['cloud'],
    seed: 1,
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
    seed: 2,
  },
];
