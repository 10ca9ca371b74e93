import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { reasonInName, type SuiteReport } from './suite-reporter.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Runs vitest on these files in a folder of their own. */
function run(files: Readonly<Record<string, string>>): SuiteReport {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-reporter-'));
  folders.push(folder);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};');
  for (const [name, text] of Object.entries(files))
    writeFileSync(
      join(folder, name),
      `import { beforeAll, describe, expect, test } from 'vitest';\nimport { setTimeout } from 'node:timers/promises';\n${text}`,
    );
  const report = join(folder, 'report.json');
  const reporter = join(ROOT, 'tools', 'suite-reporter.ts');
  spawnSync(join(ROOT, 'node_modules', '.bin', 'vitest'), ['run', '--root', folder, `--reporter=${reporter}`], {
    cwd: folder,
    env: { ...process.env, CURFEW_SUITE_REPORT: report },
  });
  return JSON.parse(readFileSync(report, 'utf8')) as SuiteReport;
}

test('counts tests, and names every skipped one with its reason', () => {
  const report = run({
    'a.test.js': `
      test('good', () => { expect(1).toBe(1); });
      test('bad', () => { expect(1).toBe(2); });
      test('absent', ({ skip }) => { skip('no aws here'); });
      describe.skip('clients (skipped where aws is not on the PATH)', () => { test('ls', () => {}); });
      test.skip('silent', () => {});
      test.todo('one day');`,
  });
  expect(report).toEqual({
    passed: 1,
    failed: 1,
    skipped: [
      { name: 'absent', reason: 'no aws here' },
      {
        name: 'clients (skipped where aws is not on the PATH) > ls',
        reason: 'where aws is not on the PATH',
      },
      { name: 'silent', reason: null },
      { name: 'one day', reason: null },
    ],
    broken: [],
    complete: true,
  });
}, 60_000);

test('what breaks outside every test is not lost', () => {
  const report = run({
    'import.test.js': `import './nowhere.js';`,
    'group.test.js': `describe('group', () => { beforeAll(() => { throw new Error('no database'); }); test('x', () => {}); });`,
    'late.test.js': `test('forgets', async () => { void Promise.reject(new Error('nobody waits')); await setTimeout(20); });`,
  });
  expect(report.failed).toBe(0);
  expect(report.broken.filter((line) => line.startsWith('import.test.js: '))).toHaveLength(1);
  expect(report.broken).toContain('group.test.js: no database');
  expect(report.broken).toContain('nobody waits');
  expect(report.broken).toHaveLength(3);
}, 60_000);

test('a reason in a name is found, and only there', () => {
  expect(reasonInName('x (skipped where terraform is absent) > y')).toBe('where terraform is absent');
  expect(reasonInName('a skipped heartbeat (twice)')).toBeNull();
});
