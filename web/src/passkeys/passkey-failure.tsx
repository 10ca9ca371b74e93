import { ApiFailure } from '../data/api.ts';
import { ButtonLink } from '../ui/button.tsx';
import { KeyIcon } from '../ui/icons.ts';
import { FailureNotice } from '../ui/notices.tsx';
import classes from './passkeys.module.css';

/** What did not work with a passkey, and the way to a passkey where there is none, or none any more. */
export function PasskeyFailure({ error }: { readonly error: Error }) {
  const code = error instanceof ApiFailure ? error.code : '';
  return (
    <div className={classes['failed']}>
      <FailureNotice error={error} intent="change" />
      {code === 'passkey-required' && <ToPasskey />}
      {code === 'recovery-required' && (
        <ButtonLink to="/recovery" icon={KeyIcon}>
          Go to the recovery
        </ButtonLink>
      )}
    </div>
  );
}

/** The way to a passkey, and back to where one is. */
export function ToPasskey() {
  return (
    <ButtonLink to="/me" search={{ back: window.location.pathname }} icon={KeyIcon}>
      Register a passkey
    </ButtonLink>
  );
}
