import { Link, Outlet, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useWaiting } from '../../data/approvals.ts';
import type { AccessRequest } from '../../data/api.ts';
import { useMe } from '../../data/session.ts';
import { countdown, durationWords } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { Empty, Waiting } from '../../ui/card.tsx';
import { usePageKeys } from '../../ui/keys.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Person, TierSign } from '../../ui/signs.tsx';
import { neighbour, stanceOf } from './facts.ts';
import classes from './approvals.module.css';

/** What waits for me, and beside it the one that I look at. Looking decides nothing. */
export function Approvals() {
  const waiting = useWaiting();
  const navigate = useNavigate();
  const { id = null } = useParams({ strict: false });
  const queue = waiting.data?.items ?? [];
  const stood = useRef(0);
  const place = queue.findIndex((one) => one.id === id);
  useEffect(() => {
    if (place !== -1 || id === null) stood.current = Math.max(0, place);
  }, [place, id]);
  const go = (by: 1 | -1): void => {
    const next = neighbour(queue, id, by, stood.current);
    if (next === null || next === id) return;
    // From here the heading of what is shown next takes the focus, as after a link.
    document.getElementById('main')?.focus({ preventScroll: true });
    void navigate({ to: '/approvals/$id', params: { id: next } });
  };
  usePageKeys([
    { key: 'j', does: 'The next request', press: () => go(1) },
    { key: 'k', does: 'The one before', press: () => go(-1) },
    { key: 'a', does: 'Go to Approve; Enter then says it', press: () => focusOn('approve') },
    { key: 'd', does: 'Go to Deny; Enter then asks why', press: () => focusOn('deny') },
  ]);
  return (
    <Page title="Approvals" lead="What waits for your decision. What lapses first comes first.">
      <div className={classes['split']} data-one={id === null ? undefined : 'yes'}>
        <nav className={classes['queue']} aria-label="Waiting for you">
          {waiting.isPending && <Waiting />}
          {waiting.error !== null && (
            <FailureNotice error={waiting.error} intent="look" again={() => void waiting.refetch()} />
          )}
          {waiting.data?.items.length === 0 && (
            <Empty title="Nothing waits for you">
              When a rule names you for a request, it stands here until you or others have decided it, or its time is
              over.
            </Empty>
          )}
          <ul>
            {queue.map((request) => (
              <li key={request.id}>
                <QueueItem request={request} />
              </li>
            ))}
          </ul>
          {waiting.data?.more === true && (
            <p>More waits for you than these {queue.length}: once you have decided some, the others follow.</p>
          )}
        </nav>
        <Outlet />
      </div>
    </Page>
  );
}

/** Nothing is chosen yet; on a narrow screen there is only the queue. */
export function NoneChosen() {
  return <p className={classes['none']}>Choose a request to see what is asked, by whom and why.</p>;
}

/** The keys take one to a button, and never press it: two presses decide, one by mistake does not. */
function focusOn(verdict: string): void {
  document.querySelector<HTMLElement>(`[data-verdict="${verdict}"]`)?.focus();
}

function QueueItem({ request }: { readonly request: AccessRequest }) {
  const now = useNow();
  const { data: me } = useMe();
  const { id, requester, items, durationMs, lapsesAt } = request;
  const left = countdown(now, Date.parse(lapsesAt));
  const [first] = items;
  const stance = stanceOf(request, me?.person.key ?? '', now);
  return (
    <Link to="/approvals/$id" params={{ id }} className={classes['item']}>
      <strong>
        <Person of={requester} />
      </strong>
      <span className={classes['what']}>
        {first?.role} on {first?.target}
        {items.length > 1 && `, and ${items.length - 1} more`}
      </span>
      {request.reason !== '' && <span className={classes['why']}>{request.reason}</span>}
      <span className={classes['signs']}>
        {first?.tier != null && <TierSign tier={first.tier} />}
        <span>{`${durationWords(durationMs)}${request.extends === null ? '' : ' longer'}`}</span>
        <span className={classes['lapses']}>
          {stance.kind === 'said' ? 'you said yes' : left.over ? 'its time is over' : `lapses in ${left.text}`}
        </span>
      </span>
    </Link>
  );
}
