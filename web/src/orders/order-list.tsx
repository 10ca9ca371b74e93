import type { Order } from '../data/orders.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { LinkList, LinkRow } from '../ui/link-list.tsx';
import { Person, StateSign } from '../ui/signs.tsx';
import { orderState, progressWords, whatOf } from './order-words.ts';

/** Orders of the kill switch under each other; each leads to its page. */
export function OrderList({ orders }: { readonly orders: readonly Order[] }) {
  const now = useNow();
  const times = useTimes();
  return (
    <LinkList>
      {orders.map((order) => (
        <li key={order.id}>
          <LinkRow
            to="/orders/$id"
            params={{ id: order.id }}
            what={`Stop: ${whatOf(order.scope)}`}
            sign={<StateSign state={orderState(order, now)} />}
            text={
              <>
                <strong>
                  <Person of={order.orderedBy} />:{' '}
                </strong>
                {order.reason}
              </>
            }
            facts={
              <>
                <span>{progressWords(order, now)}</span>
                <time dateTime={order.orderedAt} title={times.full(Date.parse(order.orderedAt))}>
                  {times.short(Date.parse(order.orderedAt), now)}
                </time>
              </>
            }
          />
        </li>
      ))}
    </LinkList>
  );
}
