/**
 * The address that people and tokens call this broker. Everything that names the broker (issuer, audience, redirects,
 * links) is made from it and never from a request: a `Host` header is whatever its sender likes.
 */
export interface BaseUrl {
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string;
  readonly host: string;
  readonly secure: boolean;
  /** `<origin>/oauth`. */
  readonly issuer: string;
  /** `<origin>/v1`: what access tokens are good for. */
  readonly audience: string;
}

/** Parses the configured address. Throws for a path, and for plain http to anything but this machine. */
export function parseBaseUrl(text: string): BaseUrl {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`The base URL must be an http or https address, not "${text}".`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error(`The base URL of ${url.host} holds a user or a password; it must be scheme, host and port alone.`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new Error(`The base URL must be scheme, host and port alone, like "${url.origin}", not "${text}".`);
  }
  requireSecureTransport(url);
  return {
    origin: url.origin,
    host: url.host,
    secure: url.protocol === 'https:',
    issuer: `${url.origin}/oauth`,
    audience: `${url.origin}/v1`,
  };
}

/** Plain http would hand codes and tokens to the network; it is allowed to this machine alone. Throws otherwise. */
export function requireSecureTransport(url: URL): void {
  if (url.protocol === 'https:' || isLoopback(url)) return;
  throw new Error(`${url.origin} is plain http. Use https; plain http is allowed for localhost only.`);
}

/** Whether a URL names this machine. */
export function isLoopback(url: URL): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}
