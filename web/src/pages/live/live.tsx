import { useDeferredValue, useMemo, useState } from 'react';
import type { LiveGrant } from '../../data/api.ts';
import { useLive } from '../../data/live.ts';
import { useMe } from '../../data/session.ts';
import { countdown, durationWords } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { grantState, residualLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Empty } from '../../ui/card.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { LineField, OneOf } from '../../ui/fields.tsx';
import { OrderIcon } from '../../ui/icons.ts';
import { Listing } from '../../ui/listing.tsx';
import { Notice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Person, StateSign, TierSign } from '../../ui/signs.tsx';
import { Tip } from '../../ui/tip.tsx';
import { fits, tally, TIER_CHOICES, type TierChoice } from './filter.ts';
import { Stop } from './stop.tsx';
import classes from './live.module.css';

const COLUMNS: readonly Column<LiveGrant>[] = [
  {
    id: 'person',
    head: 'Who',
    width: 'minmax(7rem, 1.1fr)',
    by: ({ person }) => person.name.toLowerCase(),
    cell: ({ person }) => (
      <strong>
        <Person of={person} />
      </strong>
    ),
    plain: true,
  },
  {
    id: 'what',
    head: 'What',
    width: 'minmax(9rem, 1.6fr)',
    by: ({ role, target }) => `${role} ${target}`,
    cell: ({ role, target }) => (
      <>
        {role} <span className={classes['target']}>on {target}</span>
      </>
    ),
    plain: true,
  },
  {
    id: 'tier',
    head: 'Tier',
    width: '4.5rem',
    by: ({ tier }) => tier,
    cell: ({ tier }) => <TierSign tier={tier} />,
    plain: true,
  },
  {
    id: 'end',
    head: 'Ends',
    width: 'minmax(9rem, 1.1fr)',
    by: ({ endsAt, startsAt, durationMs }) => endsAt ?? new Date(Date.parse(startsAt) + durationMs).toISOString(),
    cell: (grant) => <Left grant={grant} />,
    plain: true,
  },
  {
    id: 'residual',
    head: 'Survives its end',
    width: 'minmax(6rem, 0.9fr)',
    by: ({ residual }) => residual.maxMs ?? Infinity,
    cell: ({ residual, proof }) => (
      <Tip label={proof?.gone === false ? proof.words : residual.words}>
        <span tabIndex={0} className={classes['residual']}>
          {proof?.gone === false
            ? 'the access'
            : residual.maxMs === 0
              ? 'nothing'
              : residual.maxMs === null
                ? 'unknown'
                : `at most ${durationWords(residual.maxMs)}`}
        </span>
      </Tip>
    ),
  },
  { id: 'stop', head: 'Stop it', width: '5.5rem', cell: (grant) => <Stop grant={grant} />, plain: true, press: true },
];

/** Who has power now, until when, and what is left of it then. */
export function LivePage() {
  const live = useLive();
  const { data: me } = useMe();
  const [words, setWords] = useState('');
  const [tier, setTier] = useState<TierChoice>('all');
  const sought = useDeferredValue(words);
  const all = live.data?.grants;
  const rows = useMemo(() => (all ?? []).filter((grant) => fits(grant, sought, tier)), [all, sought, tier]);
  return (
    <Page
      title="Live"
      lead="Who has power now, until when, and what survives its end."
      aside={
        <ButtonLink to="/orders" kind="danger" icon={OrderIcon}>
          Stop access…
        </ButtonLink>
      }
      wide
    >
      <Listing
        label="Live access"
        filters={
          <>
            <LineField
              type="search"
              label="Show only"
              placeholder="a person, a role, a target"
              value={words}
              onChange={(event) => setWords(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
            <OneOf
              label="Tier"
              choices={TIER_CHOICES}
              value={tier}
              onChange={(value) => setTier(value as TierChoice)}
            />
          </>
        }
        reading={live}
        notice={
          live.data?.more === true && (
            <Notice>There is more than this page reads. What stands here is the latest to start.</Notice>
          )
        }
        count={
          all === undefined
            ? null
            : `${live.data?.reading === true ? 'So far: ' : ''}${tally(all, rows.length, me?.person.key ?? '')}`
        }
        columns={COLUMNS}
        rows={rows}
        keyOf={({ id }) => id}
        first="end"
        empty={
          all?.length === 0 ? (
            <Empty title="Nobody has any power now">
              That is the normal state of affairs. What is given stands here from its first second to the proof that it
              is gone.
            </Empty>
          ) : (
            <Empty title="Nothing of it matches">Type fewer words, or choose all tiers.</Empty>
          )
        }
      />
    </Page>
  );
}

/** What is left, or how it stands; said to be over only with its proof. */
function Left({ grant }: { readonly grant: LiveGrant }) {
  const now = useNow();
  const times = useTimes();
  const state = grantState(grant, now);
  const { endsAt, proof } = grant;
  if (state.tone === 'good' && endsAt !== null) {
    const left = countdown(now, Date.parse(endsAt));
    return (
      <span className={classes['left']}>
        <span role="timer" aria-label={`${left.words} left`}>
          {left.text}
        </span>
        <small>until {times.short(Date.parse(endsAt), now)}</small>
      </span>
    );
  }
  return (
    <span className={classes['left']}>
      <StateSign state={state} />
      {proof !== null && (
        <small>
          {proof.gone ? 'proven' : 'seen'} {times.seconds(Date.parse(proof.at))}: {proof.words}
        </small>
      )}
      {grant.status === 'ending' && grant.residual.maxMs !== 0 && <small>{residualLine(grant.residual)}</small>}
    </span>
  );
}
