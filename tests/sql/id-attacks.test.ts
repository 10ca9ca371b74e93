import { describe, expect, test } from 'vitest';
import type { IdPrefix } from '../../src/core/ids.ts';
import { AUTHORISATION, reasonOf } from '../../src/operations/authorisation.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { ROUTE_OPERATIONS } from '../route-operations.ts';
import type { About } from './cell-cast.ts';
import { cellsBehindApi, bodiesWith, ROUTES } from './described-routes.ts';

/** Somebody else's, each by the name that its maker knows it by. */
const THEIRS: readonly (readonly [About, of: string])[] = [
  ['request', 'ana'],
  ['grant', 'ana'],
  ['past-grant', 'ana'],
  ['order', 'bo'],
  ['proposal', 'ada:gia'],
  ['account', 'ana'],
  ['passkey', 'ana'],
  ['recovery', 'ana'],
];

/** Where a list goes on: an order of ids, in which none is looked up. */
const PLACES: ReadonlySet<string> = new Set(['cursor', 'after']);

interface Try {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly where: string;
  readonly with: (id: string) => { readonly url: string; readonly payload?: object };
}

/** Every text that a route takes beside its path, one by one: in the query, and anywhere in the body. */
const TRIES = ROUTES.filter(({ path }) => !path.includes('{')).flatMap(
  ({ name, method, path, queries, body }): Try[] => [
    ...queries.flatMap(({ name: of, schema }) =>
      schema.type !== 'string' || schema.enum !== undefined || PLACES.has(of)
        ? []
        : [{ name, method, where: `?${of}=`, with: (id: string) => ({ url: `${path}?${of}=${id}` }) }],
    ),
    ...(body === null ? [] : bodiesWith(body, '')).map(({ at }, n) => ({
      name,
      method,
      where: `${n} ${at}`,
      with: (id: string) => ({ url: path, payload: bodiesWith(body ?? {}, id)[n]?.body as object }),
    })),
  ],
);

describe('an id of somebody else, anywhere but in a path', () => {
  const { cells, api } = cellsBehindApi();

  test('is tried wherever an id is taken, and in dozens of places that take none', () => {
    const places = TRIES.map(({ name, where }) => `${name} ${where}`);
    expect(places.length).toBeGreaterThan(40);
    for (const place of ['requests ?like=', 'live ?ids=', 'audit/search ?request=', 'audit/search ?grant='])
      expect(places).toContain(`GET /v1/${place}`);
    expect(places.filter((place) => /^POST .*(\.account|\.person|\.role)$/.test(place)).length).toBeGreaterThan(4);
  });

  test.each(TRIES.map((one) => [`${one.name} ${one.where}`, one] as const))('%s', async (_, one) => {
    const operation = ROUTE_OPERATIONS[one.name];
    for (const [about, of] of THEIRS) {
      const theirs = await cells().thing(about, of);
      const send = async (id: string) => {
        const answer = await api().as('hana', { method: one.method, ...one.with(id) });
        return [answer.statusCode, wordsOf(answer.body)];
      };
      const [real, none] = [await send(theirs), await send(newId(systemRandom, theirs.slice(0, 3) as IdPrefix))];
      const isShown =
        operation !== null &&
        operation !== undefined &&
        operation !== 'events' &&
        AUTHORISATION[operation].about === about &&
        reasonOf(AUTHORISATION[operation].cells.member[2]) === null;
      // What the table shows to everybody is found; that it is shows that the way in is looked through.
      if (isShown) expect([about, real]).not.toEqual([about, none]);
      else expect([about, real]).toEqual([about, none]);
    }
  });
});

/** An answer without what is different each time: ids, times and other figures, and what is random. */
function wordsOf(body: string): string {
  return body
    .replace(/"(requestId|challenge)":"[^"]*"/g, '')
    .replace(/\b([a-z]{3})_[a-z2-7]{20}\b/g, '$1_')
    .replace(/\d+/g, '0');
}
