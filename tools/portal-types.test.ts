import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PORTAL_TYPES, portalTypes } from './portal-types.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('the types of the portal are those of the API; otherwise: npm run generate', async () => {
  expect(read(PORTAL_TYPES)).toBe(await portalTypes(read('docs/openapi.json')));
});
