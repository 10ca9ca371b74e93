import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ApiParts, ApiServer } from '../parts.ts';
import { PROBLEMS, sendProblem } from '../problems.ts';
import { registerPortal } from './portal.ts';
import { problemPage } from './problem-page.ts';

const ASSETS = {
  'curfew.css': 'text/css; charset=utf-8',
  'curfew.svg': 'image/svg+xml',
} as const;

/** What a browser sees: the portal, the look of the pages that need no script, and a page for each problem. */
export async function registerPages(app: ApiServer, { base, portalDir }: ApiParts): Promise<void> {
  await registerPortal(app, portalDir);
  for (const [name, type] of Object.entries(ASSETS)) {
    const body = await readFile(new URL(name, import.meta.url));
    app.route({
      method: 'GET',
      url: `/assets/${name}`,
      schema: { hide: true },
      handler: async (_request, reply) => reply.header('cache-control', 'public, max-age=300').type(type).send(body),
    });
  }
  const pages = new Map<string, string>();
  for (const code of Object.keys(PROBLEMS)) {
    const text = await readFile(new URL(`../../../docs/problems/${code}.md`, import.meta.url), 'utf8');
    pages.set(code, problemPage(text));
  }
  app.route({
    method: 'GET',
    url: '/docs/problems/:code',
    schema: { hide: true, params: z.object({ code: z.string().max(100) }) },
    handler: async (request, reply) => {
      const page = pages.get(request.params.code);
      if (page !== undefined) return reply.type('text/html; charset=utf-8').send(page);
      return sendProblem(base.origin, request, reply, { code: 'not-found', detail: 'There is no such problem.' });
    },
  });
}
