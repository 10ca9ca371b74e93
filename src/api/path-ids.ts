import { parseId, type IdOf, type IdPrefix } from '../core/ids.ts';
import { ApiProblem } from './problems.ts';

/** The id in a path or a query. What is no id names nothing: the answer is 404, and the database is not asked. */
export function pathId<Prefix extends IdPrefix>(prefix: Prefix, text: string): IdOf<Prefix> {
  const id = parseId(prefix, text);
  if (id !== null) return id;
  throw new ApiProblem({ code: 'not-found', detail: 'There is no such thing, or you may not see it.' });
}
