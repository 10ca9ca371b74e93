/**
 * What comes along when something is copied out of a mail, a chat or a web page: a joiner, a space without width, a hyphen that shows only at
 * the end of a line, a byte order mark. None has a place on the line or a meaning in a command or a search. Marks that turn the direction of
 * writing are left: who pastes one should hear of it, and the server says which it is.
 */
const COPIED_ALONG = /[\u00AD\u200B\u2060\uFEFF]/g;

/** A word of a command line, or what is searched for, as it was meant: `aws/my.\u2060project`, copied, is `aws/my.project`. */
export function asMeant(text: string): string {
  return text.replace(COPIED_ALONG, '');
}
