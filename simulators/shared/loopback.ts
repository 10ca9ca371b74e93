import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** Certificate chain and private key, both PEM. */
export type ServerCertificate = { readonly cert: string; readonly key: string };

/** A simulator's door. */
export type Loopback = { readonly url: string; readonly port: number; close(): Promise<void> };

/** How long a connection that nobody uses stays open. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Listens on loopback only. Port 0 takes a free one. With a certificate it speaks HTTPS, without one HTTP. Rejects if the
 * port cannot be had.
 */
export async function listenOnLoopback(
  wanted: number,
  certificate: ServerCertificate | null,
  answer: RequestListener,
): Promise<Loopback> {
  // Node would close it after five seconds, which a client under load may take for a call that broke off.
  const settings = { keepAliveTimeout: KEEP_ALIVE_MS };
  const server =
    certificate === null
      ? createPlainServer(settings, answer)
      : createTlsServer({ ...settings, ...certificate }, answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : wanted;
  return {
    url: `${certificate === null ? 'http' : 'https'}://localhost:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
