import { Link } from '@tanstack/react-router';
import { useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { NOTIFICATIONS_KEY, useMute, useNotifications, type NotificationSettings } from '../../data/notifications.ts';
import { Button } from '../../ui/button.tsx';
import { Card, Section, Waiting } from '../../ui/card.tsx';
import { HeardIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Mono, Person, Unseen } from '../../ui/signs.tsx';
import { KIND_WORDS } from './kind-words.ts';
import classes from './me.module.css';

type Kinds = NotificationSettings['kinds'];

/** What I am told by e-mail. Each switch is kept as soon as it is pressed. */
export function Notifications() {
  const settings = useNotifications();
  const save = useAction((kinds: Kinds) => ask(() => api.PUT('/v1/me/notifications', { body: { kinds } })), {
    touches: [NOTIFICATIONS_KEY],
  });
  // What was pressed shows at once; what was kept shows when the server has said so.
  const kinds = save.isPending ? save.variables : settings.data?.kinds;
  const muted = settings.data?.muted ?? [];
  return (
    <Section id="notifications" title="E-mail">
      {settings.isPending && <Waiting />}
      {settings.error !== null && (
        <FailureNotice error={settings.error} intent="look" again={() => void settings.refetch()} />
      )}
      {save.error !== null && <FailureNotice error={save.error} intent="change" />}
      {kinds !== undefined && (
        <div className={classes['kinds']}>
          {KIND_WORDS.map(({ title, of }) => (
            <fieldset key={title} className={classes['kindsOf']}>
              <legend>{title}</legend>
              {of.map(([kind, words]) => (
                <label key={kind} className={classes['switch']}>
                  <input
                    type="checkbox"
                    checked={kinds[kind]}
                    onChange={(event) => save.mutate({ ...kinds, [kind]: event.currentTarget.checked })}
                  />
                  {words}
                </label>
              ))}
            </fieldset>
          ))}
        </div>
      )}
      {muted.length > 0 && (
        <>
          <p className={classes['quiet']}>Of these requests you are told nothing:</p>
          <ul className={classes['list']}>
            {muted.map((one) => (
              <li key={one.id}>
                <OneMuted muted={one} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

function OneMuted({ muted: { id, asked } }: { readonly muted: NotificationSettings['muted'][number] }) {
  const { mutate, isPending, error } = useMute(id);
  const what = asked?.items.map(({ role, target }) => `${role} on ${target}`).join(', ') ?? id;
  return (
    <Card className={classes['item']}>
      <div>
        {asked === null ? (
          <p className={classes['quiet']}>
            A request that you may not see any more, <Mono>{id}</Mono>
          </p>
        ) : (
          <p>
            <Link to="/requests/$id" params={{ id }}>
              {what}
            </Link>
            , for <Person of={asked.requester} />
          </p>
        )}
        {error !== null && <FailureNotice error={error} intent="change" />}
      </div>
      <div className={classes['buttons']}>
        <Button small icon={HeardIcon} busy={isPending} onClick={() => mutate(false)}>
          Tell me again
          <Unseen> (of {what})</Unseen>
        </Button>
      </div>
    </Card>
  );
}
