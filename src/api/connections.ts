import type { FastifyInstance } from 'fastify';

/**
 * How long a connection may take to say what it wants, and how much. Node's own limits are a minute and more, and Fastify
 * switches the one for a whole request off: a few hundred connections that send a byte now and then would be enough.
 */
export const CONNECTION_OPTIONS = {
  // Headers and body together; a body has 64 KB at most.
  requestTimeout: 20_000,
  keepAliveTimeout: 65_000,
  http: {
    headersTimeout: 10_000,
    // More is answered with 431 and not read on. Our cookies take half of it at most.
    maxHeaderSize: 16_384,
    // How often the two times are looked at.
    connectionsCheckingInterval: 2_000,
  },
} as const;

/** Event streams have a thousand of them at most; the rest is for everybody else. */
const MOST_CONNECTIONS = 4_000;
const MOST_HEADERS = 100;

/** What can be set on a server only when it is there. */
export function limitConnections(app: FastifyInstance): void {
  app.server.maxConnections = MOST_CONNECTIONS;
  app.server.maxHeadersCount = MOST_HEADERS;
}
