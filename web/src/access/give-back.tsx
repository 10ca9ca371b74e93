import { useState } from 'react';
import { under, useAction } from '../data/action.ts';
import { api, ask, type Grant } from '../data/api.ts';
import { Button } from '../ui/button.tsx';
import { ReturnIcon } from '../ui/icons.ts';
import { FailureNotice } from '../ui/notices.tsx';
import { Dialog } from '../ui/overlays.tsx';
import classes from './access.module.css';

const OVER = new Set(['ending', 'ended', 'failed']);

/** Ends access that I hold. One question in between: it cannot be undone, only asked for again. */
export function GiveBack({
  grant,
  small = false,
  onEnding,
}: {
  readonly grant: Grant;
  readonly small?: boolean;
  /** Hears the grant as it is when the server has answered. */
  readonly onEnding?: (grant: Grant) => void;
}) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        icon={ReturnIcon}
        small={small}
        cannot={OVER.has(grant.status) ? 'It is over, or ending already.' : null}
        onClick={() => setAsking(true)}
      >
        Done
      </Button>
      <GiveBackDialog
        grant={grant}
        opened={asking}
        onClose={() => setAsking(false)}
        {...(onEnding === undefined ? {} : { onEnding })}
      />
    </>
  );
}

/** The question, wherever it is asked. */
export function GiveBackDialog({
  grant,
  opened,
  onClose,
  onEnding = () => {},
}: {
  readonly grant: Grant;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onEnding?: (grant: Grant) => void;
}) {
  const act = useAction(
    (id: string, key) =>
      ask(() => api.POST('/v1/grants/{id}/return', { params: { path: { id }, ...under(key) }, body: {} })),
    {
      touches: [['grants'], ['requests'], ['request']],
      answered: onEnding,
      done: onClose,
    },
  );
  return (
    <Dialog title="Give it back now?" opened={opened} onClose={onClose}>
      <div className={classes['dialog']}>
        <p>
          <strong>{grant.role}</strong> on {grant.target} ends now, and not at its end. To have it again you ask again.
        </p>
        {act.error !== null && <FailureNotice error={act.error} intent="change" />}
        <div className={classes['buttons']}>
          <Button
            kind="solid"
            icon={ReturnIcon}
            busy={act.isPending}
            onClick={() => act.mutate(grant.id)}
            data-autofocus
          >
            Give it back
          </Button>
          <Button onClick={onClose}>Keep it</Button>
        </div>
      </div>
    </Dialog>
  );
}
