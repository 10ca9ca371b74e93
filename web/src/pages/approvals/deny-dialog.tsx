import { under, useAction } from '../../data/action.ts';
import { api, ask, type AccessRequest } from '../../data/api.ts';
import { who } from '../../data/who.ts';
import { DeniedIcon } from '../../ui/icons.ts';
import { toast } from '../../ui/notices.tsx';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';

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
  const deny = useAction(
    (comment: string, key) =>
      ask(() => api.POST('/v1/requests/{id}/deny', { params: { path: { id }, ...under(key) }, body: { comment } })),
    {
      touches: [['requests'], ['request']],
      done: () => {
        onClose();
        toast('You said no', `${who(requester)} is told why.`);
      },
    },
  );
  return (
    <ReasonDialog
      title={`Deny what ${who(requester)} asks for`}
      opened={opened}
      onClose={onClose}
      label="Why not"
      description={`${who(requester)} reads this. Say what would be better.`}
      missing="Say why: whoever asked reads it."
      yes={{ label: 'Deny', icon: DeniedIcon }}
      no="Not yet"
      busy={deny.isPending}
      error={deny.error}
      onReason={(said) => deny.mutate(said, { onError: onOvertaken })}
    />
  );
}
