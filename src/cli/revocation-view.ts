import { printable } from './terminal/printable.ts';
import type { PersonView } from './views.ts';
import { fields, isFields, list, number, numberOrNull, text, textOrNull, type Fields } from './wire.ts';
import { who } from './terminal/who.ts';

/** What the CLI reads out of an order of the kill switch; docs/openapi.json describes it whole. */
export interface RevocationView {
  readonly id: string;
  readonly status: string;
  readonly scope: { readonly kind: string; readonly person: PersonView | null; readonly target: string | null };
  readonly reason: string;
  readonly reach: string;
  readonly orderedBy: PersonView;
  readonly orderedAt: string;
  readonly asksUntil: string | null;
  readonly mayConfirm: boolean;
  readonly stopsNew: boolean;
  readonly startedAt: string | null;
  readonly confirmedAt: string | null;
  readonly finishedAt: string | null;
  readonly toZeroMs: number | null;
  readonly live: number;
  readonly ending: number;
  readonly gone: number;
  readonly survives: { readonly sessions: number; readonly until: string | null; readonly standing: number };
  readonly requestsWithdrawn: number;
  readonly left: readonly LeftView[];
  readonly serverTime: string;
}

export interface LeftView {
  readonly grant: string;
  readonly status: string;
  readonly person: PersonView;
  readonly role: string;
  readonly target: string;
  readonly lastFault: string | null;
}

export function revocationView(of: Fields): RevocationView {
  const scope = fields(of['scope'], 'scope');
  const counts = fields(of['counts'], 'counts');
  const survives = fields(of['survives'], 'survives');
  return {
    id: text(of, 'id'),
    status: text(of, 'status'),
    scope: {
      kind: text(scope, 'kind'),
      person: isFields(scope['person']) ? person(scope['person']) : null,
      target: textOrNull(scope, 'target'),
    },
    reason: text(of, 'reason'),
    reach: text(of, 'reach'),
    orderedBy: person(fields(of['orderedBy'], 'orderedBy')),
    orderedAt: text(of, 'orderedAt'),
    asksUntil: textOrNull(of, 'asksUntil'),
    mayConfirm: of['mayConfirm'] === true,
    stopsNew: of['stopsNew'] === true,
    startedAt: textOrNull(of, 'startedAt'),
    confirmedAt: textOrNull(of, 'confirmedAt'),
    finishedAt: textOrNull(of, 'finishedAt'),
    toZeroMs: numberOrNull(of, 'toZeroMs'),
    live: number(counts, 'live'),
    ending: number(counts, 'ending'),
    gone: number(counts, 'gone'),
    survives: {
      sessions: number(survives, 'sessions'),
      until: textOrNull(survives, 'until'),
      standing: number(survives, 'standing'),
    },
    requestsWithdrawn: number(of, 'requestsWithdrawn'),
    left: list(of, 'left', (one) => ({
      grant: text(one, 'grant'),
      status: text(one, 'status'),
      person: person(fields(one['person'], 'person')),
      role: text(one, 'role'),
      target: text(one, 'target'),
      lastFault: textOrNull(one, 'lastFault'),
    })),
    serverTime: text(of, 'serverTime'),
  };
}

function person(of: Fields): PersonView {
  return { key: text(of, 'key'), name: text(of, 'name') };
}

/** What an order is about, for people. */
export function aboutWords({ scope }: RevocationView): string {
  if (scope.kind === 'all') return 'everybody, everywhere';
  if (scope.kind === 'person') return scope.person === null ? '' : who(scope.person);
  return printable(scope.target ?? '');
}

/** `6.2 s`: people compare these, so they have one unit. */
export function secondsText(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}

/** `6.2 s`, or `65.7 s from the confirmation, 119.0 s from the order`, where it runs from later than the order. `null`: it is not over. */
export function zeroWords({ toZeroMs, orderedAt, startedAt, confirmedAt, finishedAt }: RevocationView): string | null {
  if (toZeroMs === null) return null;
  const took = secondsText(toZeroMs);
  if (startedAt === null || finishedAt === null || Date.parse(startedAt) <= Date.parse(orderedAt)) return took;
  const from = startedAt === confirmedAt ? 'the confirmation' : 'when it was widened';
  return `${took} from ${from}, ${secondsText(Date.parse(finishedAt) - Date.parse(orderedAt))} from the order`;
}

/**
 * Of what is over, how much goes on all the same: sessions that could not be cut, until they have run out, and access from before Curfew.
 * Nobody calls that gone.
 */
export function goesOn({ survives: { sessions, until, standing }, serverTime }: RevocationView): number {
  return (until !== null && Date.parse(serverTime) < Date.parse(until) ? sessions : 0) + standing;
}
