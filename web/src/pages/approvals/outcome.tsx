import { useEffect, useRef } from 'react';
import type { AccessRequest } from '../../data/api.ts';
import { who } from '../../data/who.ts';
import { useNow } from '../../time/ticker.ts';
import { grantState, LAPSE_WORDS } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Person, StateSign } from '../../ui/signs.tsx';
import { decidedBy, saidWords, untilWords, type Stance } from './facts.ts';
import classes from './approvals.module.css';

const OVER = {
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Withdrawn by whoever asked',
  lapsed: 'Lapsed',
} as const;

/** Stands where the buttons were: who said what, when, and what became of it. */
export function Outcome({
  request,
  stance,
  takesFocus,
}: {
  readonly request: AccessRequest;
  readonly stance: Stance;
  /** The buttons stood here a moment ago: whoever was at one of them is here now. */
  readonly takesFocus: boolean;
}) {
  const now = useNow();
  const times = useTimes();
  const { status, decisions, grants, deniedBy, lapseCause, decidedAt } = request;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Who is elsewhere on the page stays there.
    if (takesFocus && document.activeElement === document.body) box.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  const last = decidedBy(request);
  const at = (time: string): string => times.short(Date.parse(time), now);
  return (
    <div className={classes['said']} ref={box} tabIndex={-1}>
      {stance.kind === 'own' && <p>This is your own request. Somebody else decides it.</p>}
      {stance.kind === 'others' && <p>You cannot decide this, or not any more. It waits for others.</p>}
      {stance.kind === 'said' && <p>You have said yes at {at(stance.at)}. It waits for others now.</p>}
      {status === 'pending' && stance.kind === 'over' && <p>Its time is over. Nobody can decide it any more.</p>}
      {status !== 'pending' && (
        <p>
          <strong>
            {lapseCause === null ? OVER[status] : LAPSE_WORDS[lapseCause]}
            {status === 'approved' && last === null && ' by rule'}
            {deniedBy === 'policy' && ' by the rules'}
          </strong>
          {decidedAt !== null && ` at ${at(decidedAt)}`}
          {last !== null &&
            deniedBy !== 'policy' &&
            (status === 'approved' || status === 'denied') &&
            `, ${who(last.by)} was the last to speak`}
          .
        </p>
      )}
      <ul className={classes['steps']}>
        {decisions.map(({ by, comment, at: said, ...how }) => (
          <li key={by.key}>
            <Person of={by} /> said {saidWords(how, request.extends !== null)} at {at(said)}
            {comment !== null && <>: “{comment}”</>}
          </li>
        ))}
      </ul>
      {grants.map((grant) => (
        <p key={grant.id} className={classes['tags']}>
          <StateSign state={grantState(grant, now)} /> {grant.role} on {grant.target}
          {untilWords(grant, at)}
        </p>
      ))}
    </div>
  );
}
