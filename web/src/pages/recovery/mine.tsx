import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { useMyPasskeys } from '../../data/my-passkeys.ts';
import { codeOf, RECOVERIES, type Recovery } from '../../data/recoveries.ts';
import { who } from '../../data/who.ts';
import { PasskeyFailure } from '../../passkeys/passkey-failure.tsx';
import { RegisterPasskey } from '../../passkeys/register-passkey.tsx';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Card, Facts, Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice, Notice, toast } from '../../ui/notices.tsx';
import { StateSign } from '../../ui/signs.tsx';
import classes from './recovery.module.css';

/** My own recovery: not begun, waiting for two colleagues, or open for the new passkey. */
export function Mine({ recovery }: { readonly recovery: Recovery | null }) {
  const [registered, setRegistered] = useState(false);
  return (
    <Section id="mine" title="Yours">
      {registered ? (
        <Card className={classes['card']}>
          <StateSign state={{ word: 'you have a passkey again', tone: 'good' }} />
          <p>Register a second one on another device, and nobody has to vouch for you again.</p>
          <p>
            <ButtonLink to="/me">Your passkeys</ButtonLink>
          </p>
        </Card>
      ) : recovery === null ? (
        <Begin />
      ) : recovery.openUntil === null ? (
        <Waits recovery={recovery} />
      ) : (
        <Open until={recovery.openUntil} confirmedBy={recovery.confirmedBy} done={() => setRegistered(true)} />
      )}
    </Section>
  );
}

/** Nothing is begun. What is registered stands here, because one of them may still be found. */
function Begin() {
  const passkeys = useMyPasskeys();
  const begin = useAction(
    (_: string, key) => ask(() => api.POST('/v1/me/passkeys/recovery', { params: under(key), body: {} })),
    { touches: [RECOVERIES], done: () => toast('You have asked', 'Now two colleagues have to vouch for you.') },
  );
  const items = passkeys.data?.items ?? [];
  if (passkeys.isPending) return <Waiting />;
  if (passkeys.error !== null)
    return <FailureNotice error={passkeys.error} intent="look" again={() => void passkeys.refetch()} />;
  return (
    <Card className={classes['card']}>
      <ol className={classes['steps']}>
        <li>You say that all of your passkeys are lost. A sign-in of the last ten minutes is needed.</li>
        <li>Two colleagues speak with you and vouch for you. They have a day.</li>
        <li>
          Your old passkeys are removed, you are signed out everywhere, and you have an hour to register a new one.
        </li>
      </ol>
      {items.length > 0 && (
        <Notice>
          {items.length === 1 ? 'One is registered: ' : `${items.length} are registered: `}
          <strong>{items.map(({ name }) => name).join(', ')}</strong>. If you still have one of them, you need nobody:
          register another with it on <Link to="/me">your own page</Link>.
        </Notice>
      )}
      {begin.error !== null && <PasskeyFailure error={begin.error} />}
      <div className={classes['buttons']}>
        <Button kind="danger" busy={begin.isPending} onClick={() => begin.mutate('begin')}>
          I lost all my passkeys
        </Button>
      </div>
    </Card>
  );
}

/** Two colleagues have to vouch. What I read to them stands largest. */
function Waits({ recovery }: { readonly recovery: Recovery }) {
  const now = useNow();
  const times = useTimes();
  const { confirmedBy, confirmers, missing, lapsesAt, askedAt } = recovery;
  const left = countdown(now, Date.parse(lapsesAt));
  const others = confirmers.filter(({ key }) => !confirmedBy.some((one) => one.key === key));
  const withdraw = useAction((_: string) => ask(() => api.DELETE('/v1/me/passkeys/recovery')), {
    touches: [RECOVERIES],
    done: () => toast('Taken back', 'Your passkeys are as they were.'),
  });
  return (
    <Card className={classes['card']} tone="waiting">
      <div className={classes['head']}>
        <StateSign
          state={{ word: missing === 1 ? 'one more has to vouch' : `${missing} have to vouch`, tone: 'waiting' }}
        />
        <span className={classes['small']} role="timer" aria-label={`${left.words} left`}>
          {left.over ? 'its time is over' : `${left.text} left`}
        </span>
      </div>
      <div className={classes['part']}>
        <p>Call them, or go there, and read this to them:</p>
        <p className={classes['code']} aria-label="Your code">
          {codeOf(recovery)}
        </p>
      </div>
      <Facts
        rows={[
          ['Vouched', confirmedBy.length === 0 ? 'nobody yet' : confirmedBy.map(who).join(', ')],
          [
            'Who can',
            others.length === 0
              ? 'nobody else: whoever looks after the rules has to name somebody'
              : others.map(who).join(', '),
          ],
          ['Asked', times.short(Date.parse(askedAt), now)],
        ]}
      />
      <p className={classes['small']}>
        Whoever vouches needs a passkey of their own. The second of them signs you out everywhere: sign in again then,
        and come back to this page.
      </p>
      {withdraw.error !== null && <FailureNotice error={withdraw.error} intent="change" />}
      <div className={classes['buttons']}>
        <Button busy={withdraw.isPending} onClick={() => withdraw.mutate('withdraw')}>
          Take it back
        </Button>
      </div>
    </Card>
  );
}

/** Two have vouched: an hour for the new one. */
function Open({
  until,
  confirmedBy,
  done,
}: {
  readonly until: string;
  readonly confirmedBy: Recovery['confirmedBy'];
  readonly done: () => void;
}) {
  const now = useNow();
  const left = countdown(now, Date.parse(until));
  return (
    <Card className={classes['card']} tone="waiting">
      <div className={classes['head']}>
        <StateSign state={{ word: 'you can register a new passkey', tone: 'good' }} />
      </div>
      <p className={classes['code']} role="timer" aria-label={`${left.words} left`}>
        {left.over ? 'over' : left.text}
      </p>
      <p>
        {confirmedBy.map(who).join(' and ')} vouched for you. Your old passkeys are removed.{' '}
        {left.over && 'The hour is over: say once more that you lost them.'}
      </p>
      <RegisterPasskey hasOne={false} done={done} />
    </Card>
  );
}
