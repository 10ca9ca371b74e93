import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import type { State, Tone } from '../time/wording.ts';
import { TIER_WORDS } from '../time/wording.ts';
import { ApprovedIcon, DeniedIcon, PendingIcon, WaitingIcon, type Icon } from './icons.ts';
import classes from './signs.module.css';

const SHAPES: Readonly<Record<Tone, Icon>> = {
  good: ApprovedIcon,
  waiting: WaitingIcon,
  bad: DeniedIcon,
  quiet: PendingIcon,
};

/** A state: a shape and a word, and only then a colour. */
export function StateSign({ state: { word, tone } }: { readonly state: State }) {
  const Shape = SHAPES[tone];
  return (
    <span className={classes['state']} data-tone={tone}>
      <Shape size={15} aria-hidden="true" />
      {word}
    </span>
  );
}

const BARS = [3, 2, 1] as const;

/** A tier: the more bars are filled, the more it can do. Tier 0 can do most. */
export function TierSign({ tier }: { readonly tier: 0 | 1 | 2 | 3 }) {
  return (
    <Tooltip label={`Tier ${tier}: ${TIER_WORDS[tier]}`}>
      <span className={classes['tier']} data-tier={tier}>
        <svg viewBox="0 0 14 12" width="14" height="12" aria-hidden="true">
          {BARS.map((needs, index) => (
            <rect
              key={needs}
              x={index * 5 + 0.5}
              y={8 - index * 3.5 + 0.5}
              width="3"
              height={3 + index * 3.5}
              rx="0.75"
              data-full={3 - tier > index ? 'yes' : undefined}
            />
          ))}
        </svg>
        tier {tier}
      </span>
    </Tooltip>
  );
}

/** A small remark in a frame. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return <span className={classes['tag']}>{children}</span>;
}

/**
 * Somebody, wherever one may act by who it is: with the key, which is theirs alone. Names can be alike, or made to look it. In plain text
 * the same is `who` (`data/who.ts`).
 */
export function Person({ of: { key, name } }: { readonly of: { readonly key: string; readonly name: string } }) {
  return name === key ? (
    name
  ) : (
    <>
      {name} <small className={classes['key']}>({key})</small>
    </>
  );
}

/** An id or another thing that machines read. */
export function Mono({ children }: { readonly children: ReactNode }) {
  return <code className={classes['mono']}>{children}</code>;
}

/** For those who hear the page, and nobody else. */
export function Unseen({ children }: { readonly children: ReactNode }) {
  return <span className={classes['unseen']}>{children}</span>;
}
