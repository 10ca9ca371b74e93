import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react';
import classes from './link-list.module.css';

/** Things under each other, each of which leads to its page. */
export function LinkList({ children, label }: { readonly children: ReactNode; readonly label?: string }) {
  return (
    <ul className={classes['list']} aria-label={label}>
      {children}
    </ul>
  );
}

interface RowProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'children'> {
  readonly what: ReactNode;
  readonly sign: ReactNode;
  readonly text: ReactNode;
  readonly facts: ReactNode;
  readonly ref?: Ref<HTMLAnchorElement>;
}

function Row({ what, sign, text, facts, ...rest }: RowProps) {
  return (
    <a {...rest} className={classes['link']}>
      <span className={classes['what']}>{what}</span>
      <span className={classes['state']}>{sign}</span>
      <span className={classes['text']}>{text}</span>
      <span className={classes['facts']}>{facts}</span>
    </a>
  );
}

/** One of them: what it is, how it stands, what somebody said about it, and small facts. */
export const LinkRow = createLink(Row);
