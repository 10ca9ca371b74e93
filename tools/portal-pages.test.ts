import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PORTAL_PATHS } from '../src/api/pages/portal.ts';
import { PAGES } from '../tests/browser/pages.ts';
import type { Things } from '../tests/browser/furnish.ts';

/** The pages of the portal stand in four places: one that is forgotten in any of them works by click and is 404 on reload, or is never examined. */

/** `/requests/:id`, whatever follows in the address and however a variable is written. */
const plain = (path: string): string =>
  path
    .replace(/\?.*$/, '')
    .replace(/(.)\/$/, '$1')
    .replace(/\$/g, ':');

const textOf = (file: string): string => readFileSync(new URL(`../web/src/${file}`, import.meta.url), 'utf8');

/** What stands in the router, whose pages are for a browser: each route with the address of the one that it is in. */
function routesOf(text: string): readonly string[] {
  const found = text.matchAll(/const (\w+) = createRoute\(\{\s+getParentRoute: \(\) => (\w+),\s+path: '([^']+)'/g);
  const paths = new Map([['root', '']]);
  for (const [, name = '', parent = '', path = ''] of found)
    paths.set(name, `${paths.get(parent) ?? ''}/${path}`.replace(/\/+/g, '/'));
  paths.delete('root');
  return [...new Set([...paths.values()].map(plain))].sort();
}

const routes = routesOf(textOf('router.tsx'));
const destinations = [...textOf('shell/destinations.ts').matchAll(/\bto: '([^']+)'/g)].map(([, to = '']) => to);
/** Every thing that the tests make is called `thing`, so that an address can be held against a pattern. */
const things = new Proxy({}, { get: () => 'thing' }) as Things;

function matches(pattern: string, path: string): boolean {
  const [parts, others] = [pattern.split('/'), path.split('/')];
  return parts.length === others.length && parts.every((part, n) => part.startsWith(':') || part === others[n]);
}

test('the server sends the portal for every page of the router, and for nothing else', () => {
  expect([...PORTAL_PATHS].sort()).toEqual(routes);
});

test('what the navigation names is a page', () => {
  expect(destinations.length).toBeGreaterThan(5);
  expect(destinations.filter((to) => !routes.includes(to))).toEqual([]);
});

test('every page is examined and photographed', () => {
  const seen = PAGES.map(({ path }) => plain(path(things)));
  // A pattern without a variable comes first: `/approvals` is not `/:something`.
  expect(routes.filter((route) => !seen.some((path) => matches(route, path)))).toEqual([]);
});
