import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { GiveBack } from '../../access/give-back.tsx';
import { under, useAction } from '../../data/action.ts';
import { api, ask, type LiveGrant } from '../../data/api.ts';
import { showChanged } from '../../data/live.ts';
import { useMe } from '../../data/session.ts';
import { who } from '../../data/who.ts';
import { Button } from '../../ui/button.tsx';
import { StopIcon } from '../../ui/icons.ts';
import { toast } from '../../ui/notices.tsx';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';
import { Unseen } from '../../ui/signs.tsx';

const OVER = new Set<LiveGrant['status']>(['ending', 'ended', 'failed']);

/** Takes somebody's access away now, with a reason, which the log keeps. Whoever may not reads why before they write one. */
export function Stop({ grant }: { readonly grant: LiveGrant }) {
  const { id, role, target, person, status, mayEnd } = grant;
  const { data: me } = useMe();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const act = useAction(
    (why: string, key) =>
      ask(() => api.POST('/v1/grants/{id}/revoke', { params: { path: { id }, ...under(key) }, body: { reason: why } })),
    {
      touches: [['grants'], ['requests'], ['request']],
      answered: (ended) => showChanged(client, ended),
      done: () => {
        setAsking(false);
        toast('It is ending', 'The table says when it is proven gone.');
      },
    },
  );
  if (OVER.has(status)) return null;
  if (person.key === me?.person.key)
    return <GiveBack grant={grant} small onEnding={(ending) => showChanged(client, ending)} />;
  return (
    <>
      <Button
        kind="danger"
        small
        icon={StopIcon}
        cannot={mayEnd === false ? 'Who decides about it, or answers for the role or the target, can stop it.' : null}
        onClick={() => setAsking(true)}
      >
        Stop
        <Unseen>
          {' '}
          {role} on {target} of {who(person)}
        </Unseen>
      </Button>
      <ReasonDialog
        title="Stop this access now?"
        opened={asking}
        onClose={() => setAsking(false)}
        description="The log keeps it, and whoever holds this can read it."
        missing="Say why: the log keeps it."
        yes={{ label: 'Stop it', icon: StopIcon, kind: 'danger' }}
        no="Leave it"
        busy={act.isPending}
        error={act.error}
        onReason={(why) => act.mutate(why)}
      >
        <p>
          <strong>{who(person)}</strong> loses <strong>{role}</strong> on {target} now. To have it again they ask again.
        </p>
      </ReasonDialog>
    </>
  );
}
