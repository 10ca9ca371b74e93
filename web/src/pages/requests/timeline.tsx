import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '../../data/api.ts';
import { useTimes, type Times } from '../../time/zone.ts';
import { Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Mono } from '../../ui/signs.tsx';
import classes from './timeline.module.css';

/** What happened, as the log has it, and why the rules decided as they did. `changedAt` names the state, so that a new one is read. */
export function Timeline({ id, changedAt }: { readonly id: string; readonly changedAt: string }) {
  const times = useTimes();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['request', id, 'explanation', changedAt],
    queryFn: () => ask(() => api.GET('/v1/requests/{id}/explanation', { params: { path: { id } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Section id="timeline" title="What happened">
      {isPending && <Waiting lines={4} />}
      {error !== null && <FailureNotice error={error} intent="look" again={() => void refetch()} />}
      {data !== undefined && (
        <>
          <ol className={classes['line']}>
            {data.timeline.map(({ at, kind, actor, text }) => (
              <li key={`${at} ${kind} ${text}`}>
                <time dateTime={at} title={times.full(Date.parse(at))}>
                  {times.seconds(Date.parse(at))}
                </time>
                <div>
                  <p>
                    <strong>{actor}</strong> {inZone(text, times)}
                  </p>
                  <Mono>{kind}</Mono>
                </div>
              </li>
            ))}
          </ol>
          <details className={classes['rules']}>
            <summary>Which rules decided</summary>
            <ul>
              {[...data.decision.reasons, ...data.decision.refusals].map(({ rule, text }) => (
                <li key={`${rule} ${text}`}>
                  {text} <Mono>{rule}</Mono>
                </li>
              ))}
            </ul>
          </details>
        </>
      )}
    </Section>
  );
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** The log writes times as machines do; people read them in their zone. */
function inZone(text: string, times: Times): string {
  return text.replace(ISO, (at) => times.full(Date.parse(at)));
}
