import { extensionSabotages } from './extension-sabotages.ts';
import type { Sabotage } from './patch-source.ts';
import { SABOTAGED_APPROVALS } from './sabotages-of-approvals.ts';
import { SABOTAGED_CERTIFICATES } from './sabotages-of-certificates.ts';
import { SABOTAGED_DENIALS } from './sabotages-of-denials.ts';
import { SABOTAGED_ENDS } from './sabotages-of-ends.ts';
import { SABOTAGED_EPOCHS } from './sabotages-of-epochs.ts';
import { SABOTAGED_ORDERS } from './sabotages-of-orders.ts';
import { SABOTAGED_PROVIDERS } from './sabotages-of-providers.ts';
import { SABOTAGED_SWEEPING } from './sabotages-of-sweeping.ts';
import { earlyEnds, lateReturns, stalls } from './storms.ts';

/**
 * Bugs that somebody could really write, most of them once written by somebody. Each must be caught, or the simulation proves
 * nothing about the promise that the bug breaks.
 */
export const sabotages: readonly Sabotage[] = [
  {
    name: 'trust-the-reply',
    what: 'ended is written when the removal was answered, without looking',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: '      answered = true;\n      ({ seen, beganAt, heldBack } = await look(ports, grant, turn, ending, revoked.noted));',
        replace:
          "      answered = true;\n      seen = { presence: 'absent', proof: 'observed', evidence: {}, final: true };",
      },
    ],
    caughtBy: ['cloud', 'slots'],
    seed: 3,
  },
  {
    name: 'no-wait-for-abandoned-calls',
    what: 'ended is written at the first sight of absence, although a call that was given up can still land',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: 'if (provenAt !== null && beganAt < provenAt)',
        replace: 'if (provenAt !== null && beganAt < 0)',
      },
    ],
    caughtBy: ['cloud'],
    seed: 1,
  },
  {
    name: 'wait-from-the-wrong-moment',
    what: 'the wait begins when a call leaves, not when it has been given up',
    edits: [
      {
        file: 'src/store/bindings.ts',
        find: 'const columns = { last_call_at: fromNow(callTimeoutMs), absent_since: null };',
        replace: 'const columns = { last_call_at: fromNow(0) };',
      },
      {
        file: 'src/store/bindings.ts',
        find: 'greatest(absent_since, last_call_at)',
        replace: 'coalesce(last_call_at, absent_since)',
      },
    ],
    caughtBy: ['cloud', 'slots'],
    weather: lateReturns,
    seed: 13,
  },
  {
    name: 'stale-note',
    what: 'a node that stood still makes the call that it noted long ago',
    edits: [
      {
        file: 'src/engine/dispatch.ts',
        find: 'if (time.isOver()) return null;',
        replace: 'time = deadline(ports.clock, callTimeoutMs);',
      },
      {
        file: 'src/engine/dispatch.ts',
        find: '  const time = deadline(ports.clock, callTimeoutMs);',
        replace: '  let time = deadline(ports.clock, callTimeoutMs);',
      },
    ],
    caughtBy: ['cloud', 'slots'],
    weather: stalls,
    seed: 19,
  },
  {
    name: 'late-second-call',
    what: 'a node that stood still between two calls of one act makes the second, which others have given up',
    edits: [{ file: 'src/providers/calling.ts', find: '  if (isLate(call))', replace: '  if (call.signal.aborted)' }],
    caughtBy: ['cloud', 'slots'],
    seed: 1444,
  },
  {
    name: 'later-end-in-the-cloud',
    what: 'the cloud is told an end that is a minute later than the one that was promised',
    edits: [
      {
        file: 'src/engine/binding-spec.ts',
        find: 'return { ...bindingPlace(grant), activatedAt, endsAt };',
        replace: 'return { ...bindingPlace(grant), activatedAt, endsAt: (endsAt + 60_000) as typeof endsAt };',
      },
      {
        file: 'src/engine/activate.ts',
        find: '{ ...bindingSpec(grant()), endsAt: endsAt() },',
        replace: 'bindingSpec(grant()),',
      },
    ],
    caughtBy: ['cloud'],
    seed: 1,
  },
  {
    name: 'no-second-look-at-the-rules',
    what: 'a grant starts although the rules that are in force by then refuse it',
    edits: [
      {
        file: 'src/engine/activate.ts',
        find: 'if (verdict.ok) return true;',
        replace: 'if (verdict.ok || true) return true;',
      },
    ],
    // The second look refuses what a standing order covers, too.
    caughtBy: ['grants', 'orders'],
    seed: 1,
  },
  {
    name: 'ending-without-entry',
    what: 'an ending that a person asks for is not written into the ledger',
    edits: [
      {
        file: 'src/operations/end-grant.ts',
        find: "    world.append(trx, {\n      kind: next.value.kind === 'ending'",
        replace:
          "    (next.value.kind === 'ending' ? async () => {} : world.append)(trx, {\n      kind: next.value.kind === 'ending'",
      },
    ],
    caughtBy: ['ledger'],
    seed: 1,
  },
  {
    name: 'wish-forgotten',
    what: 'an ending that somebody asked for while the database took no writes is not remembered',
    edits: [
      {
        file: 'src/engine/unrecorded.ts',
        find: '    this.#unwritten.set(grant.id, ending);\n',
        replace: '',
      },
    ],
    caughtBy: ['liveness'],
    seed: 47,
  },
  {
    name: 'entry-twice',
    what: 'what the engine records stands in the ledger twice',
    edits: [
      {
        file: 'src/engine/record.ts',
        find: '        ports.append(trx, {',
        replace: '        ((own, entry) => ports.append(own, entry, entry))(trx, {',
      },
    ],
    caughtBy: ['ledger'],
    seed: 1,
  },
  {
    name: 'sequencer-drops-an-entry',
    what: 'an entry is taken out of the outbox and gets no place in the log, which still verifies by itself',
    edits: [
      {
        file: 'src/ledger/sequencer.ts',
        find: 'const entries = waiting.map(',
        replace: 'const entries = waiting.slice(waiting.length > 7 ? 1 : 0).map(',
      },
    ],
    caughtBy: ['ledger'],
    seed: 1,
  },
  {
    name: 'unknown-is-failure',
    what: 'a call with an unknown outcome is treated as one that did nothing, and the grant is forgotten',
    edits: [
      {
        file: 'src/engine/activate.ts',
        find: '  if (HOPELESS.has(fault.kind) || now',
        replace:
          "  if (fault.kind === 'unknown-outcome') untouched = true;\n  if (fault.kind === 'unknown-outcome' || HOPELESS.has(fault.kind) || now",
      },
    ],
    caughtBy: ['cloud', 'grants', 'slots'],
    seed: 1,
  },
  {
    name: 'return-in-flight-forgotten',
    what: 'a grant that is given back while its activation is under way is over at once',
    edits: [
      {
        file: 'src/core/grant.ts',
        find: "    case 'return':\n      return ending('returned');",
        replace:
          "    case 'return':\n      if (state.kind === 'activating') return ok(gone('returned', now, { kind: 'never-provisioned', at: now, evidence: {} }));\n      return ending('returned');",
      },
    ],
    // The foreign key on legal transitions refuses it first, which is an error that nobody expects.
    caughtBy: ['defects', 'cloud', 'grants'],
    seed: 1,
  },
  {
    name: 'activating-past-its-end',
    what: 'nobody takes up a grant whose time is over while it is still being activated',
    edits: [
      {
        file: 'src/store/leases.ts',
        find: "sql<boolean>`(state in ('activating', 'active', 'ending') and (not ${UNDER_WAY} or ends_at <= ${NOW}))`",
        replace: "sql<boolean>`state in ('active', 'ending')`",
      },
    ],
    caughtBy: ['liveness'],
    seed: 3,
  },
  {
    name: 'expired-bindings-stay',
    what: 'nothing is removed when the time of a grant is over, as if every cloud ended access by itself',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: "    if (seen?.presence !== 'absent') {\n      const revoked",
        replace: "    if (seen?.presence !== 'absent' && ending.cause !== 'expired') {\n      const revoked",
      },
    ],
    caughtBy: ['liveness'],
    seed: 1,
  },
  {
    name: 'credential-after-the-end',
    what: 'a credential is handed out although the grant ended while the cloud answered',
    edits: [
      {
        file: 'src/operations/issue-credential.ts',
        find: 'if (current === null || activeSpec(current, at) === null) return',
        replace: 'if (current === null) return',
      },
    ],
    caughtBy: ['credentials'],
    seed: 6,
  },
  {
    name: 'one-approval-too-few',
    what: 'a step that needs several approvals is satisfied by one less',
    edits: [
      {
        file: 'src/policy/approvals.ts',
        find: 'missing: Math.max(0, step.count - approvedBy.size)',
        replace: 'missing: Math.max(0, step.count - approvedBy.size - (step.count > 1 ? 1 : 0))',
      },
    ],
    caughtBy: ['grants'],
    seed: 1,
  },
  {
    name: 'own-approval-counts',
    what: 'a requester who is also an approver can approve',
    edits: [
      {
        file: 'src/operations/standing.ts',
        find: '  if (request.person === actor.person) return OWN;\n  const now = world.clock.now();',
        replace: '  if (actor.key === "") return OWN;\n  const now = world.clock.now();',
      },
      {
        file: 'src/policy/approvers.ts',
        find: 'return own ? members.filter((person) => person !== scope.requester.key) : members;',
        replace: 'return own || true ? members : members;',
      },
      {
        file: 'src/operations/decide-request.ts',
        find: '    if (human === (await humanOf(trx, request.person))) return refused(SELF_APPROVAL);\n',
        replace: '    if (human === request.id) return refused(SELF_APPROVAL);\n',
      },
    ],
    caughtBy: ['requests'],
    seed: 13,
  },
  {
    name: 'decided-after-its-time',
    what: 'a request can be decided after it should have lapsed',
    edits: [
      {
        file: 'src/operations/decide-request.ts',
        find: '    if (now >= request.state.lapsesAt)',
        replace: '    if (now < 0)',
      },
      { file: 'src/core/request.ts', find: '  const late = now >= state.lapsesAt;', replace: '  const late = false;' },
    ],
    caughtBy: ['requests', 'liveness'],
    seed: 17,
  },
  {
    name: 'claims-ignore-leases',
    what: 'a node takes work that another node is at',
    edits: [
      {
        file: 'src/store/leases.ts',
        find: '${belongsTo(lane)} and (${NOT_CLAIMED} or lease_owner = ${owner})',
        replace: '${belongsTo(lane)}',
      },
    ],
    caughtBy: ['claims'],
    seed: 1,
  },
  {
    name: 'record-without-claim',
    what: 'a node records what it did although its claim was lost meanwhile',
    edits: [
      {
        file: 'src/store/leases.ts',
        find: ".where('lease_owner', '=', owner)\n    .where('lease_until', '>', sql<Instant>`app_now()`)\n    .executeTakeFirst();\n  return row === undefined ? null : { grant",
        replace: '.executeTakeFirst();\n  return row === undefined ? null : { grant',
      },
    ],
    caughtBy: ['claims'],
    weather: stalls,
    seed: 7,
  },
  {
    name: 'first-end-takes-all',
    what: 'whoever ends first takes a shared place away, whoever else needs it',
    edits: [
      {
        file: 'src/engine/slot-turn.ts',
        find: 'return desiredBinding(states, now);',
        replace: 'return desiredBinding(states.slice(0, 0), now);',
      },
    ],
    // The schedule that would end the others' access goes with it.
    caughtBy: ['slots', 'cloud'],
    weather: earlyEnds,
    seed: 1,
  },
  {
    name: 'standing-removed',
    what: 'what was there before is removed with the grant that used it',
    edits: [
      {
        file: 'src/engine/end.ts',
        find: "if (stands?.whose === 'theirs') return await leaveStanding(ports, grant, stands.native, late);",
        replace: '',
      },
    ],
    caughtBy: ['slots'],
    seed: 16,
  },
  {
    name: 'begins-too-soon',
    what: 'a grant begins on a shared place while an earlier removal may still land',
    edits: [
      {
        file: 'src/engine/slot-turn.ts',
        find: 'const until = begins(grant) ? binding.unsettledUntil : null;',
        replace: 'const until = null as Instant | null;',
      },
      {
        file: 'src/engine/slot-turn.ts',
        find: 'if (begins(grant) && (await othersOnSlot',
        replace: 'if (!begins(grant) && (await othersOnSlot',
      },
    ],
    caughtBy: ['slots', 'liveness'],
    weather: lateReturns,
    seed: 1,
  },
  ...extensionSabotages,
  ...SABOTAGED_DENIALS,
  ...SABOTAGED_APPROVALS,
  ...SABOTAGED_CERTIFICATES,
  ...SABOTAGED_ENDS,
  ...SABOTAGED_EPOCHS,
  ...SABOTAGED_ORDERS,
  ...SABOTAGED_PROVIDERS,
  ...SABOTAGED_SWEEPING,
];
