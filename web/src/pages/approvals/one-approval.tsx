import { useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { AccessRequest } from '../../data/api.ts';
import { useCircumstances, useEarlierAlike, useRequest } from '../../data/approvals.ts';
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
import { BackIcon, RequestsIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Mono, Person, StateSign, Tag, TierSign } from '../../ui/signs.tsx';
import { heldLines, othersLines, reachLines, whoseWords } from './circumstances.ts';
import { Decide } from './decide.tsx';
import { afterwards, beforeWords, endIfNow, lengthWords, stanceOf } from './facts.ts';
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
        <Tiers items={items} />
        <Whose id={request.id} />
      </header>
      {/* First of all, and on a phone above everything that can be pressed. */}
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
      {items.map((item) => (
        <Item key={`${item.role} ${item.target}`} item={item} named={items.length > 1} />
      ))}
      <Terms request={request} />
      <People request={request} me={me?.person.key ?? ''} />
      {status === 'pending' && <StalePeople words={request.stale} />}
      {stance.kind === 'open' && <Decide request={request} />}
      {/* There before its words are: what comes together with them is not read out everywhere. */}
      <div role="status" className={classes['outcome']}>
        {stance.kind !== 'open' && <Outcome request={request} stance={stance} takesFocus={couldDecide.current} />}
      </div>
      <div className={classes['aside']}>
        <ButtonLink to="/requests/$id" params={{ id: request.id }} kind="quiet" small icon={RequestsIcon}>
          All about this request
        </ButtonLink>
        <Mute request={request} />
      </div>
    </Card>
  );
}

/** How much it can do, where one thing is asked for: beside what it is called. Of several each says its own. */
function Tiers({ items }: Pick<AccessRequest, 'items'>) {
  const [only, ...more] = items;
  return only?.tier == null || more.length > 0 ? null : <Tier tier={only.tier} />;
}

function Tier({ tier }: { readonly tier: NonNullable<AccessRequest['items'][number]['tier']> }) {
  return (
    <span>
      <TierSign tier={tier} /> <span className={classes['fine']}>{TIER_WORDS[tier]}</span>
    </span>
  );
}

/** Who asks, beyond the name. */
function Whose({ id }: { readonly id: string }) {
  const around = useCircumstances(id).data;
  const words = around === undefined ? '' : whoseWords(around.requester);
  return words === '' ? null : <p className={classes['fine']}>{words}</p>;
}

type Rows = Parameters<typeof Facts>[0]['rows'];

/** What is true around it now: what they hold there, how far it reaches, who else has it, and how it went before. */
function useAround(request: AccessRequest): { readonly rows: Rows; readonly error: Error | null } {
  const { data, error } = useCircumstances(request.id);
  const alike = useEarlierAlike(request.id).data;
  const now = useNow();
  const times = useTimes();
  const at = (time: string): string => times.short(Date.parse(time), now);
  const row = (name: string, lines: readonly string[] | undefined) =>
    [name, lines?.map((line) => <div key={line}>{line}</div>) ?? '…'] as const;
  const reach = data === undefined ? [] : reachLines(data.items);
  return {
    error,
    rows: [
      error === null ? row('Holds now', data && heldLines(request, data, at)) : null,
      reach.length === 0 ? null : row('Reaches', reach),
      error === null ? row('Also held by', data && othersLines(data.items)) : null,
      row('Before', alike && [beforeWords(request, alike, at)]),
    ],
  };
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
        {named && tier !== null && <Tier tier={tier} />}
        {Object.entries(labels).map(([name, value]) => (
          <Tag key={name}>
            {name} {value}
          </Tag>
        ))}
      </p>
    </div>
  );
}

/** For how long, from when, until when, in the zone of whoever looks; what is true around it; and what is left of it afterwards. */
function Terms({ request }: { readonly request: AccessRequest }) {
  const now = useNow();
  const times = useTimes();
  const { startsAt, items, status, reasons, policyVersion } = request;
  const end = endIfNow(request, now);
  const at = (time: number): string => `${times.short(time, now)} ${times.name(time)}`;
  const starts = startsAt === null ? null : Date.parse(startsAt);
  const plans = items.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  const around = useAround(request);
  const left = afterwards(items);
  return (
    <div className={classes['part']}>
      {around.error !== null && <FailureNotice error={around.error} intent="look" />}
      <Facts
        rows={[
          ['For', lengthWords(request, at)],
          request.extends === null
            ? ['Begins', starts === null || starts <= now ? 'as soon as it is approved' : times.full(starts)]
            : null,
          status === 'pending' && request.extends === null ? ['Ends', `${at(end)}, if the last yes came now`] : null,
          ...around.rows,
          ...left.map(({ name, line }) => [name, line] as const),
        ]}
      />
      <details>
        <summary>By which rule, what the cloud is told, and what survives</summary>
        <ul className={classes['steps']}>
          {reasons.map(({ rule, text }) => (
            <li key={`${rule} ${text}`}>
              {text}
              <span className={classes['rule']}>{rule}</span>
            </li>
          ))}
        </ul>
        <p className={classes['rule']}>rules {policyVersion}</p>
        {left.map(({ name, words }) => (
          <p key={name} className={classes['fine']}>
            {left.length > 1 && <strong>{name}: </strong>}
            {words}
          </p>
        ))}
        {plans.map((plan) => (
          <pre key={plan} className={classes['plan']} tabIndex={0} aria-label="What the cloud is told">
            {plan}
          </pre>
        ))}
      </details>
    </div>
  );
}

/** Who is still needed, and who else can. */
function People({ request, me }: { readonly request: AccessRequest; readonly me: string }) {
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
        ]}
      />
    </div>
  );
}
