import { useStops } from '../../data/stops.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { StopIcon } from '../../ui/icons.ts';
import { Mono } from '../../ui/signs.tsx';
import { stopWords } from './stop-words.ts';
import classes from './stopped.module.css';

/** That an order of the kill switch stops me: since when, how far, and what to do. */
export function Stopped() {
  const { data, error, refetch } = useStops();
  const now = useNow();
  const times = useTimes();
  if (error !== null) return <FailureNotice error={error} intent="look" again={() => void refetch()} />;
  if (data === undefined || data.items.length === 0) return null;
  return (
    <div role="alert">
      <ul className={classes['stops']} aria-label="What stops your access">
        {data.items.map((stop) => {
          const { what, follows, toDo, named } = stopWords(stop);
          const since = Date.parse(stop.since);
          return (
            <li key={stop.order} className={classes['stop']}>
              <StopIcon size={20} aria-hidden="true" />
              <div>
                <h2>{what}</h2>
                <p className={classes['since']}>
                  since{' '}
                  <time dateTime={stop.since} title={times.full(since)}>
                    {times.short(since, now)}
                  </time>
                </p>
                <p>{follows}</p>
                <p>
                  {toDo}
                  {named && (
                    <>
                      {' '}
                      <Mono>{stop.order}</Mono>.
                    </>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
