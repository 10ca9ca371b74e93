import { Link } from '@tanstack/react-router';
import { useMyAccess } from '../data/my-access.ts';
import { countdown } from '../time/countdown.ts';
import { useNow } from '../time/ticker.ts';
import { TimerIcon } from '../ui/icons.ts';
import { Unseen } from '../ui/signs.tsx';
import classes from './active-counter.module.css';

/** How much I hold, and what ends first: on every page, because power that is forgotten is power that leaks. */
export function ActiveCounter() {
  const { data = [] } = useMyAccess();
  const now = useNow();
  const held = data.filter(({ status }) => status === 'active' || status === 'ending');
  const first = held[0];
  if (first === undefined) return null;
  const left = first.endsAt === null ? null : countdown(now, Date.parse(first.endsAt));
  const text = left === null || left.over || first.status === 'ending' ? 'ending…' : left.text;
  return (
    <Link to="/" className={classes['counter']}>
      <TimerIcon size={16} aria-hidden="true" />
      <span>
        {held.length}
        <Unseen> active, the first ends in </Unseen>
      </span>
      <span className={classes['left']} aria-hidden="true">
        {text}
      </span>
      <Unseen>{left === null || left.over ? 'a moment' : left.words}</Unseen>
    </Link>
  );
}
