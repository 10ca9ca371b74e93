import type { ReactNode } from 'react';
import classes from './dial.module.css';

const RADIUS = 88;
const LENGTH = Math.PI * RADIUS;

/**
 * The cover over the fire, seen from the side: what is left of the time, from full to nothing. The number is what counts;
 * the arc is for the corner of an eye.
 */
export function Dial({
  part,
  calm,
  children,
}: {
  /** What is left, 1 to 0. */
  readonly part: number;
  /** Whether the end is far; near it, the arc glows. */
  readonly calm: boolean;
  readonly children: ReactNode;
}) {
  const angle = Math.PI * part;
  const tip = { x: 100 - Math.cos(angle) * RADIUS, y: 98 - Math.sin(angle) * RADIUS };
  return (
    <div className={classes['dial']} data-calm={calm ? 'yes' : 'no'}>
      <svg viewBox="0 0 200 106" aria-hidden="true" focusable="false">
        <path className={classes['ground']} d="M12 98a88 88 0 0 1 176 0" />
        <path
          className={classes['left']}
          d="M12 98a88 88 0 0 1 176 0"
          strokeDasharray={`${LENGTH * part} ${LENGTH}`}
          opacity={part === 0 ? 0 : 1}
        />
        <circle className={classes['tip']} cx={tip.x} cy={tip.y} r="5" />
      </svg>
      <div className={classes['inside']}>{children}</div>
    </div>
  );
}
