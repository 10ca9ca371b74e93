import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problems.ts';

/**
 * Refuses text that no database can hold: the character NUL and halves of surrogate pairs, which JSON can spell. Checked before the
 * schemas, for bodies, queries and paths alike, so that no route can forget it.
 */
export function refuseUnsoundText(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    const path = unsoundPath(request.body, '') ?? unsoundPath(request.query, '') ?? unsoundPath(request.params, '');
    if (path === null) return;
    throw new ApiProblem({
      code: 'invalid-input',
      detail: `${path === '' ? 'The text' : path} holds something that is no character (NUL, or half of a surrogate pair), or is nested too deep.`,
      hint: 'Write it as plain text.',
      errors: [{ path, message: 'holds something that is no character' }],
    });
  });
}

/** Nothing that is asked of the API is nested deeper; what is may be meant to exhaust the stack. */
const DEEPEST = 20;

/** Where the first such text is, as people write it (`items[0].role`); `null`: nowhere. */
function unsoundPath(value: unknown, path: string, depth = 0): string | null {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > DEEPEST) return path;
  for (const [key, inner] of Object.entries(value)) {
    if (unsoundPath(key, '') !== null) return path;
    const place = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = unsoundPath(inner, place, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
