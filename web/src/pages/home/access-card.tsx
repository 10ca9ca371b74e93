import { Link } from '@tanstack/react-router';
import { Extend } from '../../access/extend.tsx';
import { GiveBack } from '../../access/give-back.tsx';
import { UseIt } from '../../access/use-it.tsx';
import type { Grant } from '../../data/api.ts';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { grantState, residualLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Card } from '../../ui/card.tsx';
import { Dial } from '../../ui/dial.tsx';
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
  const running = state.tone === 'good' && left !== null;
  return (
    <Card className={classes['card']} aria-label={`${grant.role} on ${grant.target}`}>
      <header>
        <h2>
          <Link to="/requests/$id" params={{ id: grant.request }}>
            {grant.role}
          </Link>
        </h2>
        <p>on {grant.target}</p>
        <p className={classes['signs']}>
          <StateSign state={state} />
          <TierSign tier={grant.tier} />
        </p>
      </header>
      <Dial part={running ? left.part : 0} calm={endsAt === null || endsAt - now > NEAR_MS}>
        <span
          className={running ? classes['left'] : classes['word']}
          role="timer"
          aria-label={running ? `${left.words} left` : state.word}
        >
          {running ? left.text : state.word}
        </span>
        <span className={classes['until']}>{saysWhen(grant, state.word, times.short, now)}</span>
      </Dial>
      <p className={classes['residual']}>{residualLine(grant.residual)}</p>
      <div className={classes['buttons']}>
        <UseIt grant={grant} small />
        <Extend grant={grant} small />
        <GiveBack grant={grant} small />
      </div>
    </Card>
  );
}

function saysWhen(grant: Grant, word: string, short: (at: number, now: number) => string, now: number): string {
  if (word === 'ending…') return 'until it is proven gone';
  if (grant.waits !== null) return grant.waits.why;
  if (grant.status === 'scheduled') return `from ${short(Date.parse(grant.startsAt), now)}`;
  return grant.endsAt === null ? '' : `until ${short(Date.parse(grant.endsAt), now)}`;
}
