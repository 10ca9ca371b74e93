import { useParams } from '@tanstack/react-router';
import { Fragment, useEffect, useRef } from 'react';
import type { AccessRequest } from '../../data/api.ts';
import { useEarlierAlike, useRequest } from '../../data/approvals.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { Deciders } from '../../requests/deciders.tsx';
import { Mute } from '../../requests/mute.tsx';
import { StalePeople } from '../../requests/stale-people.tsx';
import { countdown } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { requestState, TIER_WORDS } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Card, Facts, Quote, Waiting } from '../../ui/card.tsx';
import { BackIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Mono, Person, StateSign, Tag, TierSign } from '../../ui/signs.tsx';
import { Decide } from './decide.tsx';
import { afterwards, endIfNow, howTheyWent, lengthWords, stanceOf } from './facts.ts';
import { Outcome } from './outcome.tsx';
import classes from './approvals.module.css';

/** One request with everything that somebody should know before saying yes or no. */
export function OneApproval() {
  const { id } = useParams({ from: '/approvals/$id' });
  const request = useRequest(id);
  return (
    <div>
      <p className={classes['back']}>
        <ButtonLink to="/approvals" kind="quiet" small icon={BackIcon}>
          All that waits
        </ButtonLink>
      </p>
      {request.isPending && <Waiting lines={6} />}
      {request.error !== null && request.data === undefined && (
        <FailureNotice error={request.error} intent="look" again={() => void request.refetch()} />
      )}
      {request.data !== undefined && <ApprovalCard key={id} request={request.data} />}
    </div>
  );
}

