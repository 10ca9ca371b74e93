import { useQuery } from '@tanstack/react-query';
import { useAction } from '../../data/action.ts';
import { api, ask, type Schemas } from '../../data/api.ts';
import { useNow } from '../../time/ticker.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Section, Waiting } from '../../ui/card.tsx';
import { DeviceIcon, TerminalIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Tag, Unseen } from '../../ui/signs.tsx';
import classes from './me.module.css';

const KEY = ['me', 'sessions'] as const;

/** Where I am signed in, and how to end it there. */
export function Sessions() {
  const sessions = useQuery({ queryKey: KEY, queryFn: () => ask(() => api.GET('/v1/me/sessions')) });
  return (
    <Section id="sessions" title="Where you are signed in">
      {sessions.isPending && <Waiting />}
      {sessions.error !== null && (
        <FailureNotice error={sessions.error} intent="look" again={() => void sessions.refetch()} />
      )}
      <ul className={classes['list']}>
        {sessions.data?.items.map((session) => (
          <li key={session.id}>
            <OneSession session={session} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function OneSession({ session }: { readonly session: Schemas['Session'] }) {
  const { id, kind, agent, current, createdAt, lastUsedAt, expiresAt } = session;
  const now = useNow();
  const times = useTimes();
  const end = useAction((_: string) => ask(() => api.DELETE('/v1/me/sessions/{id}', { params: { path: { id } } })), {
    touches: current ? [] : [KEY],
    // Whoever signs out here wants nothing of theirs to stay here.
    done: () => current && window.location.assign('/'),
  });
  const at = (time: string): string => times.short(Date.parse(time), now);
  const Shape = kind === 'cli' ? TerminalIcon : DeviceIcon;
  return (
    <Card className={classes['item']}>
      <div>
        <h3 className={classes['agent']}>
          <Shape size={16} aria-hidden="true" />
          {agent} {current && <Tag>this one</Tag>}
        </h3>
        <p className={classes['quiet']}>
          since {at(createdAt)}, used last {at(lastUsedAt)}, ends {at(expiresAt)}
        </p>
        {end.error !== null && <FailureNotice error={end.error} intent="change" />}
      </div>
      <div className={classes['buttons']}>
        <Button small busy={end.isPending} onClick={() => end.mutate(id)}>
          {current ? 'Sign out here' : 'End it'}
          <Unseen> ({agent})</Unseen>
        </Button>
      </div>
    </Card>
  );
}
