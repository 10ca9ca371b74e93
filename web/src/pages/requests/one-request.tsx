import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Command } from '../../access/command.tsx';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type AccessRequest } from '../../data/api.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { Deciders } from '../../requests/deciders.tsx';
import { Mute } from '../../requests/mute.tsx';
import { whatOf } from '../../requests/request-list.tsx';
import { durationText } from '../../time/countdown.ts';
import { useNow } from '../../time/ticker.ts';
import { requestState, residualLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Card, Facts, Section, Waiting } from '../../ui/card.tsx';
import { AgainIcon, CloseIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Mono, Person, StateSign, TierSign } from '../../ui/signs.tsx';
import { withItems } from '../request/draft.ts';
import { Calls } from './calls.tsx';
import { Receipt } from './receipt.tsx';
import { Stepper } from './stepper.tsx';
import { Timeline } from './timeline.tsx';
import classes from './one-request.module.css';

const route = getRouteApi('/requests/$id');

/** One request, from the asking to the proof that it is over. */
export function OneRequest() {
  const { id } = route.useParams();
  const read = useQuery({
    queryKey: ['request', id],
    queryFn: () => ask(() => api.GET('/v1/requests/{id}', { params: { path: { id } } })),
  });
  if (read.data === undefined) {
    return (
      <Page title="Request">
        {read.error === null ? (
          <Waiting lines={6} />
        ) : (
          <FailureNotice error={read.error} intent="look" again={() => void read.refetch()} />
        )}
      </Page>
    );
  }
  return <Shown key={id} request={read.data} />;
}

function Shown({ request }: { readonly request: AccessRequest }) {
  const me = useMe();
  const now = useNow();
  const times = useTimes();
  const own = me.data?.person.key === request.requester.key;
  const withdraw = useAction(
    (id: string, key) =>
      ask(() => api.POST('/v1/requests/{id}/withdraw', { params: { path: { id }, ...under(key) }, body: {} })),
    { touches: [['request'], ['requests']] },
  );
  const at = (time: string): string => times.full(Date.parse(time));
  return (
    <Page
      title={whatOf(request)}
      lead={
        <span className={classes['lead']}>
          <StateSign state={requestState(request, now)} />
          <span>
            {own ? (
              'You asked'
            ) : (
              <>
                <Person of={request.requester} /> asked
              </>
            )}{' '}
            at {times.short(Date.parse(request.createdAt), now)}
          </span>
        </span>
      }
      aside={
        <div className={classes['buttons']}>
          <Mute request={request} />
          {own && request.status === 'pending' && (
            <Button
              icon={CloseIcon}
              kind="danger"
              busy={withdraw.isPending}
              onClick={() => withdraw.mutate(request.id)}
            >
              Withdraw
            </Button>
          )}
          {own && request.status !== 'pending' && request.extends === null && (
            <ButtonLink
              to="/request"
              icon={AgainIcon}
              search={withItems({ duration: durationText(request.durationMs) }, request.items)}
            >
              Ask again
            </ButtonLink>
          )}
        </div>
      }
    >
      {withdraw.error !== null && <FailureNotice error={withdraw.error} intent="change" />}
      <Stepper request={request} />
      <div className={classes['columns']}>
        <div className={classes['column']}>
          {request.grants.length > 0 && (
            <Section id="access" title="Access">
              {request.grants.map((grant) => (
                <Receipt key={grant.id} grant={grant} own={own} />
              ))}
            </Section>
          )}
          {request.status === 'pending' && <WhoDecides request={request} />}
          <Calls request={request} />
          <Timeline request={request} />
        </div>
        <Card className={classes['facts']} aria-label="What was asked">
          <h2>What was asked</h2>
          <Facts
            rows={[
              ...request.items.map(
                ({ role, target, tier }, n) =>
                  [
                    // A role on two targets is two of them.
                    request.items.length === 1 ? 'Access' : `Access, ${n + 1}`,
                    <span key={role} className={classes['item']}>
                      {role} on {target} {tier !== null && <TierSign tier={tier} />}
                    </span>,
                  ] as const,
              ),
              ['For', `${request.duration}${request.extends === null ? '' : ' longer'}`],
              ['From', request.startsAt === null ? 'as soon as it is approved' : at(request.startsAt)],
              request.extends === null ? null : ['Until', at(request.extends.until)],
              ['Why', request.reason === '' ? 'no reason given' : request.reason],
              request.ticket === null
                ? null
                : ['Ticket', `${request.ticket} (as it was written; nothing looked it up)`],
              ['By', <Person key="by" of={request.requester} />],
              request.status === 'pending' ? ['Lapses', `${at(request.lapsesAt)}, if nobody decides`] : null,
              ['Rules', <Mono key="rules">{request.policyVersion.slice(0, 16)}</Mono>],
              ['Id', <Mono key="id">{request.id}</Mono>],
            ]}
          />
          {request.items.map(
            ({ role, target, residual }) =>
              residual !== null && (
                <details key={`${role} ${target}`}>
                  <summary>{residualLine(residual)}</summary>
                  <p className={classes['quiet']}>{residual.words}</p>
                </details>
              ),
          )}
          <Command label="The same on the command line" text={`curfew why ${request.id}`} />
        </Card>
      </div>
    </Page>
  );
}

/** Who can decide, and who has. */
function WhoDecides({ request: { steps, next } }: { readonly request: AccessRequest }) {
  const me = useMe().data?.person.key ?? '';
  return (
    <Section id="deciders" title="Who can decide">
      <Card className={classes['steps']}>
        <p>{next}</p>
        {steps.map((step) => (
          <div key={step.id} className={classes['step']}>
            <StateSign
              state={
                step.missing === 0
                  ? { word: `agreed by ${step.approvedBy.map(who).join(', ')}`, tone: 'good' }
                  : { word: `${step.missing} of ${step.count} still to agree`, tone: 'waiting' }
              }
            />
            {step.missing > 0 && <Deciders step={step} me={me} />}
            <Mono>
              {step.from.join(', ')} · {step.rule}
            </Mono>
          </div>
        ))}
      </Card>
    </Section>
  );
}
