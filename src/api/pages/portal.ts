import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { ApiServer } from '../parts.ts';

/**
 * The portal's own addresses, and no others: what is not listed here answers as the API does, or a browser with a page
 * that says 404, and never with a page that pretends to be an answer. The router of the portal knows the same ones.
 */
export const PORTAL_PATHS = [
  '/',
  '/request',
  '/requests',
  '/requests/:id',
  '/approvals',
  '/approvals/:id',
  '/live',
  '/orders',
  '/orders/:id',
  '/catalogue',
  '/catalogue/:role',
  '/audit',
  '/audit/:seq',
  '/me',
  '/recovery',
  '/administration',
  '/signed-in',
] as const;

/** Where `npm run build:web` puts it. */
export const PORTAL_DIR = fileURLToPath(new URL('../../../web/dist/', import.meta.url));

/** Whether there is a portal to serve; without one only the API and the command line work. */
export const portalIsBuilt = (): boolean => existsSync(join(PORTAL_DIR, 'index.html'));

const DAY_S = 86_400;
/** Names that a build gives: what is in such a file never changes. */
const HASHED = /-[\w-]{8}\.(js|css)(\.gz|\.br)?$/;

/** What the page says that stands where the portal would be. */
const UNBUILT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not built yet · Curfew</title>
<link rel="stylesheet" href="/assets/curfew.css">
<link rel="icon" href="/assets/curfew.svg" type="image/svg+xml">
</head>
<body class="narrow">
<header class="top"><a class="brand" href="/"><img src="/assets/curfew.svg" alt="" width="28" height="28"> Curfew</a></header>
<main class="card">
<h1>The portal is not built yet</h1>
<p>The API and the command line work. For the pages, in the repository:</p>
<pre>npm run build:web</pre>
<p>and start Curfew again.</p>
</main>
</body>
</html>
`;

/**
 * Serves what `npm run build:web` made. The page names its files by their content, so that it is asked for again each time and
 * they never are. It is read each time too: a build beside a running server replaces both.
 */
export async function registerPortal(app: ApiServer, folder: string): Promise<void> {
  const built = (await builtPage(folder)) !== null;
  for (const url of PORTAL_PATHS) {
    app.route({
      method: 'GET',
      url,
      schema: { hide: true },
      handler: async (_request, reply) => {
        const html = built ? await builtPage(folder) : null;
        return reply
          .code(html === null ? 503 : 200)
          .header('cache-control', 'no-cache')
          .type('text/html; charset=utf-8')
          .send(html ?? UNBUILT);
      },
    });
  }
  if (!built) return;
  await app.register(fastifyStatic, {
    root: join(folder, 'portal'),
    prefix: '/portal/',
    index: false,
    decorateReply: false,
    preCompressed: true,
    cacheControl: false,
    schemaHide: true,
    setHeaders(reply, path) {
      const kept = HASHED.test(path) ? `public, max-age=${365 * DAY_S}, immutable` : 'no-cache';
      void reply.header('cache-control', kept);
    },
  });
}

/** The page of the portal, or `null` where nobody has built it. */
export async function builtPage(folder: string): Promise<string | null> {
  try {
    return await readFile(join(folder, 'index.html'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
