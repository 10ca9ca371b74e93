import { useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type AccessRequest } from '../../data/api.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { DeniedIcon } from '../../ui/icons.ts';
import { FailureNotice, toast } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import classes from './approvals.module.css';

/** A no is said with its reason: whoever asked has to know what would be better. */
export function DenyDialog({
  request: { id, requester },
  opened,
  onClose,
  onOvertaken,
}: {
  readonly request: AccessRequest;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onOvertaken: (error: Error) => void;
}) {
  const [reason, setReason] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const deny = useAction(
    (comment: string, key) =>
      ask(() => api.POST('/v1/requests/{id}/deny', { params: { path: { id }, ...under(key) }, body: { comment } })),
    {
      touches: [['requests'], ['request']],
      done: () => {
        onClose();
        toast('You said no', `${requester.name} is told why.`);
      },
    },
  );
  return (
    <Dialog title={`Deny what ${requester.name} asks for`} opened={opened} onClose={onClose}>
      <form
        className={classes['dialog']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const said = reason.trim();
          setComplaint(said === '' ? 'Say why: whoever asked reads it.' : null);
          if (said !== '') deny.mutate(said, { onError: onOvertaken });
        }}
      >
        <TextField
          label="Why not"
          description={`${requester.name} reads this. Say what would be better.`}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={complaint}
          maxLength={2_000}
          rows={3}
          data-autofocus
        />
        {deny.error !== null && <FailureNotice error={deny.error} intent="change" />}
        <div className={classes['buttons']}>
          <Button type="submit" icon={DeniedIcon} busy={deny.isPending}>
            Deny
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Not yet
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
