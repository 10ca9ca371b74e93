import { Tooltip } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import { useEffect, useId, useState } from 'react';
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import type { Icon } from './icons.ts';
import classes from './button.module.css';

interface Look {
  /** `solid`: the one thing to do here; `plain`: another; `quiet`: on the side; `danger`: takes something away. */
  readonly kind?: 'solid' | 'plain' | 'quiet' | 'danger';
  readonly icon?: Icon;
  readonly small?: boolean;
}

function classOf({ kind = 'plain', small = false }: Look): string {
  return [classes['button'], classes[kind], small ? classes['small'] : ''].join(' ');
}

function Inside({ icon: IconOf, children }: { readonly icon?: Icon | undefined; readonly children: ReactNode }) {
  return (
    <>
      {IconOf !== undefined && <IconOf size={16} aria-hidden="true" />}
      {children}
    </>
  );
}

type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> & {
    /** Why it cannot be pressed now. It stays where it is and can be reached, so that everybody can read why. */
    readonly cannot?: string | null;
    readonly busy?: boolean;
    readonly ref?: Ref<HTMLButtonElement>;
  };

/** So long it stands there why a button that was pressed did nothing. Some phones never say that somebody has gone elsewhere. */
const TOLD_MS = 8_000;

/** A button that is never silently grey: what cannot be done says why, to who points at it, presses it, or hears it. */
export function Button({
  kind,
  icon,
  small,
  cannot = null,
  busy = false,
  onClick,
  children,
  type,
  ...rest
}: ButtonProps) {
  const why = useId();
  const [told, setTold] = useState(false);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(false), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const button = (
    <button
      {...(cannot === null ? {} : { 'aria-describedby': why, onBlur: () => setTold(false) })}
      {...rest}
      type={type ?? 'button'}
      className={classOf({ ...(kind === undefined ? {} : { kind }), ...(small === undefined ? {} : { small }) })}
      aria-disabled={cannot !== null || busy || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (cannot === null && !busy) return onClick?.(event);
        event.preventDefault();
        setTold(cannot !== null);
      }}
    >
      <Inside icon={icon}>{children}</Inside>
    </button>
  );
  if (cannot === null) return button;
  return (
    <>
      <Tooltip label={cannot} {...(told ? { opened: true } : {})}>
        {button}
      </Tooltip>
      <span id={why} hidden>
        {cannot}
      </span>
    </>
  );
}

type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> & {
  readonly label: string;
  readonly icon: Icon;
  readonly pressed?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
};

/** A button that is an icon; the label is read out and shown when it is pointed at. */
export function IconButton({ label, icon: IconOf, pressed, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip label={label}>
      <button
        type="button"
        {...rest}
        className={[classes['icon'], className].join(' ')}
        aria-label={label}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      >
        <IconOf size={18} aria-hidden="true" fill={pressed === true ? 'currentColor' : 'none'} />
      </button>
    </Tooltip>
  );
}

type AnchorProps = Look & AnchorHTMLAttributes<HTMLAnchorElement> & { readonly ref?: Ref<HTMLAnchorElement> };

/** A link that looks like a button: it goes somewhere. */
export function ButtonAnchor({ kind, icon, small, children, ...rest }: AnchorProps) {
  return (
    <a
      {...rest}
      data-kind={kind ?? 'plain'}
      className={classOf({ ...(kind === undefined ? {} : { kind }), ...(small === undefined ? {} : { small }) })}
    >
      <Inside icon={icon}>{children}</Inside>
    </a>
  );
}

/** The same for the portal's own pages. */
export const ButtonLink = createLink(ButtonAnchor);
