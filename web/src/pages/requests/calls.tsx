import type { AccessRequest } from '../../data/api.ts';
import { useTimes } from '../../time/zone.ts';
import { Card, Facts, Section } from '../../ui/card.tsx';
import { useExplanation } from './explanation.ts';
import classes from './timeline.module.css';

/** What a cloud is told for a request: what will be called, and what was, with what came of it. The story beside it says what cannot be read. */
export function Calls({ request }: { readonly request: AccessRequest }) {
  const times = useTimes();
  const { data } = useExplanation(request);
  if (data === undefined) return null;
  return (
    <Section id="calls" title="Calls to the cloud">
      {data.calls.length === 0 && <p className={classes['quiet']}>Nothing was called, and nothing will be.</p>}
      {data.calls.map(({ role, target, grant, atStart, atEnd, called }) => (
        <Card key={`${role} ${target} ${grant ?? ''}`} className={classes['calls']} aria-label={`${role} on ${target}`}>
          {data.calls.length > 1 && (
            <h3>
              {role} on {target}
            </h3>
          )}
          <Facts
            rows={[
              [
                called.length === 0 ? 'Will be called' : 'Planned',
                atStart === null ? 'nobody can say' : times.within(atStart),
              ],
              called.length === 0
                ? null
                : [
                    'Called',
                    <ol key="called" className={classes['line']}>
                      {called.map(({ at, kind, text, cloud }) => (
                        <li key={`${at} ${kind} ${text}`}>
                          <time dateTime={at} title={times.full(Date.parse(at))}>
                            {times.seconds(Date.parse(at))}
                          </time>
                          <div>
                            <p>{times.within(text)}</p>
                            {Object.keys(cloud).length > 0 && (
                              <details>
                                <summary>As the log has it</summary>
                                <pre tabIndex={0}>{JSON.stringify(cloud, null, 2)}</pre>
                              </details>
                            )}
                          </div>
                        </li>
                      ))}
                    </ol>,
                  ],
              atEnd === null ? null : ['At the end', times.within(atEnd)],
            ]}
          />
        </Card>
      ))}
    </Section>
  );
}
