import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SUITES } from './suites.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

test('all suites together fit into fifteen minutes', () => {
  const minutes = SUITES.reduce((sum, suite) => sum + suite.budgetMinutes, 0);
  expect(minutes).toBeLessThanOrEqual(15);
});

test('every suite that vitest knows is run, and every folder of tests belongs to one', () => {
  const projects = [...readFileSync(at('vitest.config.ts'), 'utf8').matchAll(/suite\('([a-z0-9]+)'/g)].map(
    ([, name]) => name,
  );
  expect(SUITES.map((suite) => suite.name)).toEqual(projects);
  const folders = readdirSync(at('tests'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // Chaos is a command of its own, `npm run chaos`: real processes, and minutes of them.
  for (const { name } of folders) if (name !== 'chaos') expect(projects).toContain(name);
});
