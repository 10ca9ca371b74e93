import { Link } from '@tanstack/react-router';
import { useMyAccess } from '../../data/my-access.ts';
import { useMyNewestRequests } from '../../data/my-requests.ts';
import { decidersIn } from '../../data/deciders.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Notice } from '../../ui/notices.tsx';
import { alreadyOf, type Already } from './already.ts';
import type { Item } from './draft.ts';
import classes from './ask-form.module.css';

/** So many of my own requests are looked through: what waits lapses within hours. */
const LOOKED_AT = 50;

/** That somebody has what they are about to ask for, or waits for it, and what they can do instead. Nothing forbids asking again. */
export function AlreadyMine({ items, at }: { readonly items: readonly Item[]; readonly at: string | null }) {
  const held = useMyAccess().data ?? [];
  const requests = useMyNewestRequests(LOOKED_AT).data?.items ?? [];
  const found = alreadyOf(items, at, held, requests);
  if (found.length === 0) return null;
  return (
    <Notice>
      <ul className={classes['already']} aria-label="You have this already">
        {found.map((one) => (
          <li key={`${one.item.role} ${one.item.target}`}>
            <Words already={one} what={items.length === 1 ? 'this' : `${one.item.role} on ${one.item.target}`} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Words({ already, what }: { readonly already: Already; readonly what: string }) {
  const now = useNow();
  const times = useTimes();
  const at = (time: string): string => times.short(Date.parse(time), now);
  if (already.kind === 'asked') {
    const { id, createdAt, steps } = already.request;
    const open = steps.find(({ missing }) => missing > 0);
    const left = open === undefined ? null : decidersIn(open, '');
    return (
      <>
        You asked for {what} at {at(createdAt)}
        {open === undefined || left === null
          ? ''
          : `, and wait for ${open.missing} of ${left.first}${left.more === 0 ? '' : ` and ${left.more} more`}`}
        .{' '}
        <Link to="/requests/$id" params={{ id }}>
          Look at that request
        </Link>
      </>
    );
  }
  const { request, status, endsAt, startsAt } = already.grant;
  const link = (words: string) => (
    <Link to="/requests/$id" params={{ id: request }}>
      {words}
    </Link>
  );
  if (status === 'active' && endsAt !== null)
    return (
      <>
        You hold {what} until {at(endsAt)}. {link('Extend it instead')}
      </>
    );
  return (
    <>
      {status === 'scheduled' ? `You get ${what} at ${at(startsAt)}.` : `You are being given ${what} now.`}{' '}
      {link('Look at it')}
    </>
  );
}
