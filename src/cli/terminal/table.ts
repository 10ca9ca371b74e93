import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

/** Rows of cells, already coloured, set in columns. The last column is not padded. */
export function table(
  style: Style,
  head: readonly string[] | null,
  rows: readonly (readonly string[])[],
  indent = '  ',
): string {
  const all = head === null ? rows : [head.map((cell) => style.dim(cell)), ...rows];
  const widths: number[] = [];
  for (const row of all) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, width(cell))));
  const lines = all.map(
    (row) =>
      indent +
      row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0))).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Label and value pairs, the labels aligned. */
export function facts(style: Style, pairs: readonly (readonly [string, string])[], indent = '  '): string {
  return table(
    style,
    null,
    pairs.filter(([, value]) => value !== '').map(([label, value]) => [style.dim(label), value]),
    indent,
  );
}

/** A list for `cut` and `awk`: {@link plainRows} below a line with the names of the columns. */
export function plainTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return plainRows([columns, ...rows]);
}

/** Records for `cut` and `awk`: tabs between fields, nothing cut off. */
export function plainRows(rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) => `${row.map((cell) => stripVTControlCharacters(cell).replace(/[\t\n]/g, ' ')).join('\t')}\n`)
    .join('');
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

function pad(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - width(cell)));
}
