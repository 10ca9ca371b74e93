import { useRef } from 'react';
import { Command } from '../access/command.tsx';
import { signInAddress, signInAt, useServer } from '../data/session.ts';
import { ButtonAnchor } from '../ui/button.tsx';
import { GoIcon } from '../ui/icons.ts';
import { Mark } from '../ui/mark.tsx';
import classes from './sign-in-page.module.css';

/** What somebody sees who is not signed in: what this is, and one way in. */
export function SignInPage() {
  const server = useServer();
  const address = useRef(signInAddress());
  const [own, ...further] = server.data?.signIn ?? [];
  return (
    <main className={classes['page']} id="main">
      <title>Sign in · Curfew</title>
      <div className={classes['mark']}>
        <Mark size={72} />
      </div>
      <h1>Every privilege has a curfew.</h1>
      <p className={classes['lead']}>
        Nobody here holds standing power over the cloud. People ask for what a task needs, a written rule decides who
        must agree, the access exists for minutes, and it ends on time, with proof.
      </p>
      <ButtonAnchor
        kind="solid"
        href={own === undefined || further.length === 0 ? address.current : signInAt(own.name)}
        icon={GoIcon}
      >
        Sign in with your company
      </ButtonAnchor>
      {further.map(({ name, title }) => (
        <ButtonAnchor key={name} href={signInAt(name)}>
          Sign in with {title}
        </ButtonAnchor>
      ))}
      {server.data?.demo === true && (
        <p className={classes['note']}>
          This is a demo with simulated clouds and made-up people: the next page asks who you want to be, and needs no
          password.
        </p>
      )}
      <div className={classes['cli']}>
        <p>On your own machine the same without a browser window left open:</p>
        <Command label="Command to sign in" text={`curfew login --server ${window.location.origin}`} />
      </div>
    </main>
  );
}
