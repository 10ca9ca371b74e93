import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openApiText } from './openapi-file.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test('docs/openapi.json is what the schemas say; "npm run generate" writes it', async () => {
  const { version } = JSON.parse(read('../../package.json')) as { version: string };
  expect(read('../../docs/openapi.json')).toBe(await openApiText(version));
});

test('every reference leads somewhere, every answer has a problem beside it, every POST that can be replayed takes an Idempotency-Key', () => {
  const text = read('../../docs/openapi.json');
  const document = JSON.parse(text) as {
    openapi: string;
    components: { schemas: Record<string, unknown> };
    paths: Record<string, Record<string, { responses: Record<string, unknown>; parameters?: { name: string }[] }>>;
  };
  expect(document.openapi).toBe('3.1.0');
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    expect(document.components.schemas, name).toHaveProperty(String(name));
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      expect(operation.responses, path).toHaveProperty('4XX');
      // What hands out secrets keeps no answer, so it promises no repetition of one; nor does the way out.
      const replays = method === 'post' && !/\/(credentials|console|sign-out)$/.test(path);
      const taken = operation.parameters?.some((one) => one.name === 'Idempotency-Key') ?? false;
      expect([path, method, taken]).toEqual([path, method, replays]);
    }
  }
});
