import type { AccessRequest } from '../data/api.ts';
import { useMute, useNotifications } from '../data/notifications.ts';
import { Button } from '../ui/button.tsx';
import { HeardIcon, MutedIcon } from '../ui/icons.ts';
import { FailureNotice } from '../ui/notices.tsx';

const OVER = new Set(['ended', 'failed']);

/** Turns the e-mails about one request off and on, for me alone. What is over is told no more, so that there is nothing to turn off. */
export function Mute({ request: { id, status, grants } }: { readonly request: AccessRequest }) {
  const settings = useNotifications();
  const { mutate, isPending, error } = useMute(id);
  if (settings.data === undefined) return null;
  const isMuted = settings.data.muted.some((one) => one.id === id);
  const isOver = status !== 'pending' && grants.every((grant) => OVER.has(grant.status));
  if (isOver && !isMuted) return null;
  return (
    <>
      <Button
        kind="quiet"
        small
        icon={isMuted ? HeardIcon : MutedIcon}
        busy={isPending}
        onClick={() => mutate(!isMuted)}
      >
        {isMuted ? 'Tell me again' : 'Mute e-mails'}
      </Button>
      {error !== null && <FailureNotice error={error} intent="change" />}
    </>
  );
}
