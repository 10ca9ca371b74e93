import { useMyAccess } from '../../data/my-access.ts';
import { Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { AccessCard } from './access-card.tsx';
import classes from './home.module.css';
import { FirstSteps } from './first-steps.tsx';

/** What I can do now, and until when. */
export function Home() {
  const access = useMyAccess();
  return (
    <Page title="My access" lead="What you hold now, and when it ends.">
      <Section id="held" title="Held now">
        {access.isPending && <Waiting />}
        {access.error !== null && (
          <FailureNotice error={access.error} intent="look" again={() => void access.refetch()} />
        )}
        {access.data?.length === 0 && <FirstSteps />}
        <div className={classes['cards']}>
          {access.data?.map((grant) => (
            <AccessCard key={grant.id} grant={grant} />
          ))}
        </div>
      </Section>
    </Page>
  );
}
