import { useRef } from 'react';
import { isSignedOut, useMe } from '../data/session.ts';
import { Waiting } from '../ui/card.tsx';
import { FailureNotice } from '../ui/notices.tsx';
import { Shell } from './shell.tsx';
import { SignInPage } from './sign-in-page.tsx';
import classes from './app.module.css';

/** Nothing is shown before it is known who looks. */
export function App() {
  const { data: me, error, isPending, refetch } = useMe();
  const known = useRef(false);
  if (isSignedOut(error)) return <SignInPage ended={known.current} />;
  if (me !== undefined) {
    known.current = true;
    return <Shell me={me} />;
  }
  return (
    <main className={classes['alone']}>
      {isPending ? <Waiting /> : <FailureNotice error={error} intent="look" again={() => void refetch()} />}
    </main>
  );
}
