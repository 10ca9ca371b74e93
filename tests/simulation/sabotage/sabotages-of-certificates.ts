import type { Sabotage } from './patch-source.ts';
import { earlyEnds, lateReturns, longAfter, meddling } from './storms.ts';

/** Deliberate bugs in certificates, and in what ends the sessions that their holders make alone. */
export const SABOTAGED_CERTIFICATES: readonly Sabotage[] = [
  {
    name: 'certificate-without-a-look',
    what: 'a further certificate leaves without a look whether the end of its sessions still stands on the role',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: '      await onRole(resolved, call, (calls) => requireArmed(calls, resolved, binding, ourNow));\n',
        replace: '',
      },
    ],
    caughtBy: ['credentials'],
    weather: meddling,
    seed: 1,
  },
  {
    name: 'end-not-armed',
    what: 'certificates are given under a grant whose end is not yet on the role, as if an early end were the only one that needs a denial',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: '  await putWithin(calls, place, end, call);\n',
        replace:
          '  if (call.signal.aborted) await putWithin(calls, place, end, call);\n  return { usable: true, roleId: role.id };\n',
      },
    ],
    caughtBy: ['cloud'],
    seed: 1,
  },
  {
    name: 'early-end-revokes-certificates-only',
    what: 'an early end puts the certificates on the revocation list, and leaves the sessions that were made with them',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: "  if (ending.cause === 'expired' && ending.since >= endsAt && standingOf(",
        replace: '  if (endsAt > 0 && ending.since > 0 && standingOf(',
      },
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: "if (ending !== null && standing === 'barred')",
        replace: "if (ending !== null && (standing === 'armed' || standing === 'barred'))",
      },
    ],
    caughtBy: ['cloud'],
    weather: earlyEnds,
    seed: 3,
  },
  {
    name: 'armed-end-swept-with-its-certificate',
    what: 'what ends sessions is swept when the certificate is over, and not when the last session that it made is',
    edits: [
      {
        file: 'src/providers/aws/armed-end.ts',
        find: 'after(end, longestMs + MARGIN_MS + CLOCK_TOLERANCE_MS)',
        replace: 'after(end, 0 * (longestMs + MARGIN_MS) + CLOCK_TOLERANCE_MS)',
      },
    ],
    caughtBy: ['cloud'],
    seed: 5,
  },
  {
    name: 'armed-end-believed',
    what: 'at its end a grant counts as gone because its end was armed once, without a look whether it still stands there',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: "if (call.now >= binding.endsAt && standing === 'armed')",
        replace: "if (call.now >= binding.endsAt && (standing === 'armed' || true))",
      },
    ],
    caughtBy: ['cloud'],
    weather: meddling,
    seed: 2,
  },
  {
    name: 'bar-is-final',
    what: 'a denial that was seen once is proof, although an armed end that was given up can still land in its place',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: "return { presence: 'absent', proof: 'observed', evidence: seen, final: false };\n  }\n  // Without",
        replace: "return { presence: 'absent', proof: 'observed', evidence: seen, final: true };\n  }\n  // Without",
      },
    ],
    caughtBy: ['cloud'],
    weather: lateReturns,
    seed: 1,
  },
  {
    name: 'armed-ends-never-swept',
    what: 'what ended sessions stays on the role for good, until the role has no room for another one',
    edits: [
      {
        file: 'src/providers/aws/roles-anywhere.ts',
        find: '  for (const { name } of overdue) await calls.remove(name);\n',
        replace: '',
      },
    ],
    caughtBy: ['cloud'],
    weather: longAfter,
    seed: 1,
  },
];
