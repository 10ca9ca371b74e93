import { useState } from 'react';
import { under, useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { ORDERS, type Order } from '../../data/orders.ts';
import { whatOf } from '../../orders/order-words.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { FailureNotice, toast } from '../../ui/notices.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import classes from './orders.module.css';

/** Lets what an order stops start again, with a reason. Who may is for the server to say. */
export function LiftDialog({
  order: { id, scope },
  opened,
  onClose,
}: {
  readonly order: Order;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState('');
  const [complaint, setComplaint] = useState<string | null>(null);
  const lift = useAction(
    (why: string, key) =>
      ask(() =>
        api.POST('/v1/revocations/{id}/lift', { params: { path: { id }, ...under(key) }, body: { reason: why } }),
      ),
    {
      touches: [ORDERS],
      done: () => {
        onClose();
        toast('Lifted', 'What is asked for from now on is decided by the rules again.');
      },
    },
  );
  return (
    <Dialog title="Lift this order?" opened={opened} onClose={onClose}>
      <form
        className={classes['dialog']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const why = reason.trim();
          setComplaint(why === '' ? 'Say why: the log keeps it.' : null);
          if (why !== '') lift.mutate(why);
        }}
      >
        <p>
          <strong>{whatOf(scope)}</strong> may start again. What has ended stays ended: whoever needs it asks again.
        </p>
        <TextField
          label="Why"
          description="The log keeps it."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={complaint}
          maxLength={2_000}
          rows={3}
          data-autofocus
        />
        {lift.error !== null && <FailureNotice error={lift.error} intent="change" />}
        <div className={classes['buttons']}>
          <Button type="submit" busy={lift.isPending}>
            Lift it
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
