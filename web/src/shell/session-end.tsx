import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { mayRepeat } from '../data/query-client.ts';
import { onSignedIn, signInBesideAddress, type Me } from '../data/session.ts';
import { useNow } from '../time/ticker.ts';
import { useTimes } from '../time/zone.ts';
import { Button, ButtonAnchor } from '../ui/button.tsx';
import { ClockIcon, GoIcon } from '../ui/icons.ts';
import classes from './session-end.module.css';

const WARNED_MS = 5 * 60_000;

/** Five minutes before the sign-in ends, whatever is done: a new one is made beside this page, and nothing here is lost. */
export function SessionNotice({ me: { sessionEndsAt } }: { readonly me: Me }) {
  const now = useNow();
  const times = useTimes();
  const [hidden, setHidden] = useState<string | null>(null);
  const endsAt = Date.parse(sessionEndsAt);
  if (endsAt - now > WARNED_MS || now >= endsAt || hidden === sessionEndsAt) return null;
  return (
    <div className={classes['notice']} role="status">
      <ClockIcon size={16} aria-hidden="true" />
      <p>
        Your sign-in ends at {times.clock(endsAt)}. What you hold goes on until its own end, and what you type here
        stays.
      </p>
      <span className={classes['buttons']}>
        <ButtonAnchor small href={signInBesideAddress()} target="_blank" rel="noopener">
          Sign in again
        </ButtonAnchor>
        <Button small kind="quiet" onClick={() => setHidden(sessionEndsAt)}>
          Not now
        </Button>
      </span>
    </div>
  );
}

/**
 * Stands over the page when the sign-in has ended. The page below is not shown and cannot be reached, and goes on as it was, dialogs and
 * half-written reasons included, when its person has signed in again beside it.
 */
export function SessionCover({ name }: { readonly name: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before the browser takes the focus from what is not shown any more.
  useLayoutEffect(() => {
    const before = document.activeElement;
    document.body.dataset['covered'] = 'yes';
    heading.current?.focus();
    return () => {
      delete document.body.dataset['covered'];
      if (before instanceof HTMLElement) requestAnimationFrame(() => before.focus());
    };
  }, []);
  return (
    <main className={classes['cover']} id="cover">
      <title>Sign in again · Curfew</title>
      <h1 ref={heading} tabIndex={-1}>
        Your <span className={classes['whole']}>sign-in</span> has ended
      </h1>
      <p role="status">Access that you hold goes on until its own end. What you were typing here is kept for {name}.</p>
      <ButtonAnchor kind="solid" href={signInBesideAddress()} target="_blank" rel="noopener" icon={GoIcon}>
        Sign in again
      </ButtonAnchor>
      <p className={classes['quiet']}>It opens beside this page, which then goes on by itself.</p>
    </main>
  );
}

/** Asks who is signed in when another tab of this browser says that somebody has just done so. */
export function useSignInElsewhere(): void {
  const client = useQueryClient();
  useEffect(() => onSignedIn(() => void client.invalidateQueries({ predicate: mayRepeat })), [client]);
}
