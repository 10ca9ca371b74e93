import { PATH_WORDS } from '../../access/path-words.ts';
import type { CatalogueItem } from '../../data/api.ts';
import { durationText } from '../../time/countdown.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Unseen } from '../../ui/signs.tsx';
import classes from './catalogue.module.css';

/** How it would be decided, and why so. */
export function How({ item: { path, why, requestable } }: { readonly item: CatalogueItem }) {
  return (
    <span className={classes['how']} data-can={requestable ? 'yes' : 'no'}>
      <span>{PATH_WORDS[path]}</span>
      <small>{why}</small>
    </span>
  );
}

/** The longest that it can be had; `null` where it cannot. */
export const longest = ({ maxDurationMs }: CatalogueItem): string | null =>
  maxDurationMs === 0 ? null : durationText(maxDurationMs);

/** To the form, filled in. */
export function Ask({ item: { role, target, requestable } }: { readonly item: CatalogueItem }) {
  if (!requestable) return null;
  return (
    <ButtonLink to="/request" search={{ role, target }} small>
      Ask
      <Unseen>
        {' '}
        for {role} on {target}
      </Unseen>
    </ButtonLink>
  );
}
