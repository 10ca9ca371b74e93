import { useMe } from '../../data/session.ts';
import { useRecoveries } from '../../data/recoveries.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Section, Waiting } from '../../ui/card.tsx';
import { BackIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Asked } from './asked.tsx';
import { Mine } from './mine.tsx';
import classes from './recovery.module.css';

/** How somebody who lost all passkeys comes to a new one: two colleagues vouch for them. Both sides are here. */
export function RecoveryPage() {
  const recoveries = useRecoveries();
  const { data: me } = useMe();
  const key = me?.person.key ?? '';
  const items = recoveries.data ?? [];
  const mine = items.find(({ person }) => person.key === key) ?? null;
  const others = items.filter(({ person }) => person.key !== key);
  return (
    <Page
      title="Lost passkeys"
      lead="Whoever lost all passkeys gets a new one when two colleagues vouch for them, each with a passkey of their own."
      aside={
        <ButtonLink to="/me" kind="quiet" icon={BackIcon}>
          Me
        </ButtonLink>
      }
    >
      {recoveries.isPending && <Waiting />}
      {recoveries.error !== null && (
        <FailureNotice error={recoveries.error} intent="look" again={() => void recoveries.refetch()} />
      )}
      {others.length > 0 && (
        <Section id="asked" title="Asked of you">
          <ul className={classes['list']}>
            {others.map((recovery) => (
              <li key={recovery.id}>
                <Asked recovery={recovery} me={key} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {recoveries.data !== undefined && (mine !== null || others.length === 0) && <Mine recovery={mine} />}
      {mine === null && others.length > 0 && (
        <details className={classes['too']}>
          <summary>You lost yours as well?</summary>
          <Mine recovery={null} />
        </details>
      )}
    </Page>
  );
}
