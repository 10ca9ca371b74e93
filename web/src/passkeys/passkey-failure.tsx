import type { ReactNode } from 'react';
import { ApiFailure } from '../data/api.ts';
import { ButtonLink } from '../ui/button.tsx';
import { KeyIcon } from '../ui/icons.ts';
import { FailureNotice } from '../ui/notices.tsx';

/** What did not work with a passkey, and the way to a passkey where there is none, or none any more. */
export function PasskeyFailure({ error }: { readonly error: Error }) {
  return <FailureNotice error={error} intent="change" way={wayFrom(error)} />;
}

function wayFrom(error: Error): ReactNode {
  switch (error instanceof ApiFailure ? error.code : '') {
    case 'passkey-required':
      return <ToPasskey />;
    case 'recovery-required':
      return (
        <ButtonLink to="/recovery" icon={KeyIcon} small>
          Go to the recovery
        </ButtonLink>
      );
    default:
      return undefined;
  }
}

/** The way to a passkey, and back to where one is. */
export function ToPasskey() {
  return (
    <ButtonLink to="/me" search={{ back: window.location.pathname }} icon={KeyIcon} small>
      Register a passkey
    </ButtonLink>
  );
}
