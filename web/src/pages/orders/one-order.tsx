import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import {
  beyondWords,
  confirmerWords,
  orderState,
  progressOf,
  secondWords,
  survivorWords,
  timeToZero,
  whatOf,
  zeroWords,
} from '../../orders/order-words.ts';
import { under, useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { useLive } from '../../data/live.ts';
import { ORDERS, useOrder, type Order } from '../../data/orders.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Card, Facts, Quote, Section, Waiting } from '../../ui/card.tsx';
import { Dial } from '../../ui/dial.tsx';
import { BackIcon, OrderIcon } from '../../ui/icons.ts';
import { FailureNotice, Notice, toast } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { StateSign } from '../../ui/signs.tsx';
import type { Chosen } from './cover.ts';
import { LiftDialog } from './lift-dialog.tsx';
import { Covered } from './order-outlook.tsx';
import classes from './orders.module.css';

/** One order: how far it is, who has to confirm it, and its end. */
export function OneOrder() {
  const { id } = useParams({ from: '/orders/$id' });
  const order = useOrder(id);
  return (
    <Page
      title={order.data === undefined ? 'An order' : whatOf(order.data.scope)}
      aside={
        <ButtonLink to="/orders" kind="quiet" icon={BackIcon}>
          Stop access
        </ButtonLink>
      }
    >
      {order.isPending && <Waiting lines={6} />}
      {order.error !== null && <FailureNotice error={order.error} intent="look" again={() => void order.refetch()} />}
      {order.data !== undefined && <Told order={order.data} />}
    </Page>
  );
}

function Told({ order }: { readonly order: Order }) {
  const now = useNow();
  const times = useTimes();
  const { orderedBy, orderedAt, confirmedBy, confirmedAt, liftedBy, liftedAt, status, requestsWithdrawn } = order;
  const { data: me } = useMe();
  const confirmers = confirmerWords(order, me?.person.key ?? '');
  const at = (time: string | null): string => (time === null ? '' : `, ${times.short(Date.parse(time), now)}`);
  const asks = order.asksUntil === null ? null : countdown(now, Date.parse(order.asksUntil));
  return (
    <>
      <Card
        className={classes['card']}
        aria-label="The order"
        tone={status === 'done' || status === 'lifted' ? undefined : 'waiting'}
      >
        <div className={classes['head']}>
          <StateSign state={orderState(order, now)} />
          {asks !== null && !asks.over && (
            <span className={classes['small']} role="timer" aria-label={`${asks.words} left to confirm it`}>
              {asks.text} left to confirm it
            </span>
          )}
        </div>
        <Quote>{order.reason}</Quote>
        {order.reach !== 'none' && <Progress order={order} />}
        {order.mayConfirm && <Confirm order={order} />}
        <Facts
          rows={[
            ['Given by', `${who(orderedBy)}${at(orderedAt)}`],
            ['Second person', confirmedBy === null ? secondWords(order, now) : `${who(confirmedBy)}${at(confirmedAt)}`],
            confirmers === null ? null : ['Who can confirm', confirmers],
            ['Reaches', REACH_WORDS[order.reach]],
            ['New access', order.stopsNew ? 'does not start while the order stands' : 'may start'],
            requestsWithdrawn === 0 ? null : ['Requests withdrawn', String(requestsWithdrawn)],
            liftedBy === null ? null : ['Lifted by', `${who(liftedBy)}${at(liftedAt)}`],
          ]}
        />
        <Lift order={order} />
      </Card>
      <Left order={order} />
    </>
  );
}

const REACH_WORDS: Readonly<Record<Order['reach'], string>> = {
  none: 'nothing before somebody confirms it',
  own: 'what whoever gave it may end alone',
  all: 'everything it is about',
};

/** How much is proven gone, and how long that took. */
function Progress({ order }: { readonly order: Order }) {
  const now = useNow();
  const times = useTimes();
  const { told, gone, beyond, part } = progressOf(order, now);
  const { startedAt, toZeroMs, status } = order;
  const runs = startedAt !== null && toZeroMs === null && status === 'ending';
  const rest = beyond > 0 && (
    <p>
      <strong>{beyond} live</strong> beyond its reach: {beyondWords(order, beyond)}
    </p>
  );
  if (told === 0 && status !== 'ending') {
    return (
      <div className={classes['part']}>
        <p>{beyond > 0 ? `Nothing of it is ${who(order.orderedBy)}’s to end alone.` : 'Nothing was held within it.'}</p>
        {rest}
      </div>
    );
  }
  return (
    <div className={classes['progress']}>
      <Dial part={part} calm={part === 0}>
        <span className={classes['gone']} role="status">
          {gone} of {told}
        </span>
        <span className={classes['quiet']}>proven gone</span>
      </Dial>
      <div className={classes['part']}>
        <p className={classes['quiet']}>Time to zero</p>
        <p className={classes['number']} role={runs ? 'timer' : undefined}>
          {toZeroMs !== null
            ? timeToZero(toZeroMs)
            : runs
              ? timeToZero(Math.max(0, now - Date.parse(startedAt))).replace(/\.\d s$/, ' s')
              : '–'}
        </p>
        <p className={classes['quiet']}>
          {toZeroMs !== null
            ? zeroWords(order, gone < told)
            : 'It is done when the cloud shows that each is gone, and not before.'}
        </p>
        {survivorWords(order.survives, now, (at) => times.short(Date.parse(at), now)).map((words) => (
          <p key={words}>
            <strong>{words}</strong>
          </p>
        ))}
        {rest}
      </div>
    </div>
  );
}

/** The second person's part. What it would end stands beside the button. */
function Confirm({ order }: { readonly order: Order }) {
  const live = useLive();
  const { id, scope, orderedBy } = order;
  const confirm = useAction(
    (_: string, key) =>
      ask(() => api.POST('/v1/revocations/{id}/confirm', { params: { path: { id }, ...under(key) }, body: {} })),
    {
      touches: [ORDERS, ['live'], ['grants'], ['requests']],
      done: () => toast('Confirmed', 'All of it is being ended.'),
    },
  );
  const chosen: Chosen =
    scope.kind === 'all'
      ? { kind: 'all' }
      : scope.kind === 'person'
        ? { kind: 'person', key: scope.person?.key ?? '', name: scope.person?.name ?? '' }
        : { kind: 'target', key: scope.target ?? '', name: scope.target ?? '' };
  return (
    <div className={classes['confirm']}>
      <Notice>
        {who(orderedBy)} asks for a second person. If you confirm, this ends now, and nothing of it starts again until
        the order is lifted:
      </Notice>
      {live.isPending && <Waiting />}
      {live.error !== null && <FailureNotice error={live.error} intent="look" again={() => void live.refetch()} />}
      {live.data !== undefined && <Covered grants={live.data.grants} more={live.data.more} chosen={chosen} />}
      {confirm.error !== null && <FailureNotice error={confirm.error} intent="change" />}
      <div className={classes['buttons']}>
        <Button kind="danger" icon={OrderIcon} busy={confirm.isPending} onClick={() => confirm.mutate(id)}>
          Confirm and stop {scope.kind === 'all' ? 'everybody' : 'all of it'}
        </Button>
      </div>
    </div>
  );
}

/** The way out of an order: for what stops somebody, or waits to. */
function Lift({ order }: { readonly order: Order }) {
  const [asking, setAsking] = useState(false);
  if (order.status === 'lifted' || order.status === 'lapsed') return null;
  if (!order.stopsNew && order.status !== 'waiting') return null;
  return (
    <div className={classes['buttons']}>
      <Button onClick={() => setAsking(true)}>Lift this order…</Button>
      <LiftDialog order={order} opened={asking} onClose={() => setAsking(false)} />
    </div>
  );
}

/** What is not gone yet, and what kept it. */
function Left({ order: { left, counts, reach } }: { readonly order: Order }) {
  const all = counts.live + counts.ending;
  if (left.length === 0 || reach === 'none') return null;
  return (
    <Section id="left" title="Not gone yet">
      <ul className={classes['left']}>
        {left.map(({ grant, person, role, target, status, lastFault, attempts }) => (
          <li key={grant}>
            <span>
              <strong>{who(person)}</strong> {role} on {target}
            </span>
            <span className={classes['small']}>
              {lastFault === null
                ? status === 'ending'
                  ? 'ending…'
                  : 'not told to end'
                : `${lastFault}, tried ${attempts} times, and again`}
            </span>
          </li>
        ))}
      </ul>
      {all > left.length && <p className={classes['small']}>and {all - left.length} more</p>}
    </Section>
  );
}
