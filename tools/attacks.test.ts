import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PAGE = new URL('../docs/attacks.md', import.meta.url);

/** Tests that a page names: `[file](path) "what it is called"`. */
function named(page: string): readonly { readonly path: string; readonly name: string }[] {
  return [...page.matchAll(/\]\((\.\.\/\S+?\.test\.ts)\) "(.+?)"/g)].map(([, path = '', name = '']) => ({
    path,
    name,
  }));
}

/** Those that are not there. `read` gives the text of a file, or `null`. */
function missing(page: string, read: (path: string) => string | null): readonly string[] {
  return named(page)
    .filter(({ path, name }) => read(path)?.includes(name) !== true)
    .map(({ path, name }) => `${path} has no test "${name}"`);
}

test('docs/attacks.md names tests that exist, for each attack', () => {
  const page = readFileSync(PAGE, 'utf8');
  const read = (path: string): string | null => {
    const file = fileURLToPath(new URL(path, PAGE));
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  };
  expect(missing(page, read)).toEqual([]);
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| attack'));
  expect(rows.length).toBeGreaterThan(14);
  for (const row of rows) expect(named(row).length, row).toBeGreaterThan(0);
});

test('a test that is gone is missed', () => {
  const page = '| x | y | [a](../a.test.ts) "it holds", [b](../b.test.ts) "gone" |';
  expect(missing(page, (path) => (path === '../a.test.ts' ? "test('it holds')" : null))).toEqual([
    '../b.test.ts has no test "gone"',
  ]);
});
