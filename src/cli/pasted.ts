/**
 * What comes along when something is copied out of a mail, a chat or a web page: a joiner, a space without width, a hyphen that shows only at
 * the end of a line, a byte order mark. None has a place on the line or a meaning in a command. Marks that turn the direction of writing are
 * left: who pastes one should hear of it, and the server says which it is.
 */
const COPIED_ALONG = /[\u00AD\u200B\u2060\uFEFF]/g;

/** Words of a command line as they were meant: `aws/\u2060prod`, copied, is `aws/prod`. */
export function asMeant(words: readonly string[]): readonly string[] {
  return words.map((word) => word.replace(COPIED_ALONG, ''));
}
