import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { DownIcon, UpIcon } from './icons.ts';
import { Unseen } from './signs.tsx';
import classes from './data-table.module.css';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
});

/** A column. On a narrow screen a row is a card, and the head stands before each value. */
export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  /** Its width, as of a grid: `minmax(8rem, 1fr)`. */
  readonly width: string;
  /** `null`: there is nothing to say; a narrow screen leaves its head out too. */
  readonly cell: (row: Row) => ReactNode;
  /** What it is sorted by; absent: it is not. */
  readonly by?: (row: Row) => string | number;
  /** Says itself what it is: the head is not shown beside it on a narrow screen. */
  readonly plain?: boolean;
  /** Holds something to press, which says what it does: the head is for those who hear the page. */
  readonly press?: boolean;
}

/** Rows that are drawn above and below what is seen. */
const OVERSCAN = 8;
const ROW_PX = 57;

/**
 * A table of any length: only what is in the window is drawn, the page itself scrolls, and whoever hears it is told how many rows
 * there are. `columns` and `rows` must be the same objects until something changes.
 */
export function DataTable<Row>({
  label,
  columns,
  rows,
  keyOf,
  first,
  onEnd,
}: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The column that it is sorted by at first; absent: as the rows come. */
  readonly first?: string;
  /** Called when the end of the rows comes into sight; there are more, so that they are not sorted here. */
  readonly onEnd?: (() => void) | undefined;
}) {
  const body = useRef<HTMLTableElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const box = body.current?.getBoundingClientRect();
    if (box !== undefined) setTop(Math.round(box.top + window.scrollY));
  }, [rows.length]);
  const defs = useMemo(
    () =>
      columns.map(({ id, by }): ColumnDef<typeof features, { readonly row: Row }> => ({
        id,
        accessorFn: ({ row }) => by?.(row) ?? '',
        enableSorting: by !== undefined && onEnd === undefined,
        sortFn: 'basic',
        sortDescFirst: false,
      })),
    [columns, onEnd === undefined],
  );
  const data = useMemo(() => rows.map((row) => ({ row })), [rows]);
  const table = useTable({
    features,
    columns: defs,
    data,
    enableSortingRemoval: false,
    initialState: { sorting: first === undefined ? [] : [{ id: first, desc: false }] },
    getRowId: ({ row }) => keyOf(row),
  });
  const sorted = table.getRowModel().rows;
  const virtual = useWindowVirtualizer({
    count: sorted.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: (index) => sorted[index]?.id ?? index,
  });
  const shown = virtual.getVirtualItems();
  const sortable = (by: unknown): boolean => by !== undefined && onEnd === undefined;
  const last = shown.at(-1)?.index ?? -1;
  const nearEnd = last >= sorted.length - 1;
  useEffect(() => {
    if (nearEnd) onEnd?.();
  }, [nearEnd, onEnd, rows.length]);
  const before = (shown[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top);
  const template = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
  return (
    <table
      ref={body}
      role="table"
      className={classes['table']}
      aria-label={label}
      aria-rowcount={onEnd === undefined ? rows.length + 1 : -1}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1} style={template} className={classes['head']}>
          {columns.map(({ id, head, by, press = false }) => {
            const sortedBy = table.getColumn(id)?.getIsSorted() ?? false;
            return (
              <th
                key={id}
                role="columnheader"
                scope="col"
                aria-sort={sortedBy === false ? undefined : sortedBy === 'asc' ? 'ascending' : 'descending'}
              >
                {press && <Unseen>{head}</Unseen>}
                {!press && !sortable(by) && head}
                {sortable(by) && (
                  <button type="button" onClick={() => table.getColumn(id)?.toggleSorting()}>
                    {head}
                    {sortedBy === 'asc' && <UpIcon size={14} aria-hidden="true" />}
                    {sortedBy === 'desc' && <DownIcon size={14} aria-hidden="true" />}
                  </button>
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {before > 0 && <tr aria-hidden="true" className={classes['space']} style={{ height: before }} />}
        {shown.map(({ index, key }) => {
          const found = sorted[index];
          return (
            found !== undefined && (
              <tr
                key={key}
                role="row"
                aria-rowindex={index + 2}
                data-index={index}
                ref={virtual.measureElement}
                style={template}
                className={classes['row']}
              >
                {columns.map(({ id, head, plain, cell }) => {
                  const inside = cell(found.original.row);
                  return (
                    <td
                      key={id}
                      role="cell"
                      data-head={plain === true ? undefined : head}
                      data-empty={inside === null || undefined}
                    >
                      {inside}
                    </td>
                  );
                })}
              </tr>
            )
          );
        })}
        {after > 0 && <tr aria-hidden="true" className={classes['space']} style={{ height: after }} />}
      </tbody>
    </table>
  );
}
