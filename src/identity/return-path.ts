/** Deep links with a drafted request fit; four of them in cookies still leave room in a request's headers. */
const LONGEST = 800;

/**
 * Where a browser goes after its sign-in: a path of this server, or `/` for everything else. The caller puts our own origin
 * in front, so that what is left of a trick can lead nowhere else (open redirect).
 */
export function returnPath(asked: string | null, origin: string): string {
  if (asked === null || asked.length > LONGEST) return '/';
  // Browsers read a backslash as a slash and drop tabs and line breaks; nothing of ours has any of them.
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(asked)) return '/';
  const url = URL.parse(asked, origin);
  if (url === null || url.origin !== origin || url.pathname.startsWith('//')) return '/';
  // Back into a sign-in would be a circle.
  if (/^\/(sign-in|oauth)(\/|$)/.test(url.pathname)) return '/';
  return `${url.pathname}${url.search}${url.hash}`;
}
