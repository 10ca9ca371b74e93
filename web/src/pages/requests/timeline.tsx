import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '../../data/api.ts';
import { StalePeople } from '../../requests/stale-people.tsx';
import { useTimes } from '../../time/zone.ts';
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
          <StalePeople words={data.stale} />
          <ol className={classes['line']}>
            {data.timeline.map(({ at, kind, actor, text, cloud }) => (
              <li key={`${at} ${kind} ${text}`}>
                <time dateTime={at} title={times.full(Date.parse(at))}>
                  {times.seconds(Date.parse(at))}
                </time>
                <div>
                  <p>
                    <strong>{actor}</strong> {times.within(text)}
                  </p>
                  <Mono>{kind}</Mono>
                  {Object.keys(cloud).length > 0 && (
                    <details>
                      <summary>In the cloud</summary>
                      <pre tabIndex={0}>{JSON.stringify(cloud, null, 2)}</pre>
                    </details>
                  )}
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
