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

/**
 * What the tests of a file are called, and groups of them; of a table its rows, too, which begin with what they are called. One that is
 * skipped whatever happens (`test.skip`) tries nothing and is none; a comment or a word in the code neither.
 */
function titlesIn(text: string): readonly string[] {
  const titles =
    /^[ \t]*(?:(?:test|describe)(?:\.(?!skip\b|todo\b)\w+)?|eachDatabase|[\])}]+\))\(\s*(['"`])(.*?)\1\s*,/gm;
  const onOneLine = /^[ \t]*(?:test|describe)\.(?:each|skipIf|runIf|for)\(.*\)\(\s*(['"`])(.*?)\1\s*,/gm;
  const rows = /^[ \t]*\[\s*(['"`])(.*?)\1\s*,/gm;
  return [titles, onOneLine, rows].flatMap((one) => [...text.matchAll(one)].map(([, , title = '']) => title));
}

/** Those that are not there. `read` gives the text of a file, or `null`. */
function missing(page: string, read: (path: string) => string | null): readonly string[] {
  return named(page)
    .filter(({ path, name }) => !titlesIn(read(path) ?? '').some((title) => title.includes(name)))
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
  expect(missing(page, (path) => (path === '../a.test.ts' ? "test('it holds', () => {" : null))).toEqual([
    '../b.test.ts has no test "gone"',
  ]);
});

test('a word of the code, a comment and a test that is skipped are no tests', () => {
  const page = '| x | y | [a](../a.test.ts) "it holds" |';
  const isThere = (text: string) => missing(page, () => text).length === 0;
  for (const text of [
    "test('that it holds', () => {",
    "  test.each(CASES)('%s: it holds', async () => {",
    "  test.each([\n    ['a'],\n  ])('%s: it holds', async () => {",
    "  ['it holds', {}],",
    "test.skipIf(!HAS_OPENSSL)('it holds', () => {",
    "describe('it holds', () => {",
    "eachDatabase('it holds', (current) => {",
    "test(\n  'it holds',\n  () => {",
  ])
    expect(isThere(text), text).toBe(true);
  for (const text of [
    "// test('it holds', () => {",
    "const said = 'it holds';",
    "expect(said).toBe('it holds');",
    "test.skip('it holds', () => {",
    "describe.skip('it holds', () => {",
    "test.todo('it holds', () => {",
  ])
    expect(isThere(text), text).toBe(false);
});
