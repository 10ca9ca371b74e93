/**
 * Takes out of a text what could move the cursor, change colours, set a clipboard or turn the writing direction round: a
 * reason that somebody else wrote is shown on an approver's terminal, and must not be able to draw there.
 */
export function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trimEnd();
}

/** The same for a text that may have several lines. */
export function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}

/** Cuts a text to a number of characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, Math.max(1, length - 1)).join('')}…`;
}
