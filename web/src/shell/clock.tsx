import { useNow } from '../time/ticker.ts';
import { chooseZone, timesIn, useZone } from '../time/zone.ts';
import { Tip } from '../ui/tip.tsx';
import classes from './clock.module.css';

/** The server's time, in my zone or in UTC; pressing it changes which, everywhere. */
export function Clock() {
  const zone = useZone();
  const now = useNow();
  const times = timesIn(zone);
  const other = zone === 'local' ? 'UTC' : "this machine's zone";
  return (
    <Tip label={`Time of the server. Press for ${other}.`}>
      <button
        type="button"
        className={classes['clock']}
        onClick={() => chooseZone(zone === 'local' ? 'utc' : 'local')}
        aria-label={`Times are shown in ${zone === 'utc' ? 'UTC' : times.name(now)}. Change to ${other}.`}
      >
        <span aria-hidden="true">{times.seconds(now)}</span>
        <small aria-hidden="true">{times.name(now)}</small>
      </button>
    </Tip>
  );
}
