import { useState } from 'react';
import { OrderList } from '../../orders/order-list.tsx';
import { useOrders, type WhichOrders } from '../../data/orders.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Empty, Section, Waiting } from '../../ui/card.tsx';
import { OneOf } from '../../ui/fields.tsx';
import { LiveIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { OrderForm } from './order-form.tsx';
import classes from './orders.module.css';

/** The kill switch: whose access ends now, and which orders stand. */
export function Orders() {
  return (
    <Page
      title="Stop access"
      lead="For the bad day: ends all access of somebody, on a target, or of everybody, and lets none of it start again until the order is lifted."
      aside={
        <ButtonLink to="/live" kind="quiet" icon={LiveIcon}>
          Who has power now
        </ButtonLink>
      }
    >
      <OrderForm />
      <Standing />
    </Page>
  );
}

/** What stops somebody now, and what did. */
function Standing() {
  const [list, setList] = useState<WhichOrders>('standing');
  const orders = useOrders(list);
  const items = orders.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      id="orders"
      title="Orders"
      aside={
        <OneOf
          label="Which orders"
          choices={[
            { value: 'standing', label: 'Those that stand' },
            { value: 'all', label: 'All' },
          ]}
          value={list}
          onChange={(value) => setList(value === 'all' ? 'all' : 'standing')}
        />
      }
    >
      {orders.isPending && <Waiting />}
      {orders.error !== null && (
        <FailureNotice error={orders.error} intent="look" again={() => void orders.refetch()} />
      )}
      {orders.data !== undefined && items.length === 0 && (
        <Empty title={list === 'standing' ? 'No order stands' : 'No order was given'}>
          As far as you may see: orders are shown to whoever gave or confirmed them, and to whoever answers for a role
          or a target.
        </Empty>
      )}
      {items.length > 0 && <OrderList orders={items} />}
      {orders.hasNextPage && (
        <p className={classes['buttons']}>
          <Button busy={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
            Older ones
          </Button>
        </p>
      )}
    </Section>
  );
}
