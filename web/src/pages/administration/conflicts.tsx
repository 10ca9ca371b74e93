import { useConflicts } from '../../data/administration.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Empty, Section } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import classes from './administration.module.css';

/** Accounts that two persons claim: shown, and never guessed. Keys, because names can be alike. */
export function Conflicts({ everyMs }: { readonly everyMs: number }) {
  const found = useConflicts(everyMs);
  const now = useNow();
  const times = useTimes();
  return (
    <Section id="conflicts" title="Accounts that two persons claim">
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      {found.data?.length === 0 && (
        <Empty title="None">An account that was proven for one person and is claimed by another stands here.</Empty>
      )}
      {found.data !== undefined && found.data.length > 0 && (
        <>
          <p className={classes['quiet']}>
            None of them signs in whoever claims it. Count the two as one human if they are one, or let the account pass
            on.
          </p>
          <ul className={classes['holders']}>
            {found.data.map(({ account, person, claimedBy, since }) => (
              <li key={account}>
                <span>
                  <strong>{claimedBy}</strong> claims an account of <strong>{person}</strong>{' '}
                  <code className={classes['quiet']}>{account}</code>
                </span>
                <span className={classes['small']}>since {times.short(Date.parse(since), now)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
