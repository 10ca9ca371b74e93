import { useNow } from '../time/ticker.ts';
import { chooseZone, timesIn, useZone } from '../time/zone.ts';
import { Tip } from '../ui/tip.tsx';
import { Unseen } from '../ui/signs.tsx';
import classes from './clock.module.css';

/** The server's time, in my zone or in UTC; pressing it changes which, everywhere. */
export function Clock() {
  const zone = useZone();
  const now = useNow();
  const times = timesIn(zone);
  const other = zone === 'local' ? 'UTC' : "this machine's zone";
  return (
    <Tip label={`Time of the server. Press for ${other}.`}>
      <button type="button" className={classes['clock']} onClick={() => chooseZone(zone === 'local' ? 'utc' : 'local')}>
        <span>{times.seconds(now)}</span>
        <small>{times.name(now)}</small>
        <Unseen>Change to {other}</Unseen>
      </button>
    </Tip>
  );
}
