import type { AccessRequest } from '../../data/api.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Unseen } from '../../ui/signs.tsx';
import { stagesOf } from './stages.ts';
import classes from './stepper.module.css';

const SAID = { done: 'done', now: 'now', bad: 'it ended here', later: 'not yet', never: 'will not come' } as const;

/** How far it is, in four steps. */
export function Stepper({ request }: { readonly request: AccessRequest }) {
  const now = useNow();
  const times = useTimes();
  return (
    <ol className={classes['stepper']}>
      {stagesOf(request, now).map(({ name, state, at, note }) => (
        <li key={name} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
          <span className={classes['name']}>
            {name}
            <Unseen>: {SAID[state]}</Unseen>
          </span>
          <span className={classes['note']}>
            {note}
            {at !== null && (
              <time dateTime={at} title={times.full(Date.parse(at))}>
                {note === '' ? '' : ', '}
                {times.short(Date.parse(at), now)}
              </time>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
