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

/** Label and value pairs, the labels aligned; what does not fit on a line of the terminal goes on below its beginning. */
export function facts(style: Style, pairs: readonly (readonly [string, string])[], indent = '  '): string {
  const shown = pairs.filter(([, value]) => value !== '');
  const beside = indent.length + Math.max(0, ...shown.map(([label]) => width(label))) + 2;
  return table(
    style,
    null,
    shown.map(([label, value]) => [style.dim(label), wrapped(style, value, beside)]),
    indent,
  );
}

/** Narrower than this, lines are left to the terminal to break. */
const LEAST_ROOM = 20;

/**
 * Text whose lines after the first begin below the column `beside`, broken between words where the terminal ends. Colours
 * may span lines, since a terminal keeps them; a word that is longer than a line stays whole, so that it can be copied.
 */
export function wrapped(style: Style, text: string, beside: number): string {
  const room = style.columns - beside;
  const lines = text
    .split('\n')
    .flatMap((line) => (room < LEAST_ROOM || width(line) <= room ? [line] : broken(line, room)));
  return lines.join(`\n${' '.repeat(beside)}`);
}

function broken(line: string, room: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && width(current) + 1 + width(word) > room) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
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
