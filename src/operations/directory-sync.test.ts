import { beforeEach, expect, test } from 'vitest';
import type { DirectorySource } from '../core/directory-source.ts';
import { instant } from '../core/time.ts';
import type { SourceFile } from '../policy/types.ts';
import { createDirectorySync } from './directory-sync.ts';

const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));
const people = (...names: readonly string[]): string =>
  `kind: directory\npeople:\n${names.map((name) => `  ${name}: { name: ${name}, email: ${name}@x.example }\n`).join('')}`;
const file = (path: string, text: string): readonly SourceFile[] => [{ path, text }];

let exported = '';
const source: DirectorySource = {
  name: 'export',
  staleAfterMs: 1_000,
  read: () => Promise.resolve({ takenAt: NOW, documents: file('export:people.json', exported) }),
};

beforeEach(() => {
  exported = people('cem');
});

test('what has not changed is the same, and what has is seen, of the rules and of an export', async () => {
  const sync = createDirectorySync([source], []);
  const first = await sync.gather(file('people.yaml', people('ana')), NOW);
  expect(await sync.gather(file('people.yaml', people('ana')), NOW)).toEqual(first);
  const more = await sync.gather(file('people.yaml', people('ana', 'bo')), NOW);
  expect(more.candidates[0]?.summary.people).toEqual(new Set(['ana', 'bo']));
  exported = people('cem', 'dia');
  const both = await sync.gather(file('people.yaml', people('ana', 'bo')), NOW);
  expect(both.candidates[1]?.summary.people).toEqual(new Set(['cem', 'dia']));
});

test('an export that is no directory is refused each time it is looked at', async () => {
  const sync = createDirectorySync([source], []);
  exported = 'kind: role\nname: x\n';
  for (let n = 0; n < 2; n += 1) {
    const { candidates } = await sync.gather(file('people.yaml', people('ana')), NOW);
    expect(candidates.map((one) => one.source)).toEqual(['rules']);
    expect(sync.status(NOW).find(({ name }) => name === 'export')?.failure).toBe('unsound');
  }
});
