import type { ReactNode } from 'react';
import { ApiFailure } from '../data/api.ts';
import { ButtonLink } from '../ui/button.tsx';
import { KeyIcon } from '../ui/icons.ts';
import { FailureNotice, Notice } from '../ui/notices.tsx';
import classes from './passkeys.module.css';

/** What did not work with a passkey, and the way to a passkey where there is none, or none any more. */
export function PasskeyFailure({ error }: { readonly error: Error }) {
  return <FailureNotice error={error} intent="change" way={wayFrom(error)} />;
}

function wayFrom(error: Error): ReactNode {
  switch (error instanceof ApiFailure ? error.code : '') {
    case 'passkey-required':
      return <ToPasskey />;
    case 'recovery-required':
      return <ToRecovery />;
    default:
      return undefined;
  }
}

/** Why somebody cannot do what takes a passkey, whose passkey is gone; `null`: theirs is not, or nobody knows yet. */
export function goneOf(mine: { readonly needsRecovery: boolean } | undefined): string | null {
  return mine?.needsRecovery === true ? 'You had a passkey and have none, and a sign-in alone is not enough.' : null;
}

/** Says that before anything is pressed, and what to do. */
export function PasskeyGone({ why }: { readonly why: string }) {
  return (
    <div className={classes['gone']}>
      <Notice>{why} Two others can vouch for you, so that you register a new one.</Notice>
      <ToRecovery />
    </div>
  );
}

function ToRecovery() {
  return (
    <ButtonLink to="/recovery" icon={KeyIcon} small>
      Go to the recovery
    </ButtonLink>
  );
}

/** The way to a passkey, and back to where one is. */
export function ToPasskey() {
  return (
    <ButtonLink to="/me" search={{ back: window.location.pathname }} icon={KeyIcon} small>
      Register a passkey
    </ButtonLink>
  );
}
