import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TIDY_RULES } from './tidy.ts';
import { deadModules, foldersWithoutReadme, providersWithoutContractTest, type Tree } from './tree-rules.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Files that git knows or would know. */
const PATHS = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).size < 1_000_000);

const HERE: Tree = { paths: PATHS, read };

/** A tree that exists only in a test. */
function tree(files: Readonly<Record<string, string>>): Tree {
  return { paths: Object.keys(files), read: (path) => files[path] ?? '' };
}

describe.each(TIDY_RULES.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
  test('everywhere', () => {
    const offenders = PATHS.filter(rule.applies).flatMap((path) =>
      rule.breaks(read(path)).map((line) => `${path}:${line}`),
    );
    expect(offenders).toEqual([]);
  });

  test('can fail', () => {
    expect(rule.bad).not.toEqual([]);
    for (const { path, text } of rule.bad) {
      expect(rule.applies(path), path).toBe(true);
      expect(rule.breaks(text), text).toHaveLength(1);
    }
  });
});

test('rules about code leave comments alone', () => {
  const [impure] = TIDY_RULES;
  expect(impure?.breaks(' * Date.now() is not used here\n// setTimeout( neither\nrun(); // nor fetch(url)')).toEqual(
    [],
  );
});

describe('every folder of src has a README of at most 15 lines', () => {
  test('everywhere', () => {
    expect(foldersWithoutReadme(HERE)).toEqual([]);
  });

  test('can fail', () => {
    const files = { 'src/a/x.ts': '', 'src/a/README.md': '# a\n'.repeat(16), 'src/a/b/y.ts': '' };
    expect(foldersWithoutReadme(tree(files))).toEqual(['src/a/README.md has 16 lines', 'src/a/b/README.md is missing']);
  });
});

describe('every provider has a contract test', () => {
  test('everywhere', () => {
    expect(PATHS).toContain('src/providers/aws/index.ts');
    expect(providersWithoutContractTest(HERE)).toEqual([]);
  });

  test('can fail', () => {
    const files = {
      'src/providers/aws/index.ts': '',
      'src/providers/gcp/index.ts': '',
      'tests/contract/aws.test.ts': '',
    };
    expect(providersWithoutContractTest(tree(files))).toEqual(['gcp']);
  });
});

describe('no module is dead', () => {
  test('everywhere', () => {
    expect(deadModules(HERE)).toEqual([]);
  });

  test('can fail', () => {
    const files = {
      'src/main.ts': "import { used } from './core/used.ts';",
      'src/core/used.ts': "const lazy = () => import('./lazy.ts');",
      'src/core/lazy.ts': '',
      'src/core/tested.ts': '',
      'src/core/tested.test.ts': "import { tested } from './tested.ts';",
      'src/core/a.ts': "import type { B } from './b.ts';",
      'src/core/b.ts': "import type { A } from './a.ts';",
    };
    expect(deadModules(tree(files))).toEqual(['src/core/a.ts', 'src/core/b.ts', 'src/core/tested.ts']);
  });
});
