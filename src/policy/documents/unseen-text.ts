import { unseenIn } from '../../core/one-line.ts';
import type { Path } from './locator.ts';

/** Lines of a longer text. */
const LINES = /[\t\n\r]/g;

/** Where a document holds such a character, and its code point, `U+202E`. */
export function* unseenText(
  value: unknown,
  path: Path = [],
): Generator<{ readonly path: Path; readonly point: string }> {
  if (typeof value === 'string') {
    const point = isDisplayName(path) ? null : unseenIn(value.replace(LINES, ' '));
    if (point !== null) yield { path, point };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const point = unseenIn(key);
    if (point === null) yield* unseenText(inner, at);
    else yield { path: at, point };
  }
}

/** People write their own names in some directories: nobody stops everybody's sync by theirs. It is shown with a mark, and warned of. */
function isDisplayName(path: Path): boolean {
  return path.length === 3 && path[0] === 'people' && path[2] === 'name';
}
