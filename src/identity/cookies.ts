import type { BaseUrl } from './base-url.ts';

/** A cookie of ours. On https it is bound to exactly this host by its prefix (RFC 6265bis, section 4.1.3.2). */
export interface CookieKind {
  readonly name: string;
  /** Without the prefix and `Secure` on plain http, which only this machine may speak. */
  readonly secure: boolean;
}

export function cookieKind(base: BaseUrl, name: string): CookieKind {
  return { name: base.secure ? `__Host-${name}` : name, secure: base.secure };
}

/** The cookie that holds the token of a session. */
export function sessionCookie(base: BaseUrl): CookieKind {
  return cookieKind(base, 'curfew');
}

/** A `Set-Cookie` line: out of reach for scripts and for what other sites send by themselves. `maxAgeS` 0 takes it back. */
export function setCookie(kind: CookieKind, value: string, maxAgeS: number): string {
  const age = Math.max(0, Math.floor(maxAgeS));
  const past = age === 0 ? '; Expires=Thu, 01 Jan 1970 00:00:00 GMT' : '';
  return `${kind.name}=${value}; Path=/; Max-Age=${age}${past}; HttpOnly${kind.secure ? '; Secure' : ''}; SameSite=Lax`;
}

/**
 * The value of a cookie, `null` when it is absent or comes twice with different values: somebody has then planted one, and
 * nobody can tell which. Our values are base64url and a point; anything else is none of ours.
 */
export function readCookie(header: string | undefined, kind: CookieKind): string | null {
  const values = new Set<string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === kind.name) values.add(part.slice(at + 1).trim());
  }
  const [value] = values;
  return values.size === 1 && value !== undefined && /^[\w.+/=-]{1,4096}$/.test(value) ? value : null;
}
