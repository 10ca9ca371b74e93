import type { AccessRequest } from '../../data/api.ts';
import { who } from '../../data/who.ts';
import { grantState } from '../../time/wording.ts';

export interface Stage {
  readonly name: 'Asked' | 'Decided' | 'Access' | 'Ended';
  /** `bad`: it ended here, and not as was hoped; `never`: what would have come after that. */
  readonly state: 'done' | 'now' | 'later' | 'bad' | 'never';
  readonly at: string | null;
  readonly note: string;
}

/**
 * The four stages of a request. `Ended` is done only when everything that came out of it is over with proof, and says that it is gone
 * only where all of it is.
 */
export function stagesOf(request: AccessRequest, now: number): readonly Stage[] {
  return [
    { name: 'Asked', state: 'done', at: request.createdAt, note: '' },
    decided(request),
    access(request, now),
    ended(request, now),
  ];
}

function decided({ status, decidedAt, decisions, steps, deniedBy, lapseCause }: AccessRequest): Stage {
  const stage = { name: 'Decided', at: decidedAt } as const;
  const last = decisions.at(-1)?.by;
  const by = last === undefined ? 'somebody' : who(last);
  switch (status) {
    case 'pending':
      return { ...stage, state: 'now', note: 'waits for somebody' };
    case 'approved':
      return { ...stage, state: 'done', note: steps.length === 0 ? 'by rule' : `by ${by}` };
    case 'denied':
      return {
        ...stage,
        state: 'bad',
        note: deniedBy === 'policy' ? 'refused by the rules' : `denied by ${by}`,
      };
    case 'withdrawn':
      return { ...stage, state: 'bad', note: 'withdrawn' };
    case 'lapsed':
      return { ...stage, state: 'bad', note: LAPSE_NOTES[lapseCause ?? 'nobody-decided'] };
  }
}

const LAPSE_NOTES: Readonly<Record<NonNullable<AccessRequest['lapseCause']>, string>> = {
  'nobody-decided': 'nobody decided',
  'grant-ended': 'the access ended first',
  'new-epoch': 'lapsed at a restore of the database',
};

/** Whether what follows a decision still comes. */
function comes(status: AccessRequest['status']): 'later' | 'never' {
  return status === 'pending' || status === 'approved' ? 'later' : 'never';
}

function access({ status, grants }: AccessRequest, now: number): Stage {
  const stage = { name: 'Access' } as const;
  const first = grants[0];
  if (status !== 'approved' || first === undefined) return { ...stage, state: comes(status), at: null, note: '' };
  const states = grants.map((grant) => grantState(grant, now).word);
  if (grants.every((grant) => grant.status === 'failed'))
    return { ...stage, state: 'bad', at: null, note: 'it could not be started' };
  if (grants.some((grant) => grant.status === 'activating' || grant.status === 'scheduled'))
    return { ...stage, state: 'now', at: first.status === 'scheduled' ? first.startsAt : null, note: states[0] ?? '' };
  const live = grants.some((grant) => grant.status === 'active');
  return { ...stage, state: live ? 'now' : 'done', at: first.usableAt, note: live ? 'usable' : 'was usable' };
}

function ended({ status, grants }: AccessRequest, now: number): Stage {
  const stage = { name: 'Ended', at: null } as const;
  if (status !== 'approved' || grants.length === 0) return { ...stage, state: comes(status), note: '' };
  const over = grants.filter(({ status: one }) => one === 'ended' || one === 'failed');
  if (over.length === grants.length) {
    const kept = over.flatMap(({ proof }) => proof ?? []).find(({ gone }) => !gone);
    const last = over.reduce((a, b) => ((a.endedAt ?? '') > (b.endedAt ?? '') ? a : b));
    return { ...stage, state: 'done', at: last.endedAt, note: kept?.brief ?? 'proven gone' };
  }
  const ending = grants.some((grant) => grantState(grant, now).word === 'ending…');
  if (ending) return { ...stage, state: 'now', note: 'ending…, until it is proven gone' };
  const ends =
    grants
      .flatMap(({ endsAt }) => endsAt ?? [])
      .sort()
      .at(-1) ?? null;
  return { ...stage, state: 'later', at: ends, note: ends === null ? '' : 'will end' };
}
