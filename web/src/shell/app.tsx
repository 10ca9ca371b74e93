import { useEffect, useRef } from 'react';
import { isSignedOut, useMe } from '../data/session.ts';
import { Waiting } from '../ui/card.tsx';
import { FailureNotice } from '../ui/notices.tsx';
import { SessionCover, useSignInElsewhere } from './session-end.tsx';
import { Shell } from './shell.tsx';
import { SignInPage } from './sign-in-page.tsx';
import classes from './app.module.css';

/** Nothing is shown before it is known who looks. */
export function App() {
  const { data: me, error, isPending, refetch } = useMe();
  const key = me?.person.key ?? null;
  const known = useRef(key);
  useSignInElsewhere();
  known.current ??= key;
  const somebodyElse = key !== null && key !== known.current;
  useEffect(() => {
    // What is on this page was somebody else's: nothing of it is left to whoever signed in now.
    if (somebodyElse) window.location.assign('/');
  }, [somebodyElse]);
  if (somebodyElse) return null;
  if (me !== undefined) {
    const ended = isSignedOut(error);
    return (
      <>
        {ended && <SessionCover name={me.person.name} />}
        <div hidden={ended}>
          <Shell me={me} />
        </div>
      </>
    );
  }
  if (isSignedOut(error)) return <SignInPage />;
  return (
    <main className={classes['alone']}>
      {isPending ? <Waiting /> : <FailureNotice error={error} intent="look" again={() => void refetch()} />}
    </main>
  );
}
