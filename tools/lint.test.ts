import { ESLint } from 'eslint';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const linter = new ESLint({ cwd: fileURLToPath(new URL('../', import.meta.url)) });

/** Names of the rules that a text breaks when it stands in `path`. */
async function broken(path: string, text: string): Promise<readonly string[]> {
  const [result] = await linter.lintText(text, { filePath: path });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

test.each([
  ['no-restricted-syntax', 'src/core/a.ts', 'export enum Colour { Red }'],
  ['no-restricted-syntax', 'tests/a.ts', 'export enum Colour { Red }'],
  ['no-console', 'src/engine/a.ts', "console.log('x');"],
  ['@typescript-eslint/no-explicit-any', 'src/api/a.ts', 'export const x = (y: unknown) => y as any;'],
  ['@typescript-eslint/no-non-null-assertion', 'src/api/a.ts', 'export const x = (y?: string) => y!;'],
  [
    'no-restricted-syntax',
    'src/store/a.ts',
    'export const x = (world) => world.db.transaction().execute(async (trx) => save(trx, await load(world.db)));',
  ],
  [
    'no-restricted-syntax',
    'src/store/a.ts',
    "export const x = (db) => db.transaction().execute((_trx) => db.selectFrom('grant').execute());",
  ],
  ['no-restricted-imports', 'web/src/pages/a.ts', "export { Button } from '@mantine/core';"],
  ['no-restricted-imports', 'web/src/pages/a.ts', "export { Clock } from 'lucide-react';"],
  ['no-restricted-imports', 'web/src/ui/a.ts', "export { decide } from '../../../src/policy/decide.ts';"],
])('%s can fail in %s: %s', async (rule, path, text) => {
  expect(await broken(path, text)).toEqual([rule]);
});

test('the components of the portal may know the library', async () => {
  expect(await broken('web/src/ui/a.ts', "export { Button } from '@mantine/core';")).toEqual([]);
});

test('a transaction that uses its own handle is fine', async () => {
  const text = 'export const x = (world) => world.db.transaction().execute((trx) => save({ db: trx, at: world.now }));';
  expect(await broken('src/store/a.ts', text)).toEqual([]);
});
