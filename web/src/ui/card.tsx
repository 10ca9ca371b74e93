import type { HTMLAttributes, ReactNode } from 'react';
import classes from './card.module.css';

/** A sheet that holds one thing. `tone` marks its edge, for what must not be missed. */
export function Card({
  tone,
  className,
  ...rest
}: HTMLAttributes<HTMLElement> & { readonly tone?: 'waiting' | 'bad' | undefined }) {
  return <article {...rest} data-tone={tone} className={[classes['card'], className].join(' ')} />;
}

/** What a person wrote, line by line as they wrote it. */
export function Quote({ children }: { readonly children: string }) {
  return <blockquote className={classes['quote']}>{children}</blockquote>;
}

/** A part of a page with its heading; `aside` stands at the end of the heading's line. */
export function Section({
  title,
  aside,
  children,
  id,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly id: string;
}) {
  return (
    <section className={classes['section']} aria-labelledby={id}>
      <div className={classes['head']}>
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Nothing is here, and why, and what to do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={classes['empty']}>
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** Names and values under each other: `<dt>` and `<dd>` are made of `rows`; a row of `null` is left out. */
export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode] | null)[] }) {
  return (
    <dl className={classes['facts']}>
      {rows.map(
        (row) =>
          row !== null && (
            <div key={row[0]}>
              <dt>{row[0]}</dt>
              <dd>{row[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** Stands where something will be, for what takes longer than a blink. */
export function Waiting({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className={classes['waiting']} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}
