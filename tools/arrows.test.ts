import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Names of the broken rules, with who broke them. */
function broken(cwd: string): readonly string[] {
  const program = join(ROOT, 'node_modules', '.bin', 'depcruise');
  const result = spawnSync(
    program,
    ['src', 'simulators', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    {
      cwd,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  if (result.stdout === '') throw new Error(result.stderr);
  const report = JSON.parse(result.stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return report.summary.violations.map((one) => `${one.rule.name}: ${one.from} -> ${one.to}`);
}

/** A small tree with the real rules. */
function tree(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-arrows-'));
  folders.push(folder);
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json']) cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries({
    'src/core/a.ts': 'export const a = 1;',
    'simulators/x.ts': 'export const x = 1;',
    ...files,
  })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test('every arrow of the tree points down', () => {
  expect(broken(ROOT)).toEqual([]);
}, 60_000);

test.each([
  [
    'no-cycles',
    {
      'src/core/a.ts': "import type { B } from './b.ts'; export type A = B;",
      'src/core/b.ts': "import type { A } from './a.ts'; export type B = A;",
    },
  ],
  ['core-imports-nothing', { 'src/core/a.ts': "import '../platform/p.ts';", 'src/platform/p.ts': 'export {};' }],
  ['policy-is-pure', { 'src/policy/a.ts': "import '../store/s.ts';", 'src/store/s.ts': 'export {};' }],
  ['operations', { 'src/operations/a.ts': "import '../engine/e.ts';", 'src/engine/e.ts': 'export {};' }],
  ['engine', { 'src/engine/a.ts': "import '../operations/o.ts';", 'src/operations/o.ts': 'export {};' }],
  ['provider-aws', { 'src/providers/aws/a.ts': "import '../azure/z.ts';", 'src/providers/azure/z.ts': 'export {};' }],
  ['cli-is-a-client-of-the-api', { 'src/cli/a.ts': "import '../store/s.ts';", 'src/store/s.ts': 'export {};' }],
  ['simulators-share-nothing-with-us', { 'simulators/x.ts': "import '../src/core/a.ts';" }],
  ['simulators-only-from-the-demo', { 'src/api/a.ts': "import '../../simulators/x.ts';" }],
  [
    'serve-cannot-reach-the-demo',
    { 'src/main.ts': "import './api/a.ts';", 'src/api/a.ts': "import '../../simulators/x.ts';" },
  ],
])(
  'the rule %s can fail',
  (rule, files) => {
    expect(broken(tree(files)).some((line) => line.startsWith(`${rule}:`))).toBe(true);
  },
  60_000,
);
