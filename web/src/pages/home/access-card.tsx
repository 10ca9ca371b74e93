import { under, useAction } from '../../data/action.ts';
import { api, ask, type Grant } from '../../data/api.ts';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { grantState, residualLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Dial } from '../../ui/dial.tsx';
import { ReturnIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { StateSign, TierSign } from '../../ui/signs.tsx';
import classes from './access-card.module.css';

const NEAR_MS = 5 * 60_000;

/** Access that I hold: how long still, and what then. */
export function AccessCard({ grant }: { readonly grant: Grant }) {
  const now = useNow();
  const times = useTimes();
  const state = grantState(grant, now);
  const endsAt = grant.endsAt === null ? null : Date.parse(grant.endsAt);
  const from = grant.activatedAt === null ? null : Date.parse(grant.activatedAt);
  const left = endsAt === null ? null : countdown(now, endsAt, from);
  const giveBack = useAction(
    (id: string, key) =>
      ask(() => api.POST('/v1/grants/{id}/return', { params: { path: { id }, ...under(key) }, body: {} })),
    { touches: [['grants'], ['requests']] },
  );
  const running = state.tone === 'good' && left !== null;
  return (
    <Card className={classes['card']} aria-label={`${grant.role} on ${grant.target}`}>
      <header>
        <h3>{grant.role}</h3>
        <p>{grant.target}</p>
        <p className={classes['signs']}>
          <StateSign state={state} />
          <TierSign tier={grant.tier} />
        </p>
      </header>
      <Dial part={running ? left.part : 0} calm={endsAt === null || endsAt - now > NEAR_MS}>
        <span className={classes['left']} role="timer" aria-label={running ? `${left.words} left` : state.word}>
          {running ? left.text : state.word}
        </span>
        {endsAt !== null && <span className={classes['until']}>until {times.short(endsAt, now)}</span>}
      </Dial>
      <p className={classes['residual']}>{residualLine(grant.residual)}</p>
      {giveBack.error !== null && <FailureNotice error={giveBack.error} intent="change" />}
      <Button
        icon={ReturnIcon}
        busy={giveBack.isPending}
        cannot={grant.status === 'ending' ? 'It is ending already.' : null}
        onClick={() => giveBack.mutate(grant.id)}
      >
        Done, give it back
      </Button>
    </Card>
  );
}
