import classes from './mark.module.css';

/**
 * The mark: a cover over the fire (couvre-feu, from which the word curfew comes) that is a clock as well, and the ember
 * under it. In the colour of the text around it, but for the ember.
 */
export function Mark({ size = 28 }: { readonly size?: number }) {
  return (
    <svg
      className={classes['mark']}
      viewBox="0 0 32 32"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <circle cx="16" cy="4.6" r="2.3" />
      <path fillRule="evenodd" d="M3.5 22.4a12.5 12.5 0 0 1 25 0zM14.7 13.2h2.6v6.4h-6.2v-2.5h3.6z" />
      <rect className={classes['ember']} x="7" y="25.4" width="18" height="3.2" rx="1.6" />
    </svg>
  );
}

/** The mark with the name. */
export function Wordmark() {
  return (
    <span className={classes['wordmark']}>
      <Mark />
      <span>Curfew</span>
    </span>
  );
}
