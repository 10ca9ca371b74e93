import { Link } from '@tanstack/react-router';
import { useMyAccess } from '../data/my-access.ts';
import { useNow } from '../time/ticker.ts';
import { TimerIcon } from '../ui/icons.ts';
import { Unseen } from '../ui/signs.tsx';
import { heldWords } from './held-words.ts';
import classes from './active-counter.module.css';

/** How much I hold, and what ends first: on every page, because power that is forgotten is power that leaks. */
export function ActiveCounter() {
  const { data = [] } = useMyAccess();
  const held = heldWords(data, useNow());
  if (held === null) return null;
  return (
    <Link to="/" className={classes['counter']}>
      <TimerIcon size={16} aria-hidden="true" />
      <span aria-hidden="true">{held.count}</span>
      <span className={classes['left']} aria-hidden="true">
        {held.left}
      </span>
      <Unseen>{held.sentence}</Unseen>
    </Link>
  );
}
