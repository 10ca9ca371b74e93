import { Link } from '@tanstack/react-router';
import type { Preview } from '../../data/api.ts';
import { decidersIn } from '../../data/deciders.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Notice } from '../../ui/notices.tsx';
import { isSame, type Item } from './draft.ts';
import classes from './ask-form.module.css';

type Already = Preview['already'][number];

/**
 * That somebody has what they are about to ask for, or waits for it, and what they can do instead. Nothing forbids asking again. `already` may be
 * of what was chosen a moment ago.
 */
export function AlreadyMine({
  items,
  already,
}: {
  readonly items: readonly Item[];
  readonly already: readonly Already[];
}) {
  const found = already.filter((one) => items.some((item) => isSame(one, item)));
  if (found.length === 0) return null;
  return (
    <Notice>
      <ul className={classes['already']} aria-label="You have this already">
        {found.map((one) => (
          <li key={`${one.role} ${one.target}`}>
            <Words already={one} what={items.length === 1 ? 'this' : `${one.role} on ${one.target}`} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Words({ already, what }: { readonly already: Already; readonly what: string }) {
  const now = useNow();
  const times = useTimes();
  const { status, request, since, endsAt, waitsFor } = already;
  const at = (time: string): string => times.short(Date.parse(time), now);
  const link = (words: string) => (
    <Link to="/requests/$id" params={{ id: request }}>
      {words}
    </Link>
  );
  if (status === 'asked') {
    const left = waitsFor === null ? null : decidersIn(waitsFor, '');
    return (
      <>
        You asked for {what} at {at(since)}
        {waitsFor === null || left === null
          ? ''
          : `, and wait for ${waitsFor.missing} of ${left.first}${left.more === 0 ? '' : ` and ${left.more} more`}`}
        . {link('Look at that request')}
      </>
    );
  }
  if (status === 'active' && endsAt !== null)
    return (
      <>
        You hold {what} until {at(endsAt)}. {link('Extend it instead')}
      </>
    );
  return (
    <>
      {status === 'scheduled' ? `You get ${what} at ${at(since)}.` : `You are being given ${what} now.`}{' '}
      {link('Look at it')}
    </>
  );
}
