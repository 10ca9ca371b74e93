import { usage } from '../failure.ts';

export const DEFAULT_SERVER = 'http://localhost:7420';

/**
 * Checks the address of a server and takes the slash off its end. Plain http is for this machine alone: tokens and credentials
 * would travel readable otherwise.
 */
export function serverAddress(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (
    url === null ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.username ||
    url.search ||
    url.hash
  ) {
    throw usage(`"${given.slice(0, 100)}" is not the address of a server.`, `Write it like ${DEFAULT_SERVER}.`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(`${url.origin} would be spoken to without encryption.`, `Use https://${url.host}.`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
