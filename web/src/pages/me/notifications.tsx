import { useQuery } from '@tanstack/react-query';
import { useAction } from '../../data/action.ts';
import { api, ask, type Schemas } from '../../data/api.ts';
import { Section, Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { KIND_WORDS } from './kind-words.ts';
import classes from './me.module.css';

type Kinds = Schemas['NotificationSettings']['kinds'];

const KEY = ['me', 'notifications'] as const;

/** What I am told by e-mail. Each switch is kept as soon as it is pressed. */
export function Notifications() {
  const settings = useQuery({ queryKey: KEY, queryFn: () => ask(() => api.GET('/v1/me/notifications')) });
  const save = useAction((kinds: Kinds) => ask(() => api.PUT('/v1/me/notifications', { body: { kinds } })), {
    touches: [KEY],
  });
  // What was pressed shows at once; what was kept shows when the server has said so.
  const kinds = save.isPending ? save.variables : settings.data?.kinds;
  const muted = settings.data?.muted.length ?? 0;
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
      {muted > 0 && (
        <p className={classes['quiet']}>
          {muted} {muted === 1 ? 'request is' : 'requests are'} muted: of those you are told nothing.
        </p>
      )}
    </Section>
  );
}
