import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAction } from '../../data/action.ts';
import { ApiFailure, type AccessRequest } from '../../data/api.ts';
import { useMyPasskeys } from '../../data/my-passkeys.ts';
import { approve, type Yes } from '../../data/passkeys.ts';
import { who } from '../../data/who.ts';
import { goneOf, PasskeyFailure, PasskeyGone, ToPasskey } from '../../passkeys/passkey-failure.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ApprovedIcon, DeniedIcon, KeyIcon, TimerIcon, WordIcon } from '../../ui/icons.ts';
import { Notice, toast } from '../../ui/notices.tsx';
import { DenyDialog } from './deny-dialog.tsx';
import { yesOf } from './facts.ts';
import { ShorterDialog } from './shorter-dialog.tsx';
import classes from './approvals.module.css';

const TOUCHED = [['requests'], ['request'], ['grants']] as const;
const OUTDATED = new Set(['already-decided', 'already-decided-by-you', 'policy-changed']);

/** Once, when it appears: one and the same function at each drawing, or the page would jump back every second. */
function bringIntoView(box: HTMLElement | null): void {
  box?.scrollIntoView({ block: 'nearest' });
}

/** Yes, a shorter yes, and no, side by side and alike. Nothing is chosen beforehand, and no address decides anything. */
export function Decide({ request }: { readonly request: AccessRequest }) {
  const [open, setOpen] = useState<'deny' | 'shorter' | null>(null);
  /** What goes with a yes, whole or shorter; `null`: nothing is to. */
  const [word, setWord] = useState<string | null>(null);
  const client = useQueryClient();
  const { needsSignature } = request;
  const passkeys = useMyPasskeys(needsSignature);
  // Read before anything is pressed: the time of a request is short, and a passkey takes some of it.
  const gone = needsSignature ? goneOf(passkeys.data) : null;
  const cannot =
    gone ?? (needsSignature && passkeys.data?.items.length === 0 ? 'You need a passkey to say yes.' : null);
  /** Somebody else was first, or the rules have changed: what is true now is read and shown. */
  const overtaken = (error: Error): void => {
    if (!(error instanceof ApiFailure) || !OUTDATED.has(error.code)) return;
    if (error.code === 'already-decided') {
      toast('Somebody was first', 'What you said was not counted. The page shows who decided, and how.');
    }
    for (const queryKey of TOUCHED) void client.invalidateQueries({ queryKey });
  };
  // `attempt`: what is signed differs each time, so that a second try is another deed.
  const say = useAction(({ yes }: { readonly yes: Yes; readonly attempt: string }, key) => approve(request, yes, key), {
    touches: TOUCHED,
    done: ({ next }) => {
      setOpen(null);
      toast('You said yes', next);
    },
  });
  const sayYes = (durationMs?: number): void =>
    say.mutate(
      { yes: yesOf(word, durationMs), attempt: needsSignature ? crypto.randomUUID() : '' },
      { onError: overtaken },
    );
  const shorter = (): void => {
    // What went wrong with a yes is not what goes wrong with a shorter one.
    say.reset();
    setOpen('shorter');
  };
  return (
    <>
      {say.error !== null && open === null && (
        <div className={classes['failure']} ref={bringIntoView}>
          <PasskeyFailure error={say.error} />
        </div>
      )}
      {cannot !== null && say.error === null && (
        <div className={classes['failure']}>
          {gone === null ? (
            <>
              <Notice>{cannot} Register one; the request waits here.</Notice>
              <ToPasskey />
            </>
          ) : (
            <PasskeyGone why={gone} />
          )}
        </div>
      )}
      {cannot === null && word === null && (
        <div className={classes['aside']}>
          <Button kind="quiet" small icon={WordIcon} onClick={() => setWord('')}>
            Say a word with your yes
          </Button>
        </div>
      )}
      {word !== null && (
        <TextField
          label="A word with your yes"
          description={`${who(request.requester)} reads it, and the log keeps it.`}
          value={word}
          onChange={(event) => setWord(event.currentTarget.value)}
          maxLength={2_000}
          autosize
          minRows={1}
          maxRows={4}
          autoFocus
        />
      )}
      {needsSignature && (
        <p className={classes['fine']}>
          A yes takes your passkey: it signs who asked, for what, for how long, under which rules and with which word,
          and nothing else.
        </p>
      )}
      <div className={classes['decide']}>
        <div className={classes['verdicts']}>
          <Button
            cannot={cannot}
            icon={needsSignature ? KeyIcon : ApprovedIcon}
            busy={say.isPending}
            onClick={() => sayYes()}
            data-verdict="approve"
          >
            Approve
          </Button>
          <Button icon={TimerIcon} cannot={cannot} onClick={shorter}>
            Shorter…
          </Button>
          <Button icon={DeniedIcon} onClick={() => setOpen('deny')} data-verdict="deny">
            Deny…
          </Button>
        </div>
        <ShorterDialog
          request={request}
          opened={open === 'shorter'}
          onClose={() => setOpen(null)}
          busy={say.isPending}
          failure={say.error === null ? null : <PasskeyFailure error={say.error} />}
          word={word ?? ''}
          onWord={setWord}
          onYes={sayYes}
        />
        <DenyDialog request={request} opened={open === 'deny'} onClose={() => setOpen(null)} onOvertaken={overtaken} />
      </div>
    </>
  );
}
