import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Waiting } from './card.tsx';
import { DataTable, type Column } from './data-table.tsx';
import { FailureNotice } from './notices.tsx';
import classes from './listing.module.css';

/** What a listing needs to know of how its rows are read. */
export interface Reading {
  readonly isPending: boolean;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** More rows than were read. */
export interface More {
  readonly busy: boolean;
  readonly load: () => void;
  /** Absent: they are read when the end comes into sight. Otherwise somebody asks for them, in these words. */
  readonly ask?: string;
}

/** A page's list: what it is narrowed by, how much there is, and the table; or why there is none. The same on every page that has one. */
export function Listing<Row>({
  label,
  filters,
  reading,
  count = null,
  notice,
  columns,
  rows,
  keyOf,
  first,
  empty,
  more = null,
}: {
  readonly label: string;
  readonly filters?: ReactNode;
  readonly reading: Reading;
  /** How much there is, in a sentence; `null` while nobody knows. */
  readonly count?: string | null;
  /** Something to know about the list as a whole. */
  readonly notice?: ReactNode;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly first?: string;
  /** Stands where the table would be. */
  readonly empty: ReactNode;
  readonly more?: More | null;
}) {
  const { isPending, error, refetch } = reading;
  const known = !isPending && (error === null || rows.length > 0);
  const asks = more?.ask !== undefined || error !== null;
  return (
    <div className={classes['listing']}>
      {filters !== undefined && <div className={classes['filters']}>{filters}</div>}
      {isPending && <Waiting lines={6} />}
      {error !== null && <FailureNotice error={error} intent="look" again={() => void refetch()} />}
      {notice}
      {count !== null && (
        <p role="status" className={classes['count']}>
          {count}
        </p>
      )}
      {known && rows.length === 0 && more === null && empty}
      {rows.length > 0 && (
        <DataTable
          label={label}
          columns={columns}
          rows={rows}
          keyOf={keyOf}
          {...(first === undefined ? {} : { first })}
          onEnd={more === null || asks ? undefined : more.load}
        />
      )}
      {more !== null && (
        <p className={classes['more']}>
          <Button busy={more.busy} onClick={more.load}>
            {more.ask ?? 'More'}
          </Button>
        </p>
      )}
    </div>
  );
}
