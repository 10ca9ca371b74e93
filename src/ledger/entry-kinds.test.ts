import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EVENTS } from './entry.ts';

/** The kinds in the table of a document, in its order. */
function documented(text: string): readonly string[] {
  const [, rest = ''] = text.split('\n## Kinds of entries\n');
  const [section = ''] = rest.split('\n## ');
  return [...section.matchAll(/^\| `([a-z.-]+)` \| \S/gm)].map(([, kind = '']) => kind);
}

test('docs/ledger.md has every kind of entry, once, and no other', () => {
  const page = readFileSync(new URL('../../docs/ledger.md', import.meta.url), 'utf8');
  expect(documented(page)).toEqual(Object.keys(EVENTS));
});

test('a kind without words is not documented', () => {
  expect(documented('x\n## Kinds of entries\n\n| `a.b` | It was |\n| `c.d` |  |\n\n## Next\n| `e.f` | No |\n')).toEqual(
    ['a.b'],
  );
});
