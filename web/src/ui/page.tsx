import { useEffect, useRef, type ReactNode } from 'react';
import { useTabTitle } from './tab-sign.ts';
import classes from './page.module.css';

let shown = 0;

/**
 * The head of a page. When somebody comes here from another page, the heading takes the focus: whoever hears the portal
 * knows where they are, and Tab goes on from there.
 */
export function Page({
  title,
  lead,
  aside,
  children,
  wide = false,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    shown += 1;
    if (shown > 1) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={classes['page']} data-wide={wide || undefined}>
      <TabTitle page={title} />
      <header className={classes['head']}>
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p className={classes['lead']}>{lead}</p>}
        </div>
        {aside}
      </header>
      {children}
    </div>
  );
}

/** On its own, because it changes with the time, and the page does not. */
function TabTitle({ page }: { readonly page: string }) {
  return <title>{useTabTitle(page)}</title>;
}
