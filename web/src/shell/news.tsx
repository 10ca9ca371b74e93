import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { ExtendDialog } from '../access/extend.tsx';
import { GiveBackDialog } from '../access/give-back.tsx';
import { api, ask, type Grant } from '../data/api.ts';
import { useWaiting } from '../data/approvals.ts';
import { useMyNewestRequests } from '../data/my-requests.ts';
import { useMyAccess } from '../data/my-access.ts';
import type { Me } from '../data/session.ts';
import { announcement } from '../time/countdown.ts';
import { useNow } from '../time/ticker.ts';
import { grantState } from '../time/wording.ts';
import { GoIcon, ReturnIcon, TimerIcon } from '../ui/icons.ts';
import { toast, untoast } from '../ui/notices.tsx';
import { setTabSign } from '../ui/tab-sign.ts';
import { grantNews, requestNews, tabSign, takenAwayBy, waitingNews, type NewsItem } from './news-words.ts';

/** So long somebody has to go and look, and to keep or give back what ends: both can be done elsewhere as well. */
const LOOK_MS = 15_000;
const WARNING_MS = 60_000;

/** What somebody who was warned of an end does about it. */
interface Chosen {
  readonly grant: Grant;
  readonly what: 'extend' | 'give-back';
}

/** Tells me what happens to what is mine and what begins to wait for me, whatever page I am on. Draws what I choose to do about it. */
export function News({ me }: { readonly me: Me }) {
  const access = useMyAccess().data;
  const requests = useMyNewestRequests().data?.items;
  const waiting = useWaiting().data?.items;
  const navigate = useNavigate();
  const told = useRef(new Set<string>());
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const close = (): void => setChosen(null);

  const tell = async (news: NewsItem | null, page: '/requests/$id' | '/approvals/$id'): Promise<void> => {
    // The same is read from several lists, and of some of them later than of others.
    if (news === null || told.current.has(news.key)) return;
    told.current.add(news.key);
    const by = news.bySomebody === true ? await whoTook(news.request, me.person.name) : null;
    const look = {
      label: 'Look',
      icon: GoIcon,
      press: () => void navigate({ to: page, params: { id: news.request } }),
    };
    toast(by === null ? news.title : `${news.title} by ${by}`, news.text, { choices: [look], shownMs: LOOK_MS });
  };
  const made = (requests ?? []).flatMap(({ grants }) => grants);
  const tellGrant = (before: Grant | null, after: Grant): void => {
    if (before?.status === 'active' && (after.status !== 'active' || before.endsAt !== after.endsAt))
      untoast(warningOf(after));
    void tell(grantNews(before, after, made), '/requests/$id');
  };
  useChanges(access, tellGrant);
  useChanges(requests === undefined ? undefined : made, tellGrant);
  useChanges(requests, (before, after) => {
    if (before !== null) void tell(requestNews(before, after, me.person.key), '/requests/$id');
  });
  const known = useRef(waiting);
  useEffect(() => {
    if (known.current !== undefined && waiting !== undefined)
      for (const news of waitingNews(known.current, waiting)) void tell(news, '/approvals/$id');
    known.current = waiting ?? known.current;
  });
  useWarnings(access, setChosen);
  useTabSign(access ?? [], waiting?.length ?? 0);
  if (chosen === null) return null;
  return chosen.what === 'extend' ? (
    <ExtendDialog grant={chosen.grant} opened onClose={close} />
  ) : (
    <GiveBackDialog grant={chosen.grant} opened onClose={close} />
  );
}

/** Calls `tell` for everything in a list that was read before, with what it was then; `null`: it was not there. */
function useChanges<Thing extends { readonly id: string }>(
  things: readonly Thing[] | undefined,
  tell: (before: Thing | null, after: Thing) => void,
): void {
  const known = useRef<ReadonlyMap<string, Thing> | null>(null);
  useEffect(() => {
    if (things === undefined) return;
    const before = known.current;
    known.current = new Map(things.map((thing) => [thing.id, thing]));
    if (before === null) return;
    for (const [id, after] of known.current) tell(before.get(id) ?? null, after);
  });
}

/** Who took something away; `null`: the timeline does not say, or cannot be read now. */
async function whoTook(id: string, holder: string): Promise<string | null> {
  try {
    const path = { id };
    return takenAwayBy(
      (await ask(() => api.GET('/v1/requests/{id}/explanation', { params: { path } }))).timeline,
      holder,
    );
  } catch {
    return null;
  }
}

const warningOf = ({ id }: Grant): string => `ends-${id}`;

/** Ten, five and one minutes before an end, with what can be done about it. */
function useWarnings(grants: readonly Grant[] | undefined, onChosen: (chosen: Chosen) => void): void {
  const now = useNow();
  const last = useRef(now);
  useEffect(() => {
    const before = last.current;
    last.current = now;
    for (const grant of grants ?? []) {
      const { status, endsAt, role, target } = grant;
      if (status !== 'active' || endsAt === null) continue;
      const words = announcement(before, now, Date.parse(endsAt));
      if (words === null) continue;
      toast(`Ends in ${words}`, `${role} on ${target}`, {
        id: warningOf(grant),
        shownMs: WARNING_MS,
        choices: [
          { label: 'Extend', icon: TimerIcon, press: () => onChosen({ grant, what: 'extend' }) },
          { label: 'Done', icon: ReturnIcon, press: () => onChosen({ grant, what: 'give-back' }) },
        ],
      });
    }
  }, [now, grants, onChosen]);
}

/** Says in the tab what is nearest to its end, and how much waits for me. */
function useTabSign(grants: readonly Grant[], waiting: number): void {
  const now = useNow();
  const next = grants.find((grant) => grant.endsAt !== null && grantState(grant, now).word === 'active')?.endsAt;
  const sign = tabSign(waiting, next == null ? null : Date.parse(next) - now);
  useEffect(() => setTabSign(sign), [sign]);
  useEffect(() => () => setTabSign(''), []);
}
