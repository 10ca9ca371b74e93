interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly secure: boolean;
}

/** As much of RFC 6265 as a sign-in on one machine needs: cookies belong to a host (ports do not matter) and a path. */
export interface CookieJar {
  /** The `Cookie` header for a URL, or `null` when there is nothing to send. */
  headerFor(url: URL): string | null;
  keep(url: URL, setCookie: readonly string[]): void;
}

export function createCookieJar(): CookieJar {
  let cookies: readonly Cookie[] = [];
  return {
    headerFor(url) {
      const fitting = cookies.filter(
        (cookie) =>
          cookie.host === url.hostname &&
          matches(cookie.path, url.pathname) &&
          (!cookie.secure || url.protocol === 'https:'),
      );
      return fitting.length === 0 ? null : fitting.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
    },
    keep(url, setCookie) {
      for (const line of setCookie) {
        const { cookie, gone } = parse(line, url);
        cookies = cookies.filter(
          (one) => one.name !== cookie.name || one.host !== cookie.host || one.path !== cookie.path,
        );
        if (!gone) cookies = [...cookies, cookie];
      }
    },
  };
}

function parse(line: string, url: URL): { cookie: Cookie; gone: boolean } {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const separator = pair.indexOf('=');
  const named = new Map(
    attributes.map((attribute): [string, string] => {
      const at = attribute.indexOf('=');
      return at < 0 ? [attribute.toLowerCase(), ''] : [attribute.slice(0, at).toLowerCase(), attribute.slice(at + 1)];
    }),
  );
  const maxAge = named.get('max-age');
  const expires = named.get('expires');
  // A server takes a cookie back with a date at the beginning of time; a real date is longer than any sign-in.
  const past = expires !== undefined && Date.parse(expires) <= 0;
  const path = named.get('path');
  return {
    cookie: {
      name: pair.slice(0, separator),
      value: pair.slice(separator + 1),
      host: url.hostname,
      path: path?.startsWith('/') ? path : url.pathname.replace(/\/[^/]*$/, '') || '/',
      secure: named.has('secure'),
    },
    gone: maxAge === undefined ? past : Number(maxAge) <= 0,
  };
}

function matches(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/');
}
