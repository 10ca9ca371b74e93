/**
 * What is not seen, or turns the direction of writing: controls, line and paragraph separators, marks of direction, what has no width. With
 * it one text can pretend to be another to whoever approves. Joiners are left, because names and words of some scripts need them.
 */
const UNSEEN =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Co}\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** Text for one line: what breaks lines, is not seen, or turns the direction of writing is shown as a mark. */
export function oneLine(text: string): string {
  return text.replace(UNSEEN, '\uFFFD');
}

/** The code point of the first such character, `U+202E`; `null`: there is none. */
export function unseenIn(text: string): string | null {
  const [found] = text.match(UNSEEN) ?? [];
  const point = found?.codePointAt(0);
  return point === undefined ? null : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}
