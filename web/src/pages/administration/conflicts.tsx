import { useConflicts } from '../../data/administration.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Empty, Section } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import classes from './administration.module.css';

/** Accounts that are not clear, because two persons claim one or the directory gives another one: shown, and never guessed. Keys, because names can be alike. */
export function Conflicts({ everyMs }: { readonly everyMs: number }) {
  const found = useConflicts(everyMs);
  const now = useNow();
  const times = useTimes();
  return (
    <Section id="conflicts" title="Accounts that are not clear">
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      {found.data?.length === 0 && (
        <Empty title="None">
          An account stands here that was proven for one person and is claimed by another, or is to be replaced.
        </Empty>
      )}
      {found.data !== undefined && found.data.length > 0 && (
        <>
          <p className={classes['quiet']}>
            Nobody is signed in by what is claimed. Put the directory right if it is wrong. Otherwise count the two as
            one human if they are one, or let the account pass on.
          </p>
          <ul className={classes['holders']}>
            {found.data.map(({ account, person, claimedBy, since }) => (
              <li key={account}>
                <span>
                  {claimedBy === person ? (
                    <>
                      The directory gives <strong>{person}</strong> another account than this one, which was proven:
                    </>
                  ) : (
                    <>
                      <strong>{claimedBy}</strong> claims an account of <strong>{person}</strong>:
                    </>
                  )}{' '}
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
