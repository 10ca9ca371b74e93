import { afterEach, expect, test, vi } from 'vitest';
import { api } from './api.ts';
import { catalogueEntry } from './catalogue.ts';

interface Asked {
  readonly params: {
    readonly query: { readonly q?: string; readonly role?: string; readonly target?: string; readonly limit: number };
  };
}

afterEach(() => vi.restoreAllMocks());

/** Roles on targets whose names contain each other, the shortest last, as a server searches them: by parts of words, or by whole names. */
const CATALOGUE = Array.from({ length: 15 }, (_, n) => (n === 14 ? 'reader' : `${'abcdefghijklmn'[n]}-reader`)).flatMap(
  (role) => ['aws/shop-a', 'aws/shop-b', 'aws/shop-c', 'aws/shop-d', 'aws/shop'].map((target) => ({ role, target })),
);

test('what was chosen is found by its whole names among any number of others that contain them', async () => {
  vi.spyOn(api, 'GET').mockImplementation(((_path: string, { params }: Asked) => {
    const { q = '', limit, ...names } = params.query;
    const items = CATALOGUE.filter(
      ({ role, target }) =>
        q.split(' ').every((word) => `${role} ${target}`.includes(word)) &&
        (names.role ?? role) === role &&
        (names.target ?? target) === target,
    );
    return Promise.resolve({ data: { items: items.slice(0, limit) }, response: new Response(null) });
  }) as never);
  const last = { role: 'reader', target: 'aws/shop' };
  expect(await catalogueEntry(last).queryFn()).toEqual(last);
  expect(await catalogueEntry({ role: 'reade', target: 'aws/shop' }).queryFn()).toBeNull();
});
