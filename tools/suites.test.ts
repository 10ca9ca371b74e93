import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECKS, SUITES } from './suites.ts';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);

test('all suites together, the installation and the checks fit into fifteen minutes', () => {
  const first = 2;
  const minutes = SUITES.reduce(
    (sum, { budgetMinutes, beside }) => sum + (beside === undefined ? budgetMinutes : 0),
    first,
  );
  expect(minutes).toBeLessThanOrEqual(15);
  for (const { beside } of SUITES)
    if (beside !== undefined) expect([CHECKS, ...SUITES.map(({ name }) => name)]).toContain(beside);
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
