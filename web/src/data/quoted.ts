/** A word of a command line as a POSIX shell takes it: much of it is somebody's text, and perhaps from a link. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
