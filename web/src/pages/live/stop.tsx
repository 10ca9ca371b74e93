import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { GiveBack } from '../../access/give-back.tsx';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type Grant } from '../../data/api.ts';
import { showChanged } from '../../data/live.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { StopIcon } from '../../ui/icons.ts';
import { FailureNotice, toast } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import { Unseen } from '../../ui/signs.tsx';
import classes from './live.module.css';

const OVER = new Set<Grant['status']>(['ending', 'ended', 'failed']);

/** Takes somebody's access away now. Who may is for the server to say; it is asked for with a reason, which the log keeps. */
export function Stop({ grant }: { readonly grant: Grant }) {
  const { id, role, target, person, status } = grant;
  const { data: me } = useMe();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const act = useAction(
    (why: string, key) =>
      ask(() => api.POST('/v1/grants/{id}/revoke', { params: { path: { id }, ...under(key) }, body: { reason: why } })),
    {
      touches: [['grants'], ['requests'], ['request']],
      done: (ended) => {
        showChanged(client, ended);
        setAsking(false);
        setReason('');
        toast('It is ending', 'The table says when it is proven gone.');
      },
    },
  );
  if (OVER.has(status)) return null;
  if (person.key === me?.person.key) return <GiveBack grant={grant} small />;
  return (
    <>
      <Button kind="danger" small icon={StopIcon} onClick={() => setAsking(true)}>
        Stop
        <Unseen>
          {' '}
          {role} on {target} of {who(person)}
        </Unseen>
      </Button>
      <Dialog title="Stop this access now?" opened={asking} onClose={() => setAsking(false)}>
        <form
          className={classes['dialog']}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const why = reason.trim();
            setComplaint(why === '' ? 'Say why: the log keeps it.' : null);
            if (why !== '') act.mutate(why);
          }}
        >
          <p>
            <strong>{who(person)}</strong> loses <strong>{role}</strong> on {target} now. To have it again they ask
            again.
          </p>
          <TextField
            label="Why"
            description="The log keeps it, and whoever holds this can read it."
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={complaint}
            maxLength={2_000}
            rows={3}
            data-autofocus
          />
          {act.error !== null && <FailureNotice error={act.error} intent="change" />}
          <div className={classes['buttons']}>
            <Button type="submit" kind="danger" icon={StopIcon} busy={act.isPending}>
              Stop it
            </Button>
            <Button kind="quiet" onClick={() => setAsking(false)}>
              Leave it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}
