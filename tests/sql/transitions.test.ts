import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { GRANT_EVENTS, transitionGrant, type GrantEvent, type GrantState } from '../../src/core/grant.ts';
import { REQUEST_EVENTS, transitionRequest, type RequestEvent, type RequestState } from '../../src/core/request.ts';
import type { RequestId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

const EARLY = instant(1_000);
const LATE = instant(10_000_000);
const PROOF = { kind: 'observed', at: LATE, evidence: {} } as const;
const RUNNING = { activatedAt: EARLY, endsAt: instant(900_000), boundUntil: instant(900_000) };
const EXTENSION = { request: 'req_aaaaaaaaaaaaaaaaaaaa' as RequestId, until: instant(950_000) };

const GRANTS: readonly GrantState[] = [
  { kind: 'scheduled', startsAt: EARLY },
  { kind: 'activating', ...RUNNING },
  { kind: 'active', usableAt: EARLY, extended: 0, extension: null, ...RUNNING },
  { kind: 'active', usableAt: EARLY, extended: 0, extension: EXTENSION, ...RUNNING },
  ...(['expired', 'returned', 'revoked', 'failed'] as const).map((cause) => ({
    kind: 'ending' as const,
    cause,
    since: EARLY,
    ...RUNNING,
  })),
  { kind: 'ended', cause: 'expired', endedAt: LATE, proof: PROOF },
  { kind: 'failed', endedAt: LATE, proof: PROOF },
];

function grantEvent(kind: GrantEvent['kind']): GrantEvent {
  if (kind === 'start') return { kind, durationMs: 900_000, latestEndAt: null };
  if (kind === 'want-extension')
    return { kind, extension: EXTENSION, limits: { maxDurationMs: 1_000_000, extensions: 1, latestEndAt: null } };
  return kind === 'prove-gone' ? { kind, proof: PROOF } : { kind };
}

const REQUESTS: readonly RequestState[] = [
  { kind: 'pending', lapsesAt: instant(5_000) },
  { kind: 'approved', decidedAt: EARLY },
  { kind: 'denied', decidedAt: EARLY, by: 'approver' },
  { kind: 'withdrawn', decidedAt: EARLY },
  { kind: 'lapsed', decidedAt: EARLY, cause: 'nobody-decided' },
];

function requestEvent(kind: RequestEvent['kind']): RequestEvent {
  return kind === 'deny' ? { kind, by: 'approver' } : { kind };
}

/** Every pair that the code allows, found by trying every event in every state at an early and at a late time. */
function pairs<State extends { kind: string }>(
  states: readonly State[],
  next: (state: State) => readonly (State | null)[],
): readonly string[] {
  const found = new Set<string>();
  for (const state of states) for (const to of next(state)) if (to !== null) found.add(`${state.kind} -> ${to.kind}`);
  return [...found].sort();
}

eachDatabase('transitions', (current) => {
  const rows = async (table: string): Promise<readonly string[]> => {
    const { rows: found } = await sql<{ pair: string }>`
      select from_state || ' -> ' || to_state as pair from ${sql.table(table)} where from_state <> 'new' order by 1`.execute(
      current().db,
    );
    return found.map((row) => row.pair).sort();
  };

  test('of a grant are the same in code and in SQL', async () => {
    const code = pairs(GRANTS, (state) =>
      GRANT_EVENTS.flatMap((kind) =>
        [EARLY, LATE].map((now) => {
          const outcome = transitionGrant(state, grantEvent(kind), now);
          return outcome.ok ? outcome.value : null;
        }),
      ),
    );
    expect(await rows('grant_transition')).toEqual(code);
  });

  test('of a request are the same in code and in SQL', async () => {
    const code = pairs(REQUESTS, (state) =>
      REQUEST_EVENTS.flatMap((kind) =>
        [EARLY, LATE].map((now) => {
          const outcome = transitionRequest(state, requestEvent(kind), now);
          return outcome.ok ? outcome.value : null;
        }),
      ),
    );
    expect(await rows('request_transition')).toEqual(code);
  });

  const RUN = `update "grant" set state = 'activating', activated_at = app_now(), ends_at = app_now() + interval '15 minutes'`;

  const USE = `update "grant" set state = 'active', usable_at = app_now()`;
  const WANT = `update "grant" set extension_request = request_id, extension_until = activated_at + interval '20 minutes'`;
  const NOTE = `update "grant" set bound_until = extension_until`;
  const MOVE = `ends_at = activated_at + interval '20 minutes', extended = extended + 1, extension_request = null, extension_until = null`;
  const ASK = `insert into request (id, person_id, reason, duration_ms, question, decision, policy_version, created_at, lapses_at, due_at, extends_grant, extends_until)
    select 'req_' || substr(translate(md5(random()::text), '0189', 'abcd'), 1, 20), person_id, '', 1, '{}', '{}', 'v1', app_now(), app_now(), app_now(), id, app_now() from "grant"`;

  const OVER = `update "grant" set state = 'ended', ended_at = app_now(), proof = '{}', due_at = null,`;
  const REOPEN = `update "grant" set ended_at = null, proof = null, due_at = app_now(), activated_at = app_now(), ends_at = app_now() + interval '15 minutes',`;

  test.each([
    [
      'a scheduled grant cannot become active at once',
      [
        `update "grant" set state = 'active', activated_at = app_now(), ends_at = app_now() + interval '1 hour', usable_at = app_now()`,
      ],
      '23503',
      'grant_transition_is_legal',
    ],
    [
      'a grant that runs has an end',
      [`update "grant" set state = 'activating', activated_at = app_now()`],
      '23514',
      'grant_end_is_written_before_the_first_call',
    ],
    [
      'an end is never moved later',
      [RUN, `update "grant" set ends_at = ends_at + interval '1 second'`],
      '23514',
      'grant_ends_at_is_never_rearmed',
    ],
    [
      'an end is not moved later by an extension of which nobody noted that it leaves for the cloud',
      [RUN, USE, WANT, `update "grant" set ${MOVE}`],
      '23514',
      'grant_ends_at_is_never_rearmed',
    ],
    [
      'an end is not moved further than was decided',
      [RUN, USE, WANT, NOTE, `update "grant" set ${MOVE.replace('20 minutes', '19 minutes')}`],
      '23514',
      'grant_ends_at_is_never_rearmed',
    ],
    [
      'an end is not moved twice by one extension',
      [
        RUN,
        USE,
        WANT,
        NOTE,
        `update "grant" set ${MOVE}`,
        `update "grant" set ends_at = ends_at + interval '1 second', bound_until = ends_at + interval '1 hour', extended = 2`,
      ],
      '23514',
      'grant_ends_at_is_never_rearmed',
    ],
    [
      'no end is moved as the grant is taken away',
      [
        RUN,
        USE,
        WANT,
        NOTE,
        `update "grant" set ${MOVE}, state = 'ending', end_cause = 'revoked', ending_since = app_now()`,
      ],
      '23514',
      'grant_ends_at_is_never_rearmed',
    ],
    [
      'what may stand in the cloud is never forgotten',
      [RUN, USE, WANT, NOTE, `update "grant" set bound_until = ends_at`],
      '23514',
      'grant_bound_only_grows',
    ],
    [
      'nothing that ends is extended',
      [RUN, USE, `update "grant" set state = 'ending', end_cause = 'revoked', ending_since = app_now()`, WANT],
      '23514',
      'grant_is_extended_while_active',
    ],
    [
      'an extension is of a request',
      [RUN, USE, `update "grant" set extension_until = ends_at + interval '5 minutes'`],
      '23514',
      'grant_extension_is_whole',
    ],
    ['a grant has one extension at a time', [ASK, ASK], '23505', 'request_extends_one_at_a_time'],
    [
      'the start of the clock is fixed',
      [RUN, `update "grant" set activated_at = activated_at + interval '1 second'`],
      '23514',
      'grant_activated_at_is_fixed',
    ],
    [
      'nothing is over without proof',
      [
        RUN,
        `update "grant" set state = 'ending', end_cause = 'expired', ending_since = app_now()`,
        `update "grant" set state = 'ended', ended_at = app_now(), due_at = null`,
      ],
      '23514',
      'grant_over_only_with_proof',
    ],
    [
      'an end lies after the start',
      [`update "grant" set state = 'activating', activated_at = app_now(), ends_at = app_now() - interval '1 second'`],
      '23514',
      'grant_ends_after_it_starts',
    ],
    [
      'active means that it was usable',
      [RUN, `update "grant" set state = 'active'`],
      '23514',
      'grant_active_was_usable',
    ],
    ['an ending has a cause', [RUN, `update "grant" set state = 'ending'`], '23514', 'grant_ending_has_a_cause'],
    [
      'the cause is one that people know',
      [RUN, `update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'forgotten'`],
      '23514',
      'grant_cause_is_known',
    ],
    [
      'what is in flight is not over without ending first',
      [RUN, `${OVER} end_cause = 'returned'`],
      '23503',
      'grant_transition_is_legal',
    ],
    [
      'what has ended never comes back',
      [`${OVER} end_cause = 'returned'`, `${REOPEN} state = 'ending'`],
      '23503',
      'grant_transition_is_legal',
    ],
    [
      'what has failed never comes back',
      [
        `${OVER.replace("'ended'", "'failed'")} end_cause = 'failed'`,
        `${REOPEN} state = 'active', usable_at = app_now()`,
      ],
      '23503',
      'grant_transition_is_legal',
    ],
    ['what is not over has a deadline', [`update "grant" set due_at = null`], '23514', 'grant_due_until_over'],
    [
      'a decided request is not decided again',
      [`update request set state = 'denied', denied_by = 'approver'`],
      '23503',
      'request_transition_is_legal',
    ],
    [
      'a decided request does not become pending again',
      [`update request set state = 'pending', decided_at = null, due_at = app_now()`],
      '23503',
      'request_transition_is_legal',
    ],
    [
      'only what lapsed has a cause of that',
      [`update request set lapse_cause = 'new-epoch'`],
      '23514',
      'request_lapse_cause_is_known',
    ],
  ] as const)('the database refuses: %s', async (_, statements, code, constraint) => {
    await scheduledGrant(current());
    const [last, ...before] = statements.toReversed();
    for (const statement of before.toReversed()) await sql.raw(statement).execute(current().db);
    await expect(sql.raw(last ?? '').execute(current().db)).rejects.toMatchObject({ code, constraint });
  });
});
