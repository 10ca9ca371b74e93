import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TIDY_RULES } from './tidy.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Files that git knows or would know. */
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).size < 1_000_000);

describe('the rules of the house', () => {
  test.each(TIDY_RULES.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
    const offenders = FILES.filter(rule.applies).flatMap((path) =>
      rule.breaks(readFileSync(join(ROOT, path), 'utf8')).map((line) => `${path}:${line}`),
    );
    expect(offenders).toEqual([]);
  });

  test('every folder of src with code has a README of at most 15 lines', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const wrong = folders.flatMap(({ name }) => {
      const path = join(ROOT, 'src', name, 'README.md');
      if (!existsSync(path)) return [`src/${name} has no README.md`];
      const length = readFileSync(path, 'utf8').trimEnd().split('\n').length;
      return length > 15 ? [`src/${name}/README.md has ${length} lines`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('every provider has a contract test', () => {
    const providers = readdirSync(join(ROOT, 'src', 'providers'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const missing = providers.filter(({ name }) => !existsSync(join(ROOT, 'tests', 'contract', `${name}.test.ts`)));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test('every module is reached from somewhere', () => {
    const sources = FILES.filter((path) => /^(src|simulators)\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'));
    const entries = new Set(['src/cli/main.ts', 'src/cli/demo/main.ts', 'src/main.ts', 'simulators/aws/main.ts']);
    const imported = new Set<string>();
    for (const path of FILES.filter((one) => /\.(ts|js|cjs)$/.test(one) || one.startsWith('bin/'))) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      for (const [, target] of text.matchAll(/['"`](\.{1,2}\/[^'"`\s]+\.ts)['"`]/g)) {
        imported.add(join(path, '..', target ?? ''));
      }
    }
    expect(sources.filter((path) => !entries.has(path) && !imported.has(path))).toEqual([]);
  });
});

/** A rule that cannot fail protects nothing. */
test.each([
  ['time, randomness, network and environment only in src/platform', 'const at = Date.now();'],
  ['time, randomness, network and environment only in src/platform', 'const answer = await fetch(url);'],
  ['SQL knows one clock: app_now()', 'select now()'],
  ['at most 400 lines: more is two rooms', 'x\n'.repeat(500)],
  ['no escape from the types', '// eslint-disable-next-line'],
  ['a TODO has an issue', '// TODO later'],
  ['no path of a machine, no registry', 'see /root/notes'],
])('the rule "%s" can fail', (name, sample) => {
  const rule = TIDY_RULES.find((one) => one.name === name);
  expect(rule?.breaks(sample)).toHaveLength(1);
});
