import { Link } from '@tanstack/react-router';
import { ProposalList } from '../../administration/proposal-list.tsx';
import { useAdministration } from '../../data/administration.ts';
import { useWaiting } from '../../data/approvals.ts';
import { useMyAccess } from '../../data/my-access.ts';
import { useOrders, waitsForMe } from '../../data/orders.ts';
import { asksOf, useRecoveries } from '../../data/recoveries.ts';
import { useMe } from '../../data/session.ts';
import { RecoveryList } from '../../passkeys/recovery-list.tsx';
import { OrderList } from '../../orders/order-list.tsx';
import { RequestList } from '../../requests/request-list.tsx';
import { ButtonLink } from '../../ui/button.tsx';
import { Section, Waiting } from '../../ui/card.tsx';
import { AskIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { AccessCard } from './access-card.tsx';
import { AskAgain } from './ask-again.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Stopped } from './stopped.tsx';
import classes from './home.module.css';

/** Of the requests that wait for me so many stand here, the most urgent ones. */
const MOST_SHOWN = 10;

/** What stops me; what waits for me, which may lapse while one reads on; what I can do now and until when; and what I ask for often. */
export function Home() {
  const access = useMyAccess();
  const waiting = useWaiting();
  const standing = useOrders('standing');
  const recovering = useRecoveries();
  const administration = useAdministration();
  const { data: me } = useMe();
  const orders = standing.data?.pages.flatMap(({ items }) => items.filter(waitsForMe)) ?? [];
  const recoveries = asksOf(recovering.data ?? [], me?.person.key ?? '');
  const proposals = (administration.data?.proposals ?? []).filter(({ mayConfirm }) => mayConfirm);
  const requests = waiting.data?.items ?? [];
  // What cannot be read does not count as nothing: something may wait behind it.
  const failed = [waiting, standing, recovering, administration].filter(({ error }) => error !== null);
  const held = access.data?.length ?? 0;
  return (
    <Page
      title="My access"
      lead={
        held === 0 ? 'What you hold stands here, with the time that is left.' : 'What you hold now, and when it ends.'
      }
      aside={
        <ButtonLink to="/request" kind="solid" icon={AskIcon}>
          Ask for access
        </ButtonLink>
      }
    >
      <Stopped />
      {failed.length + requests.length + orders.length + recoveries.length + proposals.length > 0 && (
        <Section id="waiting" title="Waiting for you">
          {failed[0] !== undefined && (
            <FailureNotice
              error={failed[0].error}
              intent="look"
              again={() => failed.forEach(({ refetch }) => void refetch())}
            />
          )}
          {orders.length > 0 && <OrderList orders={orders} />}
          {recoveries.length > 0 && <RecoveryList recoveries={recoveries} />}
          {proposals.length > 0 && <ProposalList proposals={proposals} />}
          {requests.length > 0 && <RequestList requests={requests.slice(0, MOST_SHOWN)} withPerson toDecide />}
          {requests.length > MOST_SHOWN && (
            <p>
              <Link to="/approvals">
                {waiting.data?.more === true
                  ? `More than ${requests.length} requests wait for you`
                  : `All ${requests.length} requests that wait for you`}
              </Link>
            </p>
          )}
        </Section>
      )}
      <div className={classes['held']}>
        {access.isPending && <Waiting />}
        {access.error !== null && (
          <FailureNotice error={access.error} intent="look" again={() => void access.refetch()} />
        )}
        {access.data !== undefined && held === 0 && <FirstSteps />}
        {held > 0 && (
          <div className={classes['cards']}>
            {access.data?.map((grant) => (
              <AccessCard key={grant.id} grant={grant} />
            ))}
          </div>
        )}
      </div>
      <AskAgain />
    </Page>
  );
}
