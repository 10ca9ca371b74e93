import type { AccessRequest, Grant } from '../../data/api.ts';
import { who } from '../../data/who.ts';
import { grantState, latestOf } from '../../time/wording.ts';

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

/** Of several items that differ each state is named, with how many are in it: one that failed must not hide behind one that is usable. */
function access({ status, grants }: AccessRequest, now: number): Stage {
  const stage = { name: 'Access' } as const;
  const latest = latestOf(grants);
  if (status !== 'approved' || latest.length === 0) return { ...stage, state: comes(status), at: null, note: '' };
  const counts = new Map<string, number>();
  for (const grant of latest) counts.set(accessWord(grant, now), (counts.get(accessWord(grant, now)) ?? 0) + 1);
  const note = [...counts].map(([word, count]) => (counts.size === 1 ? word : `${count} ${word}`)).join(', ');
  const all = (...kinds: readonly Grant['status'][]) => latest.every((grant) => kinds.includes(grant.status));
  if (all('failed')) return { ...stage, state: 'bad', at: null, note };
  if (all('scheduled')) return { ...stage, state: 'now', at: earliest(latest, 'startsAt'), note };
  const comesStill = latest.some((grant) => grant.status === 'activating' || grant.status === 'scheduled');
  if (comesStill) return { ...stage, state: 'now', at: null, note };
  const live = latest.some((grant) => grant.status === 'active');
  return { ...stage, state: live ? 'now' : 'done', at: earliest(latest, 'usableAt'), note };
}

/** What has become of one item, as far as its access goes: how it ends is the next stage. */
function accessWord(grant: Grant, now: number): string {
  switch (grant.status) {
    case 'scheduled':
    case 'activating':
      return grantState(grant, now).word;
    case 'active':
      return 'usable';
    case 'ending':
    case 'ended':
      return 'was usable';
    case 'failed':
      return 'could not be started';
  }
}

function earliest(grants: readonly Grant[], time: 'startsAt' | 'usableAt'): string | null {
  return grants.flatMap((grant) => grant[time] ?? []).sort()[0] ?? null;
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
