import { notifications } from '@mantine/notifications';
import { useState, type ReactNode } from 'react';
import { ApiFailure } from '../data/api.ts';
import { DeviceFailure } from '../data/device-failure.ts';
import { explainFailure, type Intent } from '../data/explain-failure.ts';
import { signInBesideAddress } from '../data/session.ts';
import { Button, ButtonAnchor } from './button.tsx';
import { AgainIcon, CopyIcon, DoneIcon, GoIcon, WarningIcon, type Icon } from './icons.ts';
import classes from './notices.module.css';

/** What went wrong, what stays true, what to do, and the number to quote. `way`: leads to where it is done, in place of an address to copy. */
export function FailureNotice({
  error,
  intent,
  again,
  way,
}: {
  readonly error: unknown;
  readonly intent: Intent;
  readonly again?: () => void;
  readonly way?: ReactNode;
}) {
  if (error instanceof DeviceFailure) return <Notice alert>{error.message}</Notice>;
  const failure = error instanceof ApiFailure ? error : new ApiFailure(null, 500);
  const { happened, stays, toDo, requestId, more } = explainFailure(failure, intent);
  return (
    <div className={classes['failure']} role="alert">
      <WarningIcon size={20} aria-hidden="true" />
      <div>
        <p className={classes['happened']}>{happened}</p>
        <p>{stays}</p>
        <p>{way === undefined ? toDo : toDo.replace(/: https?:\/\/\S+$/, '.')}</p>
        <p className={classes['small']}>
          {more !== null && <a href={more}>About this</a>}
          {requestId !== null && (
            <span>
              Number to quote: <code>{requestId}</code>
            </span>
          )}
        </p>
        {way}
        {again !== undefined && failure.status !== 404 && (
          <Button icon={AgainIcon} small onClick={again}>
            Try again
          </Button>
        )}
        {failure.code === 'sign-in-too-old' && (
          <ButtonAnchor href={signInBesideAddress('fresh')} target="_blank" rel="noopener" icon={GoIcon} small>
            Sign in anew
          </ButtonAnchor>
        )}
      </div>
    </div>
  );
}

/** Something to know before going on. */
export function Notice({ children, alert = false }: { readonly children: ReactNode; readonly alert?: boolean }) {
  return (
    <div className={classes['notice']} role={alert ? 'alert' : undefined}>
      <WarningIcon size={18} aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}

/** What can be done about what a toast says; the same can be done elsewhere, too. */
export interface ToastChoice {
  readonly label: string;
  readonly icon?: Icon;
  readonly press: () => void;
}

/**
 * Says for a moment what has happened; it is read out, and never holds what cannot be found elsewhere. One with the same `id` takes the
 * place of the one before. `shownMs`: for what takes longer to do than to read.
 */
export function toast(
  title: string,
  text = '',
  {
    id,
    choices = [],
    shownMs,
  }: { readonly id?: string; readonly choices?: readonly ToastChoice[]; readonly shownMs?: number } = {},
): void {
  if (id !== undefined) notifications.hide(id);
  notifications.show({
    ...(id === undefined ? {} : { id }),
    title,
    message: (
      <>
        {text}
        {choices.length > 0 && (
          <span className={classes['choices']}>
            {choices.map(({ label, icon, press }) => (
              <Button key={label} small onClick={press} {...(icon === undefined ? {} : { icon })}>
                {label}
              </Button>
            ))}
          </span>
        )}
      </>
    ),
    ...(shownMs === undefined ? {} : { autoClose: shownMs }),
    color: 'var(--pine)',
    closeButtonProps: { 'aria-label': 'Close' },
    // Not an alert, which it would be by itself: the place that it comes to reads it out.
    role: 'group',
    classNames: { root: classes['toast'] ?? '', title: classes['happened'] ?? '', description: classes['said'] ?? '' },
  });
}

/** Takes a toast away that is true no more. */
export function untoast(id: string): void {
  notifications.hide(id);
}

const SHOWN_MS = 2_000;

/** A command that can be copied. */
export function CopyLine({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className={classes['copy']}>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton words="Copy" text={() => text} />
    </div>
  );
}

/** Copies what `text` says when it is pressed, and says that it did. */
export function CopyButton({ words, text }: { readonly words: string; readonly text: () => string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      kind="quiet"
      small
      icon={copied ? DoneIcon : CopyIcon}
      onClick={() => {
        void navigator.clipboard.writeText(text()).then(() => {
          setCopied(true);
          setTimeout(() => setCopied(false), SHOWN_MS);
        });
      }}
    >
      <span aria-live="polite">{copied ? 'Copied' : words}</span>
    </Button>
  );
}
