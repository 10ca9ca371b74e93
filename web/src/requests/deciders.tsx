import type { Schemas } from '../data/api.ts';
import { decidersIn } from '../data/deciders.ts';
import classes from './deciders.module.css';

/** Whose yes a step takes: who is on call first, five by name, and the others for whoever wants to read them. */
export function Deciders({
  step,
  me = '',
  before,
}: {
  readonly step: Pick<Schemas['ApprovalStep'], 'eligible' | 'eligibleCount'>;
  /** The key of whoever looks. */
  readonly me?: string;
  /** What stands before the names: `Needs 1 of`. */
  readonly before?: string;
}) {
  const { first, more, rest } = decidersIn(step, me);
  const names = before === undefined ? first : `${before} ${first}`;
  if (more === 0) return <span className={classes['names']}>{names}</span>;
  return (
    <details className={classes['names']}>
      <summary>
        {names} and {more} more
      </summary>
      {rest}
    </details>
  );
}
