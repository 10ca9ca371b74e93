import type { UseQueryResult } from '@tanstack/react-query';
import { Command } from '../../access/command.tsx';
import type { Grant } from '../../data/api.ts';
import type { Live } from '../../data/live.ts';
import { useForeseen } from '../../data/orders.ts';
import { who } from '../../data/who.ts';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { grantState } from '../../time/wording.ts';
import { Card, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { commandLine, coveredBy, extentOf, type Chosen } from './cover.ts';
import classes from './orders.module.css';

/** Grants that are shown one by one. */
const SHOWN = 5;

/** What an order would do, before it is given: how much it covers, what ends at once, and what waits. */
export function OrderOutlook({
  chosen,
  reason,
  live,
  me,
}: {
  readonly chosen: Chosen | null;
  readonly reason: string;
  readonly live: UseQueryResult<Live>;
  readonly me: string;
}) {
  return (
    <Card className={classes['outlook']} aria-label="What it would do">
      <h2>What it would do</h2>
      {live.isPending && <Waiting />}
      {live.error !== null && <FailureNotice error={live.error} intent="look" again={() => void live.refetch()} />}
      {chosen === null ? (
        <p className={classes['quiet']}>
          Choose whose access ends, and what that covers stands here. Nothing has been done yet.
        </p>
      ) : (
        <>
          {live.data !== undefined && <Covered grants={live.data.grants} more={live.data.more} chosen={chosen} />}
          <div className={classes['part']}>
            <h3>Then</h3>
            {chosen.kind === 'all' ? (
              <p>
                Nothing ends yet: somebody else who answers for a role or a target has 15 minutes to confirm it. Then
                all of it ends, and nobody starts anything.
              </p>
            ) : chosen.kind === 'person' && chosen.key === me ? (
              <p>It is your own: all of it ends at once. You can ask again as soon as it is gone.</p>
            ) : (
              <p>
                What you may end alone ends at once. The rest waits 15 minutes for a second person. Requests that wait
                are withdrawn.
              </p>
            )}
            {!(chosen.kind === 'person' && chosen.key === me) && (
              <p className={classes['quiet']}>It stands until somebody lifts it. What has ended stays ended.</p>
            )}
          </div>
          <div className={classes['part']}>
            <h3>On the command line</h3>
            <Command label="The same on the command line" text={commandLine(chosen, reason)} />
          </div>
        </>
      )}
    </Card>
  );
}

/** What is live and would end. */
export function Covered({
  grants,
  more,
  chosen,
}: {
  readonly grants: readonly Grant[];
  readonly more: boolean;
  readonly chosen: Chosen;
}) {
  const covered = coveredBy(grants, chosen);
  const { data: foreseen } = useForeseen(chosen.kind === 'person' ? chosen.key : null);
  const { grants: count, ending, people, elsewhere } = extentOf(covered, more, foreseen);
  // The server counts all of a person, however much of everybody is read here.
  const atLeast = more && foreseen === undefined;
  return (
    <div className={classes['part']} role="status">
      <p>
        <span className={classes['number']}>
          {count}
          {atLeast && '+'}
        </span>{' '}
        {count === 1 ? 'grant' : 'grants'} of {people} {people === 1 ? 'person' : 'people'}
        {ending > 0 && `, ${ending} of them ending already`}
      </p>
      <ul className={classes['covered']}>
        {covered.slice(0, SHOWN).map((grant) => (
          <OneCovered key={grant.id} grant={grant} withPerson={chosen.kind !== 'person'} />
        ))}
      </ul>
      {covered.length > SHOWN && <p className={classes['small']}>and {covered.length - SHOWN} more</p>}
      {elsewhere > 0 && (
        <p className={classes['small']}>
          and {elsewhere} under another entry of the same person in the directory, which the order ends too
        </p>
      )}
      <p className={classes['small']}>and requests that wait for it, also those that you may not see</p>
    </div>
  );
}

function OneCovered({ grant, withPerson }: { readonly grant: Grant; readonly withPerson: boolean }) {
  const now = useNow();
  const { endsAt, role, target, person } = grant;
  const state = grantState(grant, now);
  const left =
    state.tone === 'good' && endsAt !== null ? `${countdown(now, Date.parse(endsAt)).text} left` : state.word;
  return (
    <li>
      <span>
        {role} on {target}
      </span>
      <span className={classes['small']}>
        {withPerson && `${who(person)}, `}
        {left}
      </span>
    </li>
  );
}
