import { useEffect, useRef, useState } from 'react';
import { useAction } from '../data/action.ts';
import { api, ask, type Grant } from '../data/api.ts';
import { useMe, useServer } from '../data/session.ts';
import { Button } from '../ui/button.tsx';
import { TerminalIcon } from '../ui/icons.ts';
import { CopyLine, FailureNotice, Notice } from '../ui/notices.tsx';
import { Dialog } from '../ui/overlays.tsx';
import { Command } from './command.tsx';
import classes from './access.module.css';

/** How to use what I hold: commands to copy, and the cloud's console. No secret is ever on this page. */
export function UseIt({ grant, small = false }: { readonly grant: Grant; readonly small?: boolean }) {
  const [opened, setOpened] = useState(false);
  const { role, target, landing } = grant;
  return (
    <>
      <Button
        kind="solid"
        icon={TerminalIcon}
        small={small}
        cannot={grant.status === 'active' ? null : 'It can be used once it is active.'}
        onClick={() => setOpened(true)}
      >
        Use
      </Button>
      <Dialog title={`Use ${role} on ${target}`} opened={opened} onClose={() => setOpened(false)}>
        <div className={classes['dialog']}>
          {landing === null ? (
            <>
              <SignIn />
              <p>One command with this access, and with nothing else:</p>
              <Command label="Command" text={`curfew assume ${role} --on ${target} -- aws sts get-caller-identity`} />
              <p>A profile that any AWS tool can use until the end:</p>
              <Command label="Command for a profile" text={`curfew aws-profile ${role} --on ${target} --write`} />
              <Console grant={grant} />
            </>
          ) : (
            <>
              <p>{landing.words}</p>
              <CopyLine label="Identity" text={landing.identity} />
            </>
          )}
        </div>
      </Dialog>
    </>
  );
}

/** A terminal is signed in by itself, once. In the demo nobody is asked for a password, so the command can say who it is. */
function SignIn() {
  const server = useServer();
  const me = useMe();
  const demo = server.data?.demo === true && me.data !== undefined;
  const line = `curfew login --server ${window.location.origin}` as const;
  return (
    <>
      <p>{demo ? 'Once, in a terminal in the folder of the clone:' : 'Once, in a terminal:'}</p>
      <Command label="Command to sign in" text={demo ? `${line} --as ${me.data.person.key}` : line} />
    </>
  );
}

/** The address signs a browser in: it is a secret, so it is asked for at the press of the button and shown nowhere. */
function Console({ grant: { id } }: { readonly grant: Grant }) {
  const beside = useRef<Window | null>(null);
  const [heldBack, setHeldBack] = useState(false);
  const act = useAction(
    (_: string) => ask(() => api.POST('/v1/grants/{id}/console', { params: { path: { id } }, body: {} })),
    { touches: [], done: ({ url }) => beside.current?.location.replace(url) },
  );
  useEffect(() => {
    if (act.error !== null) beside.current?.close();
  }, [act.error]);
  const press = (): void => {
    // At the press itself: a window that is opened by the answer is held back by browsers, and nobody hears of it.
    beside.current = window.open('', '_blank');
    setHeldBack(beside.current === null);
    if (beside.current === null) return;
    beside.current.opener = null;
    act.mutate(id);
  };
  return (
    <>
      <p>Or in the browser:</p>
      <Button busy={act.isPending} onClick={press}>
        Open the console of the cloud
      </Button>
      {heldBack && (
        <Notice alert>Your browser held the window back. Allow windows of this page, and press again.</Notice>
      )}
      {act.error !== null && <FailureNotice error={act.error} intent="look" />}
    </>
  );
}
