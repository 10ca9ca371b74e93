import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sabotages } from './sabotages.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

test.each(sabotages.flatMap(({ name, edits }) => edits.map((edit) => [name, edit] as const)))(
  '%s still knows the text that it spoils',
  (_, { file, find }) => {
    expect(readFileSync(`${ROOT}${file}`, 'utf8').split(find)).toHaveLength(2);
  },
);
