import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApiText } from '../src/api/openapi-file.ts';
import { infraFiles } from './generate-infra.ts';
import { PORTAL_TYPES, portalTypes } from './portal-types.ts';

/** `npm run generate`: writes the files that are made from code. Tests compare them with what they should be. */
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const openApi = await openApiText(version);
const files = [['docs/openapi.json', openApi], [PORTAL_TYPES, await portalTypes(openApi)], ...infraFiles()] as const;
for (const [path, text] of files) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
  console.log(path);
}