function ApprovalCard({ request }: { readonly request: AccessRequest }) {
  const now = useNow();
  const { data: me } = useMe();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Not at the first look at the page, where whoever hears it begins at its top.
    if (document.activeElement !== document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  const { requester, items, status, lapsesAt } = request;
  const [first] = items;
  const stance = stanceOf(request, me?.person.key ?? '', now);
  const couldDecide = useRef(false);
  useEffect(() => {
    if (stance.kind === 'open') couldDecide.current = true;
  }, [stance.kind]);
  const left = countdown(now, Date.parse(lapsesAt));
  const asks = request.extends === null ? 'asks for' : 'asks to keep';
  return (
    <Card className={classes['card']} aria-label="The request">
      <header className={classes['asks']}>
        <p className={classes['top']}>
          <StateSign state={requestState(request, now)} />
          {status === 'pending' && (
            <span className={classes['timer']} role="timer" aria-label={`lapses in ${left.words}`}>
              {left.over ? 'its time is over' : `lapses in ${left.text}`}
            </span>
          )}
        </p>
        <h2 ref={heading} tabIndex={-1}>
          <Person of={requester} /> {asks}{' '}
          {items.length === 1 ? `${first?.role} on ${first?.target}` : `${items.length} things`}
        </h2>
        {items.map((item) => (
          <Item key={`${item.role} ${item.target}`} item={item} named={items.length > 1} />
        ))}
      </header>
      <div className={classes['part']}>
        <h3>Why</h3>
        <Quote>{request.reason === '' ? 'No reason was given.' : request.reason}</Quote>
        {request.ticket !== null && (
          <p>
            Ticket <Mono>{request.ticket}</Mono>{' '}
            <span className={classes['fine']}>as it was written; nothing looked it up</span>
          </p>
        )}
      </div>
      <Terms request={request} />
      <People request={request} me={me?.person.key ?? ''} />
      {status === 'pending' && <StalePeople words={request.stale} />}
      {stance.kind === 'open' && <Decide request={request} />}
      {/* There before its words are: what comes together with them is not read out everywhere. */}
      <div role="status" className={classes['outcome']}>
        {stance.kind !== 'open' && <Outcome request={request} stance={stance} takesFocus={couldDecide.current} />}
      </div>
      <div className={classes['buttons']}>
        <Mute request={request} />
      </div>
    </Card>
  );
}

function Item({
  item: { role, target, tier, description, labels },
  named,
}: {
  readonly item: AccessRequest['items'][number];
  readonly named: boolean;
}) {
  return (
    <div className={classes['part']}>
      {named && (
        <h3>
          {role} on {target}
        </h3>
      )}
      <p>{description ?? 'The rules in force have no such role, so it would be refused.'}</p>
      <p className={classes['tags']}>
        {tier !== null && (
          <span>
            <TierSign tier={tier} /> <span className={classes['fine']}>{TIER_WORDS[tier]}</span>
          </span>
        )}
        {Object.entries(labels).map(([name, value]) => (
          <Tag key={name}>
            {name} {value}
          </Tag>
        ))}
      </p>
    </div>
  );
}

/** For how long, from when, until when, in the zone of whoever looks; and what is left of it afterwards. */
function Terms({ request }: { readonly request: AccessRequest }) {
  const now = useNow();
  const times = useTimes();
  const { startsAt, items, status, reasons, policyVersion } = request;
  const end = endIfNow(request, now);
  const at = (time: number): string => `${times.short(time, now)} ${times.name(time)}`;
  const starts = startsAt === null ? null : Date.parse(startsAt);
  const plans = items.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  return (
    <div className={classes['part']}>
      <Facts
        rows={[
          ['For', lengthWords(request, at)],
          request.extends === null
            ? ['Begins', starts === null || starts <= now ? 'as soon as it is approved' : times.full(starts)]
            : null,
          status === 'pending' && request.extends === null ? ['Ends', `${at(end)}, if the last yes came now`] : null,
          ...afterwards(items).map(
            ({ name, line, words }) =>
              [
                name,
                <Fragment key={name}>
                  {line} <span className={classes['fine']}>{words}</span>
                </Fragment>,
              ] as const,
          ),
        ]}
      />
      <details>
        <summary>By which rule, and what the cloud is told</summary>
        <ul className={classes['steps']}>
          {reasons.map(({ rule, text }) => (
            <li key={`${rule} ${text}`}>
              {text}
              <span className={classes['rule']}>{rule}</span>
            </li>
          ))}
        </ul>
        <p className={classes['rule']}>rules {policyVersion}</p>
        {plans.map((plan) => (
          <pre key={plan} className={classes['plan']} tabIndex={0} aria-label="What the cloud is told">
            {plan}
          </pre>
        ))}
      </details>
    </div>
  );
}

/** Who is still needed, who else can, and how it went before. */
function People({ request, me }: { readonly request: AccessRequest; readonly me: string }) {
  const alike = useEarlierAlike(request.id).data;
  const now = useNow();
  const times = useTimes();
  const last = alike?.items[0];
  const name = (person: AccessRequest['requester']): string => (person.key === me ? 'you' : who(person));
  return (
    <div className={classes['part']}>
      <Facts
        rows={[
          ...request.steps.map((step, index) => {
            const { id, count, missing, approvedBy, from } = step;
            const said = approvedBy.length === 0 ? '' : `${approvedBy.map(name).join(', ')} said yes. `;
            const label = request.steps.length === 1 ? 'Who decides' : `Who decides, ${index + 1}`;
            return [
              label,
              <div key={id}>
                {said}
                {missing === 0 ? (
                  'Nobody more is needed.'
                ) : (
                  <Deciders step={step} me={me} before={`Needs ${missing} of`} />
                )}
                <span className={classes['rule']}>
                  {count} from {from.join(', ')}
                </span>
              </div>,
            ] as const;
          }),
          alike === undefined
            ? null
            : [
                'Before',
                last === undefined
                  ? alike.nextCursor === null
                    ? `The first of this kind by ${who(request.requester)}, as far as you may see.`
                    : `None of this kind by ${who(request.requester)} among the newest that you may see.`
                  : `${alike.items.length}${alike.nextCursor === null ? '' : ' and more'} of this kind by ${who(request.requester)}: ${howTheyWent(alike.items)}; the last ${times.short(Date.parse(last.createdAt), now)}.`,
              ],
        ]}
      />
    </div>
  );
}
