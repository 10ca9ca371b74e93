import type { AccessRequest } from '../../data/api.ts';
import { StalePeople } from '../../requests/stale-people.tsx';
import { useTimes } from '../../time/zone.ts';
import { Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Mono } from '../../ui/signs.tsx';
import { useExplanation } from './explanation.ts';
import classes from './timeline.module.css';

/** What happened, as the log has it, and why the rules decided as they did. */
export function Timeline({ request }: { readonly request: AccessRequest }) {
  const times = useTimes();
  const { data, error, isPending, refetch } = useExplanation(request);
  return (
    <Section id="timeline" title="What happened">
      {isPending && <Waiting lines={4} />}
      {error !== null && <FailureNotice error={error} intent="look" again={() => void refetch()} />}
      {data !== undefined && (
        <>
          <StalePeople words={data.stale} />
          <ol className={classes['line']}>
            {data.timeline.map(({ at, kind, actor, text }) => (
              <li key={`${at} ${kind} ${text}`}>
                <time dateTime={at} title={times.full(Date.parse(at))}>
                  {times.seconds(Date.parse(at))}
                </time>
                <div>
                  <p>
                    <strong>{actor}</strong> {times.within(text)}
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
