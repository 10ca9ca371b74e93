import { under, useAction } from '../../data/action.ts';
import { api, ask } from '../../data/api.ts';
import { ORDERS, type Order } from '../../data/orders.ts';
import { whatOf } from '../../orders/order-words.ts';
import { toast } from '../../ui/notices.tsx';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';

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
    <ReasonDialog
      title="Lift this order?"
      opened={opened}
      onClose={onClose}
      description="The log keeps it."
      missing="Say why: the log keeps it."
      yes={{ label: 'Lift it' }}
      no="Leave it"
      busy={lift.isPending}
      error={lift.error}
      onReason={(why) => lift.mutate(why)}
    >
      <p>
        <strong>{whatOf(scope)}</strong> may start again. What has ended stays ended: whoever needs it asks again.
      </p>
    </ReasonDialog>
  );
}
