import type { Api } from './session/api.ts';
import { list, textOrNull, type Fields } from './wire.ts';

/** The most that a page holds. */
const PAGE = 200;

/** Reads a list to its end, in as few pages as it has, or until it has given `most`. `path` has a query. */
export async function allPages(api: Api, path: string, most = Infinity): Promise<readonly Fields[]> {
  const items: Fields[] = [];
  for (let cursor: string | null = ''; cursor !== null && items.length < most;) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await api.get(`${path}&limit=${PAGE}${from}`);
    items.push(...list(page, 'items', (item) => item));
    cursor = textOrNull(page, 'nextCursor');
  }
  return items;
}
