import type { UseQueryResult } from '@tanstack/react-query';
import { Command } from '../../access/command.tsx';
import { ApiFailure, type Preview } from '../../data/api.ts';
import { signInBesideAddress } from '../../data/session.ts';
import { Deciders } from '../../requests/deciders.tsx';
import { StalePeople } from '../../requests/stale-people.tsx';
import { outlookState, whatItTakes, whyUnsignable } from '../../requests/what-it-takes.ts';
import { durationWords } from '../../time/countdown.ts';
import { parseDuration } from '../../time/durations.ts';
import { useNow } from '../../time/ticker.ts';
import { residualLine } from '../../time/wording.ts';
import { useTimes } from '../../time/zone.ts';
import { Card, Waiting } from '../../ui/card.tsx';
import { CopyButton, FailureNotice, Notice } from '../../ui/notices.tsx';
import { StateSign } from '../../ui/signs.tsx';
import { commandLine, linkOf, type Asked } from './draft.ts';
import classes from './outlook.module.css';

/** What would happen if it were sent now: by whom it is decided, until when it lasts, what survives, what the cloud is told. */
export function Outlook({
  asked,
  preview,
  unasked,
  refused,
}: {
  readonly asked: Asked;
  readonly preview: UseQueryResult<Preview>;
  /** Why the server was not asked: what is wrong already; `null`: it was. */
  readonly unasked: string | null;
  /** What came of sending it. */
  readonly refused: Error | null;
}) {
  const { data, error, isLoading, refetch } = preview;
  return (
    <Card
      className={classes['outlook']}
      aria-label="What would happen"
      tone={data?.effect === 'deny' ? 'bad' : undefined}
    >
      <h2>What would happen</h2>
      {isLoading && <Waiting />}
      {unasked !== null && <p className={classes['quiet']}>Nothing yet: say first when it is to begin.</p>}
      {unasked === null && error !== null && !isSameFailure(error, refused) && (
        <FailureNotice error={error} intent="look" again={() => void refetch()} />
      )}
      {unasked === null && error === null && data !== undefined && (
        <>
          <StalePeople words={data.stale} />
          <Answer asked={asked} data={data} />
        </>
      )}
      <div className={classes['part']}>
        <h3>On the command line</h3>
        <Command label="The same on the command line" text={commandLine(asked)} />
      </div>
      <div className={classes['part']}>
        <h3>As a link</h3>
        <p className={classes['quiet']}>This form for a colleague, without your reason.</p>
        <p>
          <CopyButton words="Copy the link" text={() => linkOf(window.location.href)} />
        </p>
      </div>
    </Card>
  );
}

/** Whether sending was refused for what stood here before: it is said once, where it was sent. */
function isSameFailure(one: Error, other: Error | null): boolean {
  return (
    other instanceof ApiFailure && one instanceof ApiFailure && one.code === other.code && one.message === other.message
  );
}

function Answer({ asked, data }: { readonly asked: Asked; readonly data: Preview }) {
  const now = useNow();
  const times = useTimes();
  const several = asked.items.length > 1;
  const durationMs = parseDuration(asked.duration) ?? data.durationMs;
  const from = asked.at === null ? now : Date.parse(asked.at);
  if (data.effect === 'deny') {
    return (
      <div className={classes['part']} role="status">
        <StateSign state={outlookState(data)} />
        <ul className={classes['list']}>
          {data.refusals.map(({ code, text, hint, rule, item }) => (
            <li key={`${code} ${rule} ${item?.role ?? ''} ${item?.target ?? ''}`}>
              {item !== null && several && (
                <strong>
                  {item.role} on {item.target}:{' '}
                </strong>
              )}
              {text}
              {hint !== undefined && <span className={classes['quiet']}> {hint}</span>}
              {code === 'mfa-required' && (
                <a href={signInBesideAddress('fresh')} target="_blank" rel="noopener">
                  {' '}
                  Sign in anew
                </a>
              )}
              <span className={classes['rule']}>{rule}</span>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  const takes = whatItTakes(data);
  const unsignable = whyUnsignable(data);
  return (
    <>
      <div className={classes['part']} role="status">
        <StateSign state={outlookState(data)} />
        {data.steps.length > 0 && (
          <ol className={classes['list']}>
            {data.steps.map((step) => (
              <li key={step.id}>
                <Deciders step={step} before={`${step.count} of`} />
                <span className={classes['rule']}>{step.from.join(', ')}</span>
              </li>
            ))}
          </ol>
        )}
        {unsignable !== null && <Notice>{unsignable}</Notice>}
      </div>
      {takes.length > 0 && (
        <div className={classes['part']}>
          <h3>What it takes</h3>
          <ul className={classes['list']}>
            {takes.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </div>
      )}
      <div className={classes['part']}>
        <h3>The end</h3>
        <p className={classes['end']}>{times.short(from + durationMs, now)}</p>
        <p className={classes['quiet']}>
          {asked.at === null
            ? `if it began now. Its ${durationWords(durationMs)} count from its start, not from this click.`
            : `${durationWords(durationMs)} after its start.`}
        </p>
        {data.residual.map((residual) => (
          <details key={`${residual.role} ${residual.target}`}>
            <summary>
              {several && `${residual.role}: `}
              {residualLine(residual)}
            </summary>
            <p className={classes['quiet']}>{residual.words}</p>
          </details>
        ))}
      </div>
      {data.plan.length > 0 && (
        <details className={classes['part']}>
          <summary>What the cloud would be told</summary>
          <ul className={classes['list']}>
            {data.plan.map((words) => (
              <li key={words} className={classes['quiet']}>
                {words}
              </li>
            ))}
          </ul>
        </details>
      )}
      {data.reasons.length > 0 && (
        <details className={classes['part']}>
          <summary>Which rules say so</summary>
          <ul className={classes['list']}>
            {data.reasons.map(({ rule, text }) => (
              <li key={`${rule} ${text}`}>
                {text}
                <span className={classes['rule']}>{rule}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
