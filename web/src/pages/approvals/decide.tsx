import { useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { under, useAction } from '../../data/action.ts';
import { api, ApiFailure, ask, type AccessRequest } from '../../data/api.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ApprovedIcon, DeniedIcon } from '../../ui/icons.ts';
import { FailureNotice, toast } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import classes from './approvals.module.css';

const TOUCHED = [['requests'], ['request'], ['grants'], ['live']] as const;

/** Yes and no, side by side and alike. Nothing is chosen beforehand, and no address decides anything. */
export function Decide({ request }: { readonly request: AccessRequest }) {
  const { id, requester } = request;
  const [denying, setDenying] = useState(false);
  const [reason, setReason] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const overtaken = useOvertaken();
  const approve = useAction(
    (_: string, key) =>
      ask(() => api.POST('/v1/requests/{id}/approve', { params: { path: { id }, ...under(key) }, body: {} })),
    {
      touches: TOUCHED,
      done: ({ next }) => toast('You said yes', next),
    },
  );
  const deny = useAction(
    (comment: string, key) =>
      ask(() => api.POST('/v1/requests/{id}/deny', { params: { path: { id }, ...under(key) }, body: { comment } })),
    {
      touches: TOUCHED,
      done: () => {
        setDenying(false);
        toast('You said no', `${requester.name} is told why.`);
      },
    },
  );
  return (
    <div className={classes['decide']}>
      {approve.error !== null && <FailureNotice error={approve.error} intent="change" />}
      <div className={classes['verdicts']}>
        <Button
          icon={ApprovedIcon}
          busy={approve.isPending}
          onClick={() => approve.mutate(id, { onError: overtaken })}
          data-verdict="approve"
        >
          Approve
        </Button>
        <Button icon={DeniedIcon} onClick={() => setDenying(true)} data-verdict="deny">
          Deny…
        </Button>
      </div>
      <Dialog title={`Deny what ${requester.name} asks for`} opened={denying} onClose={() => setDenying(false)}>
        <form
          className={classes['dialog']}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            const said = reason.trim();
            setComplaint(said === '' ? 'Say why: whoever asked reads it.' : null);
            if (said !== '') deny.mutate(said, { onError: overtaken });
          }}
        >
          <TextField
            label="Why not"
            description={`${requester.name} reads this. Say what would be better.`}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={complaint}
            maxLength={2_000}
            autosize={false}
            rows={3}
            data-autofocus
          />
          {deny.error !== null && <FailureNotice error={deny.error} intent="change" />}
          <div className={classes['buttons']}>
            <Button type="submit" icon={DeniedIcon} busy={deny.isPending}>
              Deny
            </Button>
            <Button kind="quiet" onClick={() => setDenying(false)}>
              Not yet
            </Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}

const DECIDED = new Set(['already-decided', 'already-decided-by-you']);

/** Somebody else was first: their decision is read and shown in the place of the buttons. */
function useOvertaken(): (error: Error) => void {
  const client = useQueryClient();
  return (error) => {
    if (!(error instanceof ApiFailure) || !DECIDED.has(error.code)) return;
    toast('Somebody was first', 'What you said was not counted. The page shows who decided, and how.');
    for (const queryKey of TOUCHED) void client.invalidateQueries({ queryKey });
  };
}
