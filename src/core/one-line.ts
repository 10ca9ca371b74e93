/** Controls, line and paragraph separators, and what changes direction or has no width: with them a text can pretend to be another. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;

/** Text for one line: what breaks lines, is not seen, or turns the direction of writing is shown as a mark. */
export function oneLine(text: string): string {
  return text.replace(UNSEEN, '\uFFFD');
}
